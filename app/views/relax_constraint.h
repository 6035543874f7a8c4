// Taking back one of the constraints that clash.
#pragma once

#include "app/session/setup.h"
#include "core/plan/parallel_plan.h"

#include <optional>
#include <string>

namespace alpa::app
{

/// `setup` without the constraint that the planner lists as `text` ("max TP 2"); a memory limit is
/// raised to the smallest that would do, if that is known. Nothing if `text` is none of the setup's
/// constraints.
std::optional<Setup> relaxConstraint(const Setup& setup, const std::string& text,
                                     const NoPlan& why);

} // namespace alpa::app
