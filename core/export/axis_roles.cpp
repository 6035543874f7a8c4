#include "core/export/axis_roles.h"

#include "core/plan/axis_work.h"

#include <algorithm>

namespace alpa
{

AxisRoles findAxisRoles(const Graph& graph, const PlanStage& stage, const BatchDims& batch)
{
    const auto [alongBatch, alongModel] = axisWork(graph, stage, batch, CountedWork::kForward);
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
