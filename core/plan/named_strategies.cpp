#include "core/plan/named_strategies.h"

#include "core/plan/make_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

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

/// The strategies that do not contradict what is asked, with all that they demand.
std::vector<std::pair<PlanStrategy, PlanConstraints>> comparedWith(const PlanRequest& request)
{
    const PlanConstraints& asked = request.options.constraints;
    std::vector<std::pair<PlanStrategy, PlanConstraints>> found;
    for (const PlanStrategy strategy :
         {PlanStrategy::kDataParallel, PlanStrategy::kZero2, PlanStrategy::kZero3,
          PlanStrategy::kPipeline, PlanStrategy::kMegatron}) {
        PlanConstraints demanded = withStrategy(asked, strategy, request.cluster.deviceCount());
        if (!contradicts(demanded, asked))
            found.emplace_back(strategy, std::move(demanded));
    }
    return found;
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
    Compared compared{.best = std::move(best)};
    for (const auto& [strategy, constraints] : comparedWith(request)) {
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

void prepareNamed(PlanRequest request, Seconds promised, PlanContext& context,
                  const JobControl& control)
{
    request.options.threads = 1;
    for (const auto& [strategy, constraints] : comparedWith(request)) {
        PlanSearch search(request, constraints, context, control);
        const Result<Attempt> named = search.search({}, promised);
        if (named.ok() && named->plan)
            promised = std::min(promised, named->plan->stepTime);
    }
}

} // namespace alpa
