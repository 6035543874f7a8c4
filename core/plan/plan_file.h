// Plans as files: JSON with a version, self-contained (the training graph is inside).
#pragma once

#include "core/plan/parallel_plan.h"

namespace alpa
{

std::string planToJson(const ParallelPlan& plan);
/// Fails with kInvalidInput naming the place and the expectation.
Result<std::shared_ptr<const ParallelPlan>> planFromJson(const std::string& text);
Result<std::shared_ptr<const ParallelPlan>> loadPlan(const std::string& path);
Status savePlan(const ParallelPlan& plan, const std::string& path);

} // namespace alpa
