#include "core/lowering/predict_times.h"

#include "core/plan/stage_cost.h"

namespace alpa
{

void predictComputations(const ParallelPlan& plan, Program& program)
{
    const LayeredGraph layered = analyseLayers(
        plan.graph, plan.layerOfOp, static_cast<int>(plan.layers.size()), plan.cluster.device);
    for (size_t s = 0; s < program.stages.size(); ++s) {
        std::vector<Seconds> timeOf(plan.graph->ops.size());
        Resharder resharder(plan.cluster, plan.stages[s].mesh);
        forEachCostTerm(layered, plan.stages[s], resharder, [&](const CostTerm& term) {
            const bool isCompute = term.group == CostGroup::kForwardCompute ||
                                   term.group == CostGroup::kBackwardCompute ||
                                   term.group == CostGroup::kUpdate;
            if (isCompute && term.op.isValid())
                timeOf[term.op.index()] += term.time;
        });
        for (Segment& segment : program.stages[s].segments) {
            for (Instruction& made : segment.instructions) {
                // Copies into parameters and slices belong to the op beside them.
                if (made.kind == InstructionKind::kCompute && made.op.isValid() &&
                    plan.graph->op(made.op).kind == made.opKind)
                    made.predicted = timeOf[made.op.index()];
            }
        }
    }
}

} // namespace alpa
