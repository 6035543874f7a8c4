#include "core/plan/named_strategies.h"

#include "core/plan/make_plan.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// Can a strategy's degree not be what is asked?
bool clash(std::optional<int> degree, std::optional<int> asked, std::optional<int> most)
{
    return (asked && degree != asked) || (degree && most && *degree > *most);
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

Result<Attempt> bestOfNamed(const PlanRequest& request, Attempt best, PlanContext& context,
                            const JobControl& control)
{
    const PlanConstraints& asked = request.options.constraints;
    for (const PlanStrategy strategy :
         {PlanStrategy::kDataParallel, PlanStrategy::kZero2, PlanStrategy::kZero3,
          PlanStrategy::kPipeline, PlanStrategy::kMegatron}) {
        const PlanConstraints constraints =
            withStrategy(asked, strategy, request.cluster.deviceCount());
        const bool contradicts = clash(constraints.fixedTp, asked.fixedTp, asked.maxTp) ||
                                 clash(constraints.fixedDp, asked.fixedDp, asked.maxDp) ||
                                 clash(constraints.fixedPp, asked.fixedPp, asked.maxPp) ||
                                 (asked.parameterStorage != StorageRule::kFree &&
                                  asked.parameterStorage != constraints.parameterStorage) ||
                                 (asked.stateStorage != StorageRule::kFree &&
                                  asked.stateStorage != constraints.stateStorage);
        if (contradicts)
            continue;
        control.report(fmt::format("comparing with {}", strategyName(strategy)), -1);
        Result<Attempt> named =
            PlanSearch(request, constraints, context, control).search({}, best.plan->stepTime);
        // A baseline that the model is too small for (a stage for every device) is no reason
        // against the plan at hand.
        if (!named.ok() && named.error().code == ErrorCode::kCancelled)
            return named.error();
        if (named.ok() && named->plan && named->plan->stepTime < best.plan->stepTime)
            best = std::move(named).value();
    }
    return best;
}

} // namespace alpa
