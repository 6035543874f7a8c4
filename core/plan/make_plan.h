// The planner on one page: model to ParallelPlan.
#pragma once

#include "core/base/job.h"
#include "core/plan/parallel_plan.h"

#include <variant>

namespace alpa
{

using PlanOutcome = std::variant<std::shared_ptr<const ParallelPlan>, NoPlan>;

class PlanCache;

/// A function: the same request gives a byte-identical plan text, with or without a cache. Whoever
/// plans repeatedly owns a cache (core/plan/plan_cache.h) and passes it. Fails with kInvalidInput
/// or kUnsupported if the model cannot be trained as asked, kCancelled when stopped.
Result<PlanOutcome> makePlan(const PlanRequest& request, const JobControl& control,
                             PlanCache* cache = nullptr);

/// The constraints that a named strategy adds to the person's own. Megatron's grid and pipelines
/// are searched.
PlanConstraints withStrategy(PlanConstraints constraints, PlanStrategy strategy, int devices);

} // namespace alpa
