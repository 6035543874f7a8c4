#include "core/lowering/predict_times.h"

#include "core/mesh/collective_time.h"
#include "core/plan/stage_cost.h"

namespace alpa
{

namespace
{

Seconds sendTime(const ParallelPlan& plan, const Program& program, TransferId id)
{
    const Transfer& transfer = program.transfers[id.index()];
    const StageProgram& from = program.stages[static_cast<size_t>(transfer.fromStage)];
    const StageProgram& to = program.stages[static_cast<size_t>(transfer.toStage)];
    const Buffer& sent = from.buffers[transfer.fromBuffer.index()];
    const TensorType whole{sent.type.dtype, sent.globalDims};
    return transferTime(plan.cluster, from.mesh, to.mesh, whole.bytes());
}

} // namespace

void predictTimes(const ParallelPlan& plan, Program& program)
{
    const LayeredGraph layered =
        analyseLayers(plan.graph, plan.layerOfOp, static_cast<int>(plan.layers.size()),
                      pricedCluster(plan.cluster, plan.options.constraints).device);
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
                else if (made.kind == InstructionKind::kSend)
                    made.predicted = sendTime(plan, program, made.transfer);
            }
        }
    }
}

} // namespace alpa
