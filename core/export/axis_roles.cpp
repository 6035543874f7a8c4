#include "core/export/axis_roles.h"

#include "core/graph/op_cost.h"

#include <algorithm>
#include <array>

namespace alpa
{

AxisRoles findAxisRoles(const Graph& graph, const PlanStage& stage, const BatchDims& batch)
{
    std::array<double, kMaxMeshAxes> alongBatch{};
    std::array<double, kMaxMeshAxes> alongModel{};
    for (size_t i = 0; i < stage.ops.size(); ++i) {
        const Op& op = graph.op(stage.ops[i]);
        if ((op.kind != OpKind::kDot && op.kind != OpKind::kConvolution) ||
            op.phase != Phase::kForward)
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
                    splitsBatch |= batch.ofValue[op.operands[o].index()] == dim;
                }
            }
            if (splits)
                (splitsBatch ? alongBatch : alongModel)[axis] += flops;
        }
    }
    AxisRoles roles;
    // Below this share of the work the other use is a detail, such as a replicated head.
    constexpr double kDetail = 0.02;
    for (size_t axis = 0; axis < stage.mesh.axes.size(); ++axis) {
        if (stage.mesh.axes[axis].size == 1)
            continue;
        const double both = alongBatch[axis] + alongModel[axis];
        if (std::min(alongBatch[axis], alongModel[axis]) > kDetail * both)
            roles.mixed = static_cast<int>(axis);
        AxisSet& set = alongBatch[axis] > alongModel[axis] ? roles.data : roles.tensor;
        set = static_cast<AxisSet>(set | axisBit(static_cast<int>(axis)));
    }
    return roles;
}

} // namespace alpa
