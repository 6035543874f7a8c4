// The plan that is shown or kept, with the decisions of its stages. Stages that earlier plans had
// too are remembered.
#pragma once

#include "core/plan/assemble_plan.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace alpa
{

class PlanContext;

/// assemblePlan with decisions. `bound`: see ParallelPlan::stepBound.
Result<std::shared_ptr<const ParallelPlan>> assembleWhole(const AssemblyRequest& request,
                                                          PlanContext& context, Seconds bound);

} // namespace alpa
