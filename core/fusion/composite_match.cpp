#include "core/fusion/composite_match.h"

#include <cmath>
#include <set>

namespace alpa::fusion
{

bool isNear(std::optional<double> value, double expected)
{
    return value && std::abs(*value - expected) < 5e-3 * std::abs(expected);
}

bool CompositeMatch::crossEntropy(int log)
{
    const int sum = madeThrough(ops_.at(log).inputs[0], OpKind::kReduce);
    const int exponential = sum < 0 ? -1 : ops_.made(ops_.at(sum).inputs[0], OpKind::kExp);
    const int shift =
        exponential < 0 ? -1 : ops_.made(ops_.at(exponential).inputs[0], OpKind::kSubtract);
    if (shift < 0 || !isRowReduction(sum, ReduceKind::kAdd))
        return false;
    x_ = ops_.at(shift).inputs[0];
    BufferId maximum = ops_.at(shift).inputs[1];
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
        return false;
    for (const int node : {log, sum, exponential, shift, largest})
        ops_.cover(node);
    const int spread = ops_.spread(ops_.out(log), ops_.type(x_).dims);
    const int logs =
        spread < 0 ? -1 : ops_.binaryUser(ops_.out(spread), OpKind::kSubtract, ops_.out(shift));
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

Composite CompositeMatch::take(const Graph& graph)
{
    found_.x = ValueId(x_.index());
    std::set<OpId> inside;
    for (const int node : ops_.covered()) {
        if (isForward(node))
            inside.insert(ops_.at(node).op);
    }
    found_.ops.assign(inside.begin(), inside.end());
    for (size_t op = 0; op < graph.ops.size(); ++op) {
        if (graph.ops[op].phase == Phase::kBackward && inside.contains(graph.ops[op].origin))
            found_.gradients.emplace_back(op);
    }
    return std::move(found_);
}

int CompositeMatch::forwardUser(BufferId id) const
{
    int found = -1;
    for (const int user : graph_.users(id)) {
        if (!isForward(user))
            continue;
        if (found >= 0)
            return -1;
        found = user;
    }
    return found;
}

BufferId CompositeMatch::uncast(BufferId id) const
{
    for (int node = graph_.producer(id); ops_.is(node, OpKind::kConvert);
         node = graph_.producer(id))
        id = ops_.at(node).inputs[0];
    return id;
}

int CompositeMatch::madeThrough(BufferId id, OpKind kind)
{
    for (int depth = 0; depth < 4; ++depth) {
        const int node = graph_.producer(id);
        if (ops_.is(node, kind))
            return node;
        if (!ops_.is(node, OpKind::kBroadcast) && !ops_.is(node, OpKind::kReshape))
            return -1;
        ops_.cover(node);
        id = ops_.at(node).inputs[0];
    }
    return -1;
}

bool CompositeMatch::isRowReduction(int node, ReduceKind kind) const
{
    const auto& reduce = std::get<ReduceAttributes>(ops_.at(node).attributes);
    return reduce.kind == kind &&
           reduce.dims == std::vector<int>{ops_.type(ops_.at(node).inputs[0]).rank() - 1};
}

} // namespace alpa::fusion
