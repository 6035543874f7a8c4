#include "core/fusion/composite_match.h"

#include <array>

namespace alpa::fusion
{
namespace
{

/// What is added or put in place of scores that do not count lies below.
constexpr double kMasked = -1e4;
/// Ops in a row between a product and its softmax: a factor, biases, masks and casts.
constexpr int kMostScoreOps = 6;

} // namespace

int CompositeMatch::exponentialOf(int sum)
{
    const int exponential = sum < 0 || !isRowReduction(sum, ReduceKind::kAdd)
                                ? -1
                                : ops_.made(ops_.at(sum).inputs[0], OpKind::kExp);
    const int shift =
        exponential < 0 ? -1 : ops_.made(ops_.at(exponential).inputs[0], OpKind::kSubtract);
    if (shift < 0)
        return -1;
    x_ = ops_.at(shift).inputs[0];
    const BufferId maximum = ops_.at(shift).inputs[1];
    int largest = madeThrough(maximum, OpKind::kReduce);
    if (largest < 0) { // JAX bounds it by minus infinity.
        const int bounded = madeThrough(maximum, OpKind::kMaximum);
        for (size_t side = 0; bounded >= 0 && largest < 0 && side < 2; ++side)
            largest = ops_.made(ops_.at(bounded).inputs[side], OpKind::kReduce);
        if (bounded >= 0)
            ops_.cover(bounded);
    }
    if (largest < 0 || !isRowReduction(largest, ReduceKind::kMaximum) ||
        ops_.at(largest).inputs[0] != x_)
        return -1;
    for (const int node : {sum, exponential, shift, largest})
        ops_.cover(node);
    return exponential;
}

bool CompositeMatch::crossEntropy(int log)
{
    const int exponential = exponentialOf(madeThrough(ops_.at(log).inputs[0], OpKind::kReduce));
    if (exponential < 0)
        return false;
    const BufferId shifted = ops_.at(exponential).inputs[0];
    ops_.cover(log);
    if (picksLabel(ops_.out(log), shifted))
        return true;
    const int spread = ops_.spread(ops_.out(log), ops_.type(x_).dims);
    const int logs =
        spread < 0 ? -1 : ops_.binaryUser(ops_.out(spread), OpKind::kSubtract, shifted);
    if (logs < 0)
        return false;
    ops_.cover(logs);
    for (const int user : graph_.users(ops_.out(logs))) {
        if (isForward(user) && ops_.is(user, OpKind::kGather)) {
            ops_.cover(user);
            return ends(ops_.out(logs));
        }
    }
    return false;
}

bool CompositeMatch::picksLabel(BufferId logs, BufferId shifted)
{
    const int difference = forwardUser(logs);
    if (difference < 0 || !ops_.is(difference, OpKind::kSubtract) ||
        ops_.at(difference).inputs[0] != logs)
        return false;
    const int picked = ops_.made(ops_.at(difference).inputs[1], OpKind::kReduce);
    const int select = picked < 0 || !isRowReduction(picked, ReduceKind::kAdd)
                           ? -1
                           : ops_.made(ops_.at(picked).inputs[0], OpKind::kSelect);
    if (select < 0 || ops_.at(select).inputs[1] != shifted ||
        ops_.constant(ops_.at(select).inputs[2]) != 0.0)
        return false;
    const int compare = ops_.made(ops_.at(select).inputs[0], OpKind::kCompare);
    if (compare < 0 || !isOneHotOf(compare))
        return false;
    for (const int node : {difference, picked, select, compare})
        ops_.cover(node);
    return ends(ops_.out(difference));
}

bool CompositeMatch::isOneHotOf(int compare)
{
    const auto& attributes = std::get<CompareAttributes>(ops_.at(compare).attributes);
    const int spread = ops_.made(ops_.at(compare).inputs[0], OpKind::kBroadcast);
    const int iota = ops_.made(ops_.at(compare).inputs[1], OpKind::kIota);
    if (attributes.direction != CompareDirection::kEq || spread < 0 || iota < 0)
        return false;
    const int last = ops_.type(x_).rank() - 1;
    const BufferId labels = ops_.at(spread).inputs[0];
    if (std::get<IotaAttributes>(ops_.at(iota).attributes).dim != last ||
        ops_.type(labels).rank() != last)
        return false;
    found_.labels = ValueId(labels.index());
    return true;
}

bool CompositeMatch::attention(int divide)
{
    const int exponential = ops_.made(ops_.at(divide).inputs[0], OpKind::kExp);
    const int sum = madeThrough(ops_.at(divide).inputs[1], OpKind::kReduce);
    if (exponential < 0 || sum < 0 || exponentialOf(sum) != exponential || !scoresBehind(x_))
        return false;
    ops_.cover(divide);
    // To the product with the values: perhaps a cast, or zeros for rows that are masked throughout.
    BufferId weights = ops_.out(divide);
    for (int depth = 0; depth < kMostScoreOps; ++depth) {
        for (const int user : graph_.users(weights)) {
            if (!isForward(user) || !ops_.is(user, OpKind::kDot))
                continue;
            const Instruction& product = ops_.at(user);
            const auto& dims = std::get<DotAttributes>(product.attributes);
            const std::vector<int>& contracting =
                product.inputs[0] == weights ? dims.lhsContracting : dims.rhsContracting;
            if (contracting != std::vector<int>{ops_.type(x_).rank() - 1})
                continue;
            ops_.cover(user);
            return ends(ops_.out(divide));
        }
        int next = -1;
        for (const int user : graph_.users(weights)) {
            if (isForward(user) &&
                (ops_.is(user, OpKind::kConvert) ||
                 (ops_.is(user, OpKind::kSelect) && ops_.at(user).inputs[2] == weights)))
                next = user;
        }
        if (next < 0)
            return false;
        ops_.cover(next);
        weights = ops_.out(next);
    }
    return false;
}

bool CompositeMatch::scoresBehind(BufferId id)
{
    for (int depth = 0; depth < kMostScoreOps; ++depth) {
        const int node = graph_.producer(id);
        if (node < 0 || !isForward(node) || ops_.at(node).kind != InstructionKind::kCompute)
            return false;
        ops_.cover(node);
        const std::vector<BufferId>& inputs = ops_.at(node).inputs;
        if (ops_.is(node, OpKind::kDot)) {
            found_.scores = ValueId(id.index());
            return true;
        }
        if (ops_.is(node, OpKind::kConvert)) {
            id = inputs[0];
        } else if (ops_.is(node, OpKind::kSelect)) {
            const std::array<std::optional<double>, 2> fills{ops_.constant(inputs[1]),
                                                             ops_.constant(inputs[2])};
            if (!(fills[0] && *fills[0] < kMasked) && !(fills[1] && *fills[1] < kMasked))
                return false;
            id = fills[0] ? inputs[2] : inputs[1];
        } else if (ops_.is(node, OpKind::kAdd) && !found_.bias.isValid() && found_.factor == 1) {
            const bool isLeftSpread = ops_.made(inputs[0], OpKind::kBroadcast) >= 0;
            found_.bias = ValueId(inputs[isLeftSpread ? 0 : 1].index());
            id = inputs[isLeftSpread ? 1 : 0];
        } else if (ops_.is(node, OpKind::kMultiply) || ops_.is(node, OpKind::kDivide)) {
            const bool isQuotient = ops_.is(node, OpKind::kDivide);
            const size_t side = !isQuotient && ops_.constant(inputs[0]) ? 0 : 1;
            const std::optional<double> by = ops_.constant(inputs[side]);
            if (!by || *by == 0)
                return false;
            found_.factor *= isQuotient ? 1 / *by : *by;
            id = inputs[1 - side];
        } else {
            return false;
        }
    }
    return false;
}

} // namespace alpa::fusion
