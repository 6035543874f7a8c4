// Named strategies (withStrategy in make_plan.h): what people do by hand, as constraints of the one
// planner.
#pragma once

#include "core/plan/plan_search.h"

namespace alpa
{

/// Does a named strategy that is compared cut finer than `layers`: one stage for each device?
bool comparesFiner(const PlanRequest& request, int layers);

struct Compared {
    Attempt best;
    Seconds bound = kForever; ///< No plan of those compared whose layers are finer takes less.
};
/// The best of `best`, which has no named strategy, and of the named ones that do not contradict
/// what is asked: costs of drafts are estimates, and auto is never worse than what it could be
/// told to do.
Result<Compared> bestOfNamed(const PlanRequest& request, Attempt best, PlanContext& context,
                             const JobControl& control);
/// Lets `context` know what bestOfNamed asks for when the best takes about `promised`. Takes one
/// thread.
void prepareNamed(PlanRequest request, Seconds promised, PlanContext& context,
                  const JobControl& control);

} // namespace alpa
