// The request that a plan file answers, with its model read again: for commands that plan anew.
#pragma once

#include "app/cli/console.h"
#include "core/plan/parallel_plan.h"

#include <string>

namespace alpa::cli
{

/// Reads the model from `modelPath`, or from where the plan was made if that is empty. Fails as
/// reading does; the message says how to name another place.
Result<PlanRequest> requestOf(const Console& console, const ParallelPlan& plan,
                              const std::string& modelPath);

} // namespace alpa::cli
