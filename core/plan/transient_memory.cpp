#include "core/plan/transient_memory.h"

#include <algorithm>

namespace alpa
{
namespace
{

class PassWalk
{
public:
    PassWalk(const LayeredGraph& layered, const PlanStage& stage)
        : layered_(layered)
        , graph_(*layered.graph)
        , stage_(stage)
        , positionOf_(graph_.ops.size(), -1)
        , isKept_(graph_.values.size(), false)
    {
        for (size_t i = 0; i < stage.ops.size(); ++i) {
            const Op& op = graph_.op(stage.ops[i]);
            positionOf_[stage.ops[i].index()] = static_cast<int>(i);
            for (const ValueId result : op.results)
                isKept_[result.index()] = isKeptAfter(stage.ops[i], result);
        }
    }

    Moment fullest() const
    {
        std::vector<size_t> forward;
        for (size_t i = 0; i < stage_.ops.size(); ++i) {
            if (graph_.op(stage_.ops[i]).phase == Phase::kForward)
                forward.push_back(i);
        }
        Moment ofForward = fullestOf(forward);
        Moment ofBackward = fullestOf(backwardOrder());
        return ofForward.bytes < ofBackward.bytes ? ofBackward : ofForward;
    }

private:
    /// Counted elsewhere: activations and accumulated gradients.
    bool isKeptAfter(OpId id, ValueId result) const
    {
        const Op& op = graph_.op(id);
        if (op.kind == OpKind::kAccumulate)
            return true;
        if (layered_.isHeldOnce[result.index()] != 0)
            return true;
        if (op.phase != Phase::kForward)
            return false;
        if (stage_.runsAgain(layered_.layerOfOp[id.index()]))
            return layered_.isCheckpoint(id, stage_.firstLayer, stage_.endLayer);
        return (stage_.repeatsCheapOps ? layered_.selective.isKept
                                       : layered_.isSaved)[result.index()] != 0;
    }

    /// Positions in the stage's ops, forward ops that run again among them.
    std::vector<size_t> backwardOrder() const
    {
        std::vector<size_t> order;
        std::vector<bool> isRunAgain(stage_.ops.size(), false);
        for (size_t i = 0; i < stage_.ops.size(); ++i) {
            if (graph_.op(stage_.ops[i]).phase != Phase::kBackward)
                continue;
            const size_t begin = order.size();
            std::vector<size_t> open{i};
            while (!open.empty()) {
                const Op& op = graph_.op(stage_.ops[open.back()]);
                open.pop_back();
                for (const ValueId operand : op.operands) {
                    const OpId producer = graph_.value(operand).producer;
                    const int position = producer.isValid() ? positionOf_[producer.index()] : -1;
                    if (position < 0 || isKept_[operand.index()] ||
                        graph_.op(producer).phase != Phase::kForward ||
                        isRunAgain[static_cast<size_t>(position)])
                        continue;
                    isRunAgain[static_cast<size_t>(position)] = true;
                    order.push_back(static_cast<size_t>(position));
                    open.push_back(static_cast<size_t>(position));
                }
            }
            std::sort(order.begin() + static_cast<std::ptrdiff_t>(begin), order.end());
            order.push_back(i);
        }
        return order;
    }

    /// The moment at which most is alive.
    Moment fullestOf(const std::vector<size_t>& order) const
    {
        std::vector<int> lastReader(graph_.values.size(), -1);
        for (size_t i = 0; i < order.size(); ++i) {
            for (const ValueId operand : graph_.op(stage_.ops[order[i]]).operands)
                lastReader[operand.index()] = static_cast<int>(i);
        }
        // Who reads a value that is not stored reads what it is computed from.
        for (size_t i = order.size(); i-- > 0;) {
            const Op& op = graph_.op(stage_.ops[order[i]]);
            const int last = lastReader[op.results[0].index()];
            // (A product that is added to its accumulator reads where it stands.)
            if (layered_.isStored[op.results[0].index()] != 0 || last < 0 ||
                op.kind == OpKind::kDot)
                continue;
            for (const ValueId operand : op.operands)
                lastReader[operand.index()] = std::max(lastReader[operand.index()], last);
        }
        std::vector<std::vector<ValueId>> endsAt(order.size());
        std::vector<Bytes> alive(graph_.values.size());
        Bytes total;
        Moment fullest;
        size_t at = 0;
        for (size_t i = 0; i < order.size(); ++i) {
            const Op& op = graph_.op(stage_.ops[order[i]]);
            if (isCounted(op.results[0]) && lastReader[op.results[0].index()] >= 0) {
                const ShardingSpec& spec = stage_.shardings[order[i]].results[0];
                Bytes& bytes = alive[op.results[0].index()];
                bytes = Bytes(graph_.type(op.results[0]).bytes().count /
                              stage_.mesh.groupSize(spec.splitAxes()));
                total += bytes;
                endsAt[static_cast<size_t>(lastReader[op.results[0].index()])].push_back(
                    op.results[0]);
            }
            if (total > fullest.bytes) {
                fullest.bytes = total;
                at = i;
            }
            for (const ValueId ended : endsAt[i]) {
                total -= alive[ended.index()];
                alive[ended.index()] = Bytes(0);
            }
        }
        for (size_t i = 0; i <= at && i < order.size(); ++i) {
            const ValueId result = graph_.op(stage_.ops[order[i]]).results[0];
            if (lastReader[result.index()] >= static_cast<int>(at) && isCounted(result))
                fullest.values.push_back(result);
        }
        return fullest;
    }

    bool isCounted(ValueId result) const
    {
        return !isKept_[result.index()] && layered_.isStored[result.index()] != 0;
    }

    const LayeredGraph& layered_;
    const Graph& graph_;
    const PlanStage& stage_;
    std::vector<int> positionOf_; ///< Per op, in the stage's ops; -1: of another stage.
    std::vector<bool> isKept_;    ///< Per value.
};

} // namespace

Moment fullestMoment(const LayeredGraph& layered, const PlanStage& stage)
{
    return PassWalk(layered, stage).fullest();
}

Bytes transientMemory(const LayeredGraph& layered, const PlanStage& stage)
{
    return fullestMoment(layered, stage).bytes;
}

} // namespace alpa
