// The planner on one page: model to ParallelPlan.
#pragma once

#include "core/base/job.h"
#include "core/plan/parallel_plan.h"

#include <functional>
#include <memory>
#include <variant>

namespace alpa
{

using PlanOutcome = std::variant<std::shared_ptr<const ParallelPlan>, NoPlan>;

class PlanCache;

/// Takes plans that obey the constraints while better ones are still looked for, each faster than
/// the one before.
using IncumbentCallback = std::function<void(const std::shared_ptr<const ParallelPlan>& plan)>;

/// A function: the same request gives a byte-identical plan text, with or without a cache. Whoever
/// plans repeatedly owns a cache (core/plan/plan_cache.h) and passes it. Fails with kInvalidInput
/// or kUnsupported if the model cannot be trained as asked, kCancelled when stopped. `onIncumbent`
/// is called from the calling thread; the plan returned is no slower than the last one it was
/// given.
Result<PlanOutcome> makePlan(const PlanRequest& request, const JobControl& control,
                             PlanCache* cache = nullptr, const IncumbentCallback& onIncumbent = {});

/// The constraints that a named strategy adds to the person's own. Megatron's grid and pipelines
/// are searched.
PlanConstraints withStrategy(PlanConstraints constraints, PlanStrategy strategy, int devices);

} // namespace alpa
