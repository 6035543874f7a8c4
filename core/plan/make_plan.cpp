#include "core/plan/make_plan.h"

#include "core/plan/assemble_whole.h"
#include "core/plan/explain_clash.h"
#include "core/plan/named_strategies.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_context.h"
#include "core/plan/plan_json.h"
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

/// Would assemblePlan make the same of both? What they were found with, effort and limits, does not
/// show.
bool isSame(const AssemblyRequest& a, const AssemblyRequest& b)
{
    const auto isSameStage = [](const ChosenStage& x, const ChosenStage& y) {
        return x.submesh == y.submesh && x.sharder == y.sharder && x.sharding == y.sharding &&
               x.request.firstLayer == y.request.firstLayer &&
               x.request.endLayer == y.request.endLayer &&
               x.request.recomputes == y.request.recomputes &&
               x.request.repeatsCheapOps == y.request.repeatsCheapOps &&
               x.request.recomputedLayers == y.request.recomputedLayers &&
               x.request.memoryLimit == y.request.memoryLimit &&
               x.request.inFlight == y.request.inFlight &&
               x.request.forbidden == y.request.forbidden;
    };
    return a.plan == b.plan && a.model == b.model && a.schedule == b.schedule &&
           a.chunks == b.chunks && a.microbatches == b.microbatches &&
           std::ranges::equal(a.stages, b.stages, isSameStage);
}

/// A plan that was shown, and what it was made of.
struct Shown {
    AssemblyRequest assembly;
    std::shared_ptr<const ParallelPlan> plan;
};

Result<PlanOutcome> planIn(const PlanRequest& request, PlanContext& context,
                           const JobControl& control, const IncumbentCallback& onIncumbent)
{
    const PlanConstraints constraints = withStrategy(
        request.options.constraints, request.options.strategy, request.cluster.deviceCount());
    PlanSearch search(request, constraints, context, control);
    // What named strategies with finer layers may take is known when they have been compared.
    const auto boundSoFar = [&]() -> Seconds {
        const auto layers = context.layering(request.options.layers, control);
        return layers.ok() && !comparesFiner(request, (*layers)->layerCount())
                   ? search.bound()
                   : std::min(search.bound(), search.boundOfAnyCuts());
    };
    Shown shown;
    if (onIncumbent) {
        search.onBetter([&](const Attempt& better) {
            if (shown.plan && better.plan->stepTime > shown.plan->stepTime * kWorthShowing)
                return;
            const auto plan = assembleWhole(better.assembly, context, boundSoFar());
            if (!plan.ok())
                return;
            shown = {better.assembly, *plan};
            onIncumbent(*plan);
        });
    }
    if (request.options.strategy == PlanStrategy::kAuto)
        search.beforeAfterwards([&](Seconds promised, const JobControl& ahead) {
            prepareNamed(request, promised, context, ahead);
        });
    ASSIGN_OR_RETURN(Attempt found, search.search({}));
    if (!found.plan) {
        ASSIGN_OR_RETURN(NoPlan none, explainClash(request, constraints, std::move(found.none),
                                                   context, control));
        return PlanOutcome(std::move(none));
    }
    const std::jthread ahead = proveAhead(found, search.threads());
    Seconds bound = search.bound();
    if (request.options.strategy == PlanStrategy::kAuto) {
        ASSIGN_OR_RETURN(Compared compared,
                         bestOfNamed(request, std::move(found), context, control));
        found = std::move(compared.best);
        bound = std::min(bound, compared.bound);
    }
    RETURN_IF_ERROR(proveStages(found, context, search.threads(), control));
    if (shown.plan && isSame(shown.assembly, found.assembly)) {
        if (shown.plan->stepBound != bound) { // More was proven since it was shown.
            auto proven = std::make_shared<ParallelPlan>(*shown.plan);
            proven->stepBound = bound;
            shown.plan = std::move(proven);
        }
        return PlanOutcome(std::move(shown.plan));
    }
    ASSIGN_OR_RETURN(auto plan, assembleWhole(found.assembly, context, bound));
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
    const std::shared_ptr<PlanContext> context = used.context(limited);
    const std::string asked = fmt::format("{} {} {}", optionsToJson(limited.options).dump(),
                                          limited.options.threads, limited.modelPath);
    if (const auto known = context->outcome(asked))
        return *known;
    Result<PlanOutcome> outcome = planIn(limited, *context, control, onIncumbent);
    if (outcome.ok())
        context->keep(asked, *outcome);
    used.trim();
    return outcome;
}

} // namespace alpa
