// The last step before a plan is assembled: its stages, so far within StageEffort::kQuick, are
// solved to the end.
#pragma once

#include "core/plan/finish_plan.h"

#include <thread>

namespace alpa
{

/// Lets the full answers of a plan's only stage be known while other work goes on; a plan of more
/// keeps all threads busy anyhow.
std::jthread proveAhead(const Attempt& best, int threads);

/// Replaces quick answers by full ones where the plan gains, and their bounds where it does not. No
/// plan gets slower or larger. Fails with kCancelled only.
Status proveStages(Attempt& best, PlanContext& context, int threads, const JobControl& control);

} // namespace alpa
