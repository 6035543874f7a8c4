#include "core/plan/make_plan.h"

#include "core/plan/explain_clash.h"
#include "core/plan/named_strategies.h"
#include "core/plan/plan_cache.h"

namespace alpa
{
namespace
{

Result<PlanOutcome> planIn(const PlanRequest& request, PlanContext& context,
                           const JobControl& control)
{
    const PlanConstraints constraints = withStrategy(
        request.options.constraints, request.options.strategy, request.cluster.deviceCount());
    NoPlan none;
    ASSIGN_OR_RETURN(auto plan,
                     PlanSearch(request, constraints, context, control).search({}, none));
    if (!plan) {
        ASSIGN_OR_RETURN(none,
                         explainClash(request, constraints, std::move(none), context, control));
        return PlanOutcome(std::move(none));
    }
    if (request.options.strategy == PlanStrategy::kAuto) {
        ASSIGN_OR_RETURN(plan, bestOfNamed(request, std::move(plan), context, control));
    }
    return PlanOutcome(std::move(plan));
}

} // namespace

Result<PlanOutcome> makePlan(const PlanRequest& request, const JobControl& control,
                             PlanCache* cache)
{
    PlanCache ownCache;
    PlanCache& used = cache != nullptr ? *cache : ownCache;
    Result<PlanOutcome> outcome = planIn(request, *used.context(request), control);
    used.trim();
    return outcome;
}

} // namespace alpa
