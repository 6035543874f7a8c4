#include "core/plan/named_strategies.h"

#include "core/plan/make_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Can a strategy's degree not be what is asked?
bool clash(std::optional<int> degree, std::optional<int> asked, std::optional<int> most)
{
    return (asked && degree != asked) || (degree && most && *degree > *most);
}

/// Does what the strategy means contradict what is asked?
bool contradicts(const PlanConstraints& strategy, const PlanConstraints& asked)
{
    return clash(strategy.fixedTp, asked.fixedTp, asked.maxTp) ||
           clash(strategy.fixedDp, asked.fixedDp, asked.maxDp) ||
           clash(strategy.fixedPp, asked.fixedPp, asked.maxPp) ||
           (asked.parameterStorage != StorageRule::kFree &&
            asked.parameterStorage != strategy.parameterStorage) ||
           (asked.stateStorage != StorageRule::kFree &&
            asked.stateStorage != strategy.stateStorage);
}

} // namespace

PlanConstraints withStrategy(PlanConstraints constraints, PlanStrategy strategy, int devices)
{
    switch (strategy) {
    case PlanStrategy::kAuto:
        break;
    case PlanStrategy::kDataParallel:
    case PlanStrategy::kZero2:
    case PlanStrategy::kZero3:
        constraints.fixedTp = 1;
        constraints.fixedDp = devices;
        constraints.fixedPp = 1;
        constraints.parameterStorage =
            strategy == PlanStrategy::kZero3 ? StorageRule::kSplit : StorageRule::kReplicated;
        constraints.stateStorage = strategy == PlanStrategy::kDataParallel
                                       ? StorageRule::kReplicated
                                       : StorageRule::kSplit;
        break;
    case PlanStrategy::kMegatron:
        constraints.parameterStorage = StorageRule::kReplicated;
        constraints.stateStorage = StorageRule::kReplicated;
        break;
    case PlanStrategy::kPipeline:
        constraints.fixedTp = 1;
        constraints.fixedDp = 1;
        constraints.fixedPp = devices;
        break;
    }
    return constraints;
}

bool comparesFiner(const PlanRequest& request, int layers)
{
    const PlanConstraints& asked = request.options.constraints;
    const int devices = request.cluster.deviceCount();
    return request.options.strategy == PlanStrategy::kAuto && devices > layers &&
           !contradicts(withStrategy(asked, PlanStrategy::kPipeline, devices), asked);
}

Result<Compared> bestOfNamed(const PlanRequest& request, Attempt best, PlanContext& context,
                             const JobControl& control)
{
    const PlanConstraints& asked = request.options.constraints;
    Compared compared{.best = std::move(best)};
    for (const PlanStrategy strategy :
         {PlanStrategy::kDataParallel, PlanStrategy::kZero2, PlanStrategy::kZero3,
          PlanStrategy::kPipeline, PlanStrategy::kMegatron}) {
        const PlanConstraints constraints =
            withStrategy(asked, strategy, request.cluster.deviceCount());
        if (contradicts(constraints, asked))
            continue;
        control.report(fmt::format("comparing with {}", strategyName(strategy)), -1);
        PlanSearch search(request, constraints, context, control);
        Result<Attempt> named = search.search({}, compared.best.plan->stepTime);
        // A baseline that the model is too small for (a stage for every device) is no reason
        // against the plan at hand.
        if (!named.ok() && named.error().code == ErrorCode::kCancelled)
            return named.error();
        if (search.cutsFiner() && search.bound() > Seconds(0))
            compared.bound = std::min(compared.bound, search.bound());
        if (named.ok() && named->plan && named->plan->stepTime < compared.best.plan->stepTime)
            compared.best = std::move(named).value();
    }
    return compared;
}

} // namespace alpa
