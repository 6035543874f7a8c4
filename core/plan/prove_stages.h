// The last step before a plan is assembled: its stages, so far within StageEffort::kQuick, are
// solved to the end.
#pragma once

#include "core/plan/finish_plan.h"

namespace alpa
{

/// Replaces quick answers by full ones where the plan gains, and their bounds where it does not. No
/// plan gets slower or larger. Fails with kCancelled only.
Status proveStages(Attempt& best, PlanContext& context, int threads, const JobControl& control);

} // namespace alpa
