#include "core/training/step_phases.h"

#include <algorithm>
#include <map>

namespace alpa
{

bool hasBackwardOps(const Graph& graph)
{
    return std::ranges::any_of(graph.ops,
                               [](const Op& op) { return op.phase == Phase::kBackward; });
}

void assignPhasesByFlow(Graph& graph)
{
    std::vector<bool> isForLoss(graph.values.size(), false);
    std::vector<bool> isUpdate(graph.values.size(), false);
    for (const GraphOutput& output : graph.outputs) {
        if (output.role == OutputRole::kLoss)
            isForLoss[output.value.index()] = true;
        else if (output.alias.isValid())
            isUpdate[output.value.index()] = true;
    }
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kOptimizerState)
            isUpdate[input.value.index()] = true;
    }
    for (Op& op : graph.ops) { // Whatever reads a state.
        const bool readsUpdate =
            std::ranges::any_of(op.operands, [&](ValueId id) { return isUpdate[id.index()]; });
        for (const ValueId result : op.results)
            isUpdate[result.index()] = isUpdate[result.index()] || readsUpdate;
    }
    for (size_t index = graph.ops.size(); index-- > 0;) {
        Op& op = graph.ops[index];
        const auto any = [&](const std::vector<bool>& marks) {
            return std::ranges::any_of(op.results, [&](ValueId id) { return marks[id.index()]; });
        };
        const bool isForward = any(isForLoss);
        op.phase = isForward ? Phase::kForward : any(isUpdate) ? Phase::kUpdate : Phase::kBackward;
        for (const ValueId operand : op.operands)
            isForLoss[operand.index()] = isForLoss[operand.index()] || isForward;
    }
}

namespace
{

class OriginFinder
{
public:
    explicit OriginFinder(Graph& graph)
        : graph_(graph)
        , users_(valueUsers(graph))
        , origins_(graph.ops.size())
    {
        for (size_t index = 0; index < graph.ops.size(); ++index) {
            if (graph.ops[index].phase == Phase::kForward)
                byScope_[graph.ops[index].scope.number].push_back(OpId(index));
        }
    }

    void run()
    {
        // Where nothing else is known: the last forward op, which makes the loss.
        for (const Op& op : graph_.ops) {
            if (op.phase == Phase::kForward)
                last_ = OpId(static_cast<size_t>(&op - graph_.ops.data()));
        }
        if (!last_.isValid())
            return;
        for (size_t index = 0; index < graph_.ops.size(); ++index) {
            if (graph_.ops[index].phase != Phase::kBackward)
                continue;
            origins_[index] = find(OpId(index));
            graph_.ops[index].origin = origins_[index];
        }
    }

private:
    OpId find(OpId id) const
    {
        const Op& op = graph_.op(id);
        OpId limit = last_;
        OpId residual;
        for (const ValueId operand : op.operands) {
            const OpId producer = graph_.value(operand).producer;
            const bool isCotangent =
                producer.isValid() && graph_.op(producer).phase == Phase::kBackward;
            if (isCotangent && !graph_.op(producer).operands.empty())
                limit = std::min(limit, origins_[producer.index()]);
            if (!isCotangent)
                residual = std::max(residual.isValid() ? residual : OpId(0),
                                    nearest(operand, op.scope, limit));
        }
        if (residual.isValid() && graph_.op(residual).scope == op.scope)
            return std::min(residual, limit);
        // The last forward op of the scope that is not behind the cotangents.
        const auto scope = byScope_.find(op.scope.number);
        if (scope != byScope_.end()) {
            const auto after = std::ranges::upper_bound(scope->second, limit);
            if (after != scope->second.begin())
                return *std::prev(after);
        }
        return limit;
    }

    /// The maker of `value`, or the last of its forward readers in `scope` up to `limit`.
    OpId nearest(ValueId value, ScopeId scope, OpId limit) const
    {
        OpId found = OpId(0);
        const OpId producer = graph_.value(value).producer;
        if (producer.isValid() && graph_.op(producer).scope == scope)
            found = producer;
        for (const OpId user : users_[value.index()]) {
            const Op& reader = graph_.op(user);
            if (reader.phase == Phase::kForward && reader.scope == scope && user <= limit)
                found = std::max(found, user);
        }
        return found;
    }

    Graph& graph_;
    std::vector<std::vector<OpId>> users_;
    std::map<uint32_t, std::vector<OpId>> byScope_;
    std::vector<OpId> origins_;
    OpId last_;
};

} // namespace

void assignOrigins(Graph& graph) { OriginFinder(graph).run(); }

} // namespace alpa
