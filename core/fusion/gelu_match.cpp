#include "core/fusion/composite_match.h"

#include <cmath>
#include <numbers>

namespace alpa::fusion
{

bool CompositeMatch::gelu(int anchor)
{
    found_.isApproximate = ops_.is(anchor, OpKind::kTanh);
    ops_.cover(anchor);
    const BufferId inner = ops_.at(anchor).inputs[0];
    if (!(found_.isApproximate ? cubic(inner) : divided(inner)))
        return false;
    // Products with x and a half and a sum with one, in any order.
    BufferId value = ops_.out(anchor);
    bool hasOne = false;
    bool hasHalf = false;
    for (int depth = 0; depth < 5; ++depth) {
        const int next = forwardUser(value);
        if (next < 0 || (!ops_.is(next, OpKind::kAdd) && !ops_.is(next, OpKind::kMultiply) &&
                         !ops_.is(next, OpKind::kConvert)))
            return false;
        ops_.cover(next);
        if (ops_.at(next).inputs.size() == 2) {
            const size_t side = ops_.at(next).inputs[0] == value ? 1 : 0;
            const BufferId other = ops_.at(next).inputs[side];
            const std::optional<double> constant = ops_.constant(other);
            if (ops_.is(next, OpKind::kAdd)) {
                if (!isNear(constant, 1))
                    return false;
                hasOne = true;
            } else if (isNear(constant, 0.5)) {
                hasHalf = true;
            } else if (!takesX(other, hasHalf)) {
                return false;
            } else if (hasOne && hasHalf) {
                return ends(ops_.out(next));
            }
        }
        value = ops_.out(next);
    }
    return false;
}

bool CompositeMatch::cubic(BufferId inner)
{
    const int product = ops_.made(inner, OpKind::kMultiply);
    if (product < 0)
        return false;
    const size_t scale = ops_.constant(ops_.at(product).inputs[0]) ? 0 : 1;
    const int sum = ops_.made(ops_.at(product).inputs[1 - scale], OpKind::kAdd);
    if (sum < 0 ||
        !isNear(ops_.constant(ops_.at(product).inputs[scale]), std::sqrt(2.0 / std::numbers::pi)))
        return false;
    for (const size_t side : {size_t{0}, size_t{1}}) {
        const int cube = ops_.made(ops_.at(sum).inputs[1 - side], OpKind::kMultiply);
        if (cube < 0)
            continue;
        for (const size_t factor : {size_t{0}, size_t{1}}) {
            if (!isNear(ops_.constant(ops_.at(cube).inputs[factor]), 0.044715))
                continue;
            x_ = ops_.at(sum).inputs[side];
            for (const int node : {product, sum, cube})
                ops_.cover(node);
            return isCube(ops_.at(cube).inputs[1 - factor]);
        }
    }
    return false;
}

bool CompositeMatch::isCube(BufferId id)
{
    const int outer = ops_.made(id, OpKind::kMultiply);
    if (outer < 0)
        return false;
    const std::vector<BufferId>& factors = ops_.at(outer).inputs;
    for (const size_t side : {size_t{0}, size_t{1}}) {
        const int square = ops_.made(factors[side], OpKind::kMultiply);
        if (square < 0 || factors[1 - side] != x_ || ops_.at(square).inputs[0] != x_ ||
            ops_.at(square).inputs[1] != x_)
            continue;
        ops_.cover(outer);
        ops_.cover(square);
        return true;
    }
    return false;
}

bool CompositeMatch::divided(BufferId inner)
{
    const int node = graph_.producer(inner);
    const bool isQuotient = ops_.is(node, OpKind::kDivide);
    if (!isQuotient && !ops_.is(node, OpKind::kMultiply))
        return false;
    const std::vector<BufferId>& inputs = ops_.at(node).inputs;
    const size_t side = !isQuotient && ops_.constant(inputs[0]) ? 0 : 1;
    if (!isNear(ops_.constant(inputs[side]),
                isQuotient ? std::numbers::sqrt2 : 1 / std::numbers::sqrt2))
        return false;
    ops_.cover(node);
    x_ = inputs[1 - side];
    return true;
}

bool CompositeMatch::takesX(BufferId id, bool& hasHalf)
{
    if (uncast(id) == uncast(x_))
        return true;
    const int half = ops_.made(id, OpKind::kMultiply);
    if (half < 0 || hasHalf)
        return false;
    for (const size_t side : {size_t{0}, size_t{1}}) {
        if (ops_.at(half).inputs[side] != x_ ||
            !isNear(ops_.constant(ops_.at(half).inputs[1 - side]), 0.5))
            continue;
        ops_.cover(half);
        hasHalf = true;
        return true;
    }
    return false;
}

} // namespace alpa::fusion
