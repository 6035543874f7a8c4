// From a draft, whose stages were chosen by estimated costs, to a plan: exact shardings, exact
// memory, simulated time.
#pragma once

#include "core/plan/assemble_plan.h"
#include "core/plan/draft.h"

#include <functional>

namespace alpa
{

/// Either a plan as assessPlan makes it and what assemblePlan makes the whole of, or why there is
/// none.
struct Attempt {
    std::shared_ptr<const ParallelPlan> plan;
    AssemblyRequest assembly;
    NoPlan none;
    bool isBeaten = false; ///< What may fit takes no less than the cutoff that was given.
};

/// Called with every plan that is better than those before.
using AttemptCallback = std::function<void(const Attempt&)>;

/// Chooses stages, shards them under their exact memory limits, and repeats with corrected memory
/// needs when they turn out larger than drafted. Interleaved drafts beyond `cutoff` are left alone.
Result<Attempt> finishDraft(const Draft& draft, const PlanRequest& request,
                            const PlanConstraints& constraints, PlanContext& context,
                            Seconds cutoff, int threads, const JobControl& control,
                            const AttemptCallback& onBetter = {});

} // namespace alpa
