#include "core/fusion/composite_match.h"

#include <cmath>
#include <set>

namespace alpa::fusion
{

bool isNear(std::optional<double> value, double expected)
{
    return value && std::abs(*value - expected) < 5e-3 * std::abs(expected);
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

bool CompositeMatch::isSame(BufferId one, BufferId other) const
{
    for (int depth = 0; depth < kMostSpreads && one != other; ++depth) {
        const int left = graph_.producer(one);
        const int right = graph_.producer(other);
        if (left < 0 || right < 0 || ops_.at(left).inputs.size() != 1 ||
            ops_.at(left).opKind != ops_.at(right).opKind || ops_.type(one) != ops_.type(other) ||
            ops_.at(left).attributes != ops_.at(right).attributes)
            return false;
        one = ops_.at(left).inputs[0];
        other = ops_.at(right).inputs[0];
    }
    return one == other;
}

int CompositeMatch::madeThrough(BufferId id, OpKind kind)
{
    for (int depth = 0; depth < kMostSpreads; ++depth) {
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
