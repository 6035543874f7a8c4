#include "core/plan/axis_work.h"

#include "core/graph/op_cost.h"

namespace alpa
{

AxisWork axisWork(const Graph& graph, const PlanStage& stage, const BatchDims& batch,
                  CountedWork counted)
{
    AxisWork work;
    for (size_t i = 0; i < stage.ops.size(); ++i) {
        const Op& op = graph.op(stage.ops[i]);
        if ((op.kind != OpKind::kDot && op.kind != OpKind::kConvolution) ||
            (counted == CountedWork::kForward && op.phase != Phase::kForward))
            continue;
        const double flops = opFlops(graph, op).count;
        for (size_t axis = 0; axis < stage.mesh.axes.size(); ++axis) {
            bool splits = false;
            bool splitsBatch = false;
            for (size_t o = 0; o < op.operands.size(); ++o) {
                const ShardingSpec& spec = stage.shardings[i].operands[o];
                for (int dim = 0; dim < spec.rank; ++dim) {
                    if (!hasAxis(spec.dims[static_cast<size_t>(dim)], static_cast<int>(axis)))
                        continue;
                    splits = true;
                    splitsBatch = splitsBatch || batch.ofValue[op.operands[o].index()] == dim;
                }
            }
            if (splits)
                (splitsBatch ? work.alongBatch : work.alongModel)[axis] += flops;
        }
    }
    return work;
}

} // namespace alpa
