#include "core/lowering/op_segments.h"

#include "core/cost/fused_costs.h"
#include "core/intra_op/selective_recomputation.h"
#include "core/program/labels.h"
#include "core/sharding/weight_gradients.h"

namespace alpa
{

std::vector<SegmentKind> opSegments(const ParallelPlan& plan, const GraphRules& rules)
{
    const Graph& graph = *plan.graph;
    std::vector<SegmentKind> segments;
    for (const Op& op : graph.ops)
        segments.push_back(segmentOf(op.phase));
    if (plan.schedule != ScheduleKind::kZeroBubble)
        return segments;
    const std::vector<bool> isWeight = weightGradientOps(graph, rules.batch, plan.layerOfOp);
    for (size_t op = 0; op < segments.size(); ++op) {
        if (isWeight[op])
            segments[op] = SegmentKind::kWeightGradient;
    }
    return segments;
}

std::vector<bool> recomputedOps(const ParallelPlan& plan, int stage)
{
    const PlanStage& here = plan.stages[static_cast<size_t>(stage)];
    std::vector<bool> isRecomputed(plan.graph->ops.size(), false);
    if (here.repeatsCheapOps)
        return selectRecomputation(
                   *plan.graph, plan.layerOfOp,
                   attentionOps(*plan.graph, pricedCluster(plan.cluster, plan.options.constraints)
                                                 .deviceOf(plan.kindOf(here))))
            .isRepeated;
    const std::vector<std::vector<OpId>> users = valueUsers(*plan.graph);
    for (const OpId op : here.ops) {
        const int layer = plan.layerOfOp[op.index()];
        const ValueId result = plan.graph->op(op).results[0];
        isRecomputed[op.index()] =
            plan.graph->op(op).phase == Phase::kForward && here.runsAgain(layer) &&
            !isReadByOtherLayer(*plan.graph, plan.layerOfOp, users[result.index()], layer,
                                here.firstLayer, here.endLayer);
    }
    return isRecomputed;
}

} // namespace alpa
