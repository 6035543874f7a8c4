#include "core/fusion/composite_match.h"

#include <algorithm>
#include <array>
#include <set>

namespace alpa::fusion
{

bool CompositeMatch::norm(int root)
{
    const std::vector<BufferId> means = meansBehind(root);
    if (means.empty() || means.size() > 2)
        return false;
    x_ = means.front();
    for (const BufferId mean : means) {
        if (uncast(mean) != uncast(x_))
            return false;
    }
    return scaled(ops_.out(root), ops_.is(root, OpKind::kRsqrt));
}

std::vector<BufferId> CompositeMatch::meansBehind(int root)
{
    ops_.cover(root);
    std::vector<BufferId> means;
    bool hasSquares = false;
    std::vector<BufferId> open{ops_.at(root).inputs[0]};
    std::set<BufferId> seen;
    while (!open.empty()) {
        const BufferId id = open.back();
        open.pop_back();
        if (!seen.insert(id).second)
            continue;
        if (const std::optional<double> value = ops_.constant(id)) {
            if (*value > 0 && *value < 1e-2)
                found_.epsilon = *value;
            continue;
        }
        const int node = graph_.producer(id);
        if (node < 0 || !isForward(node))
            return {};
        ops_.cover(node);
        if (ops_.is(node, OpKind::kReduce)) {
            if (!isRowReduction(node, ReduceKind::kAdd))
                return {};
            const int square = ops_.made(ops_.at(node).inputs[0], OpKind::kMultiply);
            const bool isSquare =
                square >= 0 && ops_.at(square).inputs[0] == ops_.at(square).inputs[1];
            if (isSquare)
                ops_.cover(square);
            hasSquares = hasSquares || isSquare;
            found_.kind = isSquare ? found_.kind : CompositeKind::kLayerNorm;
            const BufferId averaged =
                isSquare ? ops_.at(square).inputs[0] : ops_.at(node).inputs[0];
            means.push_back(uncentred(averaged));
            continue;
        }
        constexpr std::array kInside{OpKind::kAdd,    OpKind::kSubtract, OpKind::kMultiply,
                                     OpKind::kDivide, OpKind::kMaximum,  OpKind::kBroadcast,
                                     OpKind::kReshape};
        if (std::ranges::none_of(kInside, [&](OpKind kind) { return ops_.is(node, kind); }))
            return {};
        const std::vector<BufferId>& inputs = ops_.at(node).inputs;
        open.insert(open.end(), inputs.begin(), inputs.end());
    }
    return hasSquares ? means : std::vector<BufferId>();
}

BufferId CompositeMatch::uncentred(BufferId id)
{
    const int subtract = ops_.made(id, OpKind::kSubtract);
    if (subtract < 0)
        return id;
    const BufferId x = ops_.at(subtract).inputs[0];
    const int mean = madeThrough(ops_.at(subtract).inputs[1], OpKind::kDivide);
    const int sum = mean < 0 ? -1 : madeThrough(ops_.at(mean).inputs[0], OpKind::kReduce);
    if (sum < 0 || ops_.at(sum).inputs[0] != x)
        return id;
    for (const int node : {subtract, mean, sum})
        ops_.cover(node);
    found_.kind = CompositeKind::kLayerNorm;
    return x;
}

bool CompositeMatch::isDividedBy(int next, BufferId value, bool& hasX)
{
    if (ops_.at(next).inputs[1] != value)
        return false;
    const BufferId over = ops_.at(next).inputs[0];
    if (isNear(ops_.constant(over), 1))
        return true;
    hasX = isCentred(over);
    return hasX;
}

bool CompositeMatch::scaled(BufferId value, bool isReciprocal)
{
    bool hasX = false;
    for (int depth = 0; depth < 8; ++depth) {
        const int next = forwardUser(value);
        const bool isProduct = next >= 0 && ops_.is(next, OpKind::kMultiply);
        const bool isSum = next >= 0 && ops_.is(next, OpKind::kAdd);
        const bool isQuotient = next >= 0 && !isReciprocal && ops_.is(next, OpKind::kDivide);
        const bool isSpread =
            next >= 0 && (ops_.is(next, OpKind::kBroadcast) || ops_.is(next, OpKind::kReshape) ||
                          ops_.is(next, OpKind::kConvert));
        if (isQuotient ? !isDividedBy(next, value, hasX)
                       : !(isReciprocal && (isProduct || isSum)) && !(isSpread && !hasX))
            break;
        isReciprocal = isReciprocal || isQuotient;
        if (isProduct || isSum) {
            const BufferId other = ops_.at(next).inputs[ops_.at(next).inputs[0] == value ? 1 : 0];
            const std::optional<BufferId> row = rowOf(other);
            if (row && isProduct && !found_.scale.isValid())
                found_.scale = ValueId(row->index());
            else if (row && isSum && hasX && !found_.bias.isValid())
                found_.bias = ValueId(row->index());
            else if (isProduct && !hasX && isCentred(other))
                hasX = true;
            else
                break;
        }
        ops_.cover(next);
        value = ops_.out(next);
    }
    return hasX && ends(value);
}

std::optional<BufferId> CompositeMatch::rowOf(BufferId id)
{
    const BufferId whole = id;
    for (int node = graph_.producer(id);
         ops_.is(node, OpKind::kBroadcast) || ops_.is(node, OpKind::kReshape) ||
         ops_.is(node, OpKind::kConvert);
         node = graph_.producer(id)) {
        ops_.cover(node);
        id = ops_.at(node).inputs[0];
    }
    const TensorType& type = ops_.type(id);
    if (id == whole || type.rank() != 1 || type.dims[0] != ops_.type(whole).dims.back())
        return std::nullopt;
    return id;
}

bool CompositeMatch::isCentred(BufferId id)
{
    if (uncast(id) == uncast(x_))
        return true;
    const int subtract = ops_.made(id, OpKind::kSubtract);
    if (subtract < 0 || uncast(ops_.at(subtract).inputs[0]) != uncast(x_))
        return false;
    ops_.cover(subtract);
    const BufferId mean = ops_.at(subtract).inputs[1];
    if (found_.kind == CompositeKind::kLayerNorm)
        return madeThrough(mean, OpKind::kDivide) >= 0;
    const int zero = madeThrough(mean, OpKind::kConstant);
    return zero >= 0 && std::get<ConstantAttributes>(ops_.at(zero).attributes).values ==
                            std::vector<double>{0.0};
}

} // namespace alpa::fusion
