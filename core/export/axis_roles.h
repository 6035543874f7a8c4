// What the mesh axes of a stage are for: the batch, or the model.
#pragma once

#include "core/plan/parallel_plan.h"
#include "core/sharding/strategy.h"

namespace alpa
{

/// Axes that split the batch, and axes that split the model, of one stage.
struct AxisRoles {
    AxisSet data = 0;
    AxisSet tensor = 0;
    int mixed = -1; ///< An axis of which ops make different use.
};

/// By the work of the stage's products. Linear in the stage's ops.
AxisRoles findAxisRoles(const Graph& graph, const PlanStage& stage, const BatchDims& batch);

} // namespace alpa
