// Why there is no plan: the constraints that clash, and the memory that would do.
#pragma once

#include "core/plan/plan_search.h"

namespace alpa
{

/// `none`, the answer under `constraints`, with a minimal clashing set and a sufficient memory.
Result<NoPlan> explainClash(const PlanRequest& request, const PlanConstraints& constraints,
                            NoPlan none, PlanContext& context, const JobControl& control);

} // namespace alpa
