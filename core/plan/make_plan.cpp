#include "core/plan/make_plan.h"

#include "core/plan/explain_clash.h"
#include "core/plan/named_strategies.h"
#include "core/plan/plan_cache.h"
#include "core/plan/prove_stages.h"
#include "core/training/split_step.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Part of the last incumbent's time that the next one must not exceed: to assemble one takes as
/// long as to find a few.
constexpr double kWorthShowing = 0.99;

Result<std::shared_ptr<const ParallelPlan>> assembleWhole(const AssemblyRequest& assembly)
{
    ASSIGN_OR_RETURN(auto plan, assemblePlan(assembly));
    addDecisions(*plan, assembly);
    return std::shared_ptr<const ParallelPlan>(std::move(plan));
}

Result<PlanOutcome> planIn(const PlanRequest& request, PlanContext& context,
                           const JobControl& control, const IncumbentCallback& onIncumbent)
{
    const PlanConstraints constraints = withStrategy(
        request.options.constraints, request.options.strategy, request.cluster.deviceCount());
    PlanSearch search(request, constraints, context, control);
    Seconds shown = kForever;
    if (onIncumbent) {
        search.onBetter([&](const Attempt& better) {
            if (better.plan->stepTime > shown * kWorthShowing)
                return;
            shown = better.plan->stepTime;
            if (const auto plan = assembleWhole(better.assembly); plan.ok())
                onIncumbent(*plan);
        });
    }
    ASSIGN_OR_RETURN(Attempt found, search.search({}));
    if (!found.plan) {
        ASSIGN_OR_RETURN(NoPlan none, explainClash(request, constraints, std::move(found.none),
                                                   context, control));
        return PlanOutcome(std::move(none));
    }
    if (request.options.strategy == PlanStrategy::kAuto) {
        ASSIGN_OR_RETURN(found, bestOfNamed(request, std::move(found), context, control));
    }
    RETURN_IF_ERROR(proveStages(found, context, search.threads(), control));
    ASSIGN_OR_RETURN(auto plan, assembleWhole(found.assembly));
    return PlanOutcome(std::move(plan));
}

/// A step that cannot be cut is planned inside one stage, and with one microbatch where its passes
/// are not known either. Fails with kUnsupported if something else is asked.
Status limitWholeStep(PlanRequest& request)
{
    if (!isTrainingStep(*request.model))
        return {};
    const std::optional<std::string> why = whyStepIsWhole(*request.model);
    if (!why)
        return {};
    const bool hasPasses = std::ranges::any_of(
        request.model->ops, [](const Op& op) { return op.phase == Phase::kBackward; });
    PlanConstraints& constraints = request.options.constraints;
    if (constraints.fixedPp.value_or(1) > 1 ||
        (!hasPasses && constraints.microbatches.value_or(1) > 1))
        return Error(ErrorCode::kUnsupported,
                     fmt::format("the training step is planned inside one stage{}: {}",
                                 hasPasses ? "" : " with one microbatch", *why));
    constraints.fixedPp = 1;
    if (!hasPasses)
        constraints.microbatches = 1;
    return {};
}

} // namespace

Result<PlanOutcome> makePlan(const PlanRequest& request, const JobControl& control,
                             PlanCache* cache, const IncumbentCallback& onIncumbent)
{
    PlanCache ownCache;
    PlanCache& used = cache != nullptr ? *cache : ownCache;
    PlanRequest limited = request;
    RETURN_IF_ERROR(limitWholeStep(limited));
    Result<PlanOutcome> outcome = planIn(limited, *used.context(limited), control, onIncumbent);
    used.trim();
    return outcome;
}

} // namespace alpa
