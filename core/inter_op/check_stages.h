// What a choice of stages may be asked. Internal to this folder.
#pragma once

#include "core/inter_op/choose_stages.h"

namespace alpa
{

/// Fails with kInvalidInput when a number, candidate or constraint is out of range, with
/// kUnsupported when the search's table would be too large.
Status checkStageProblem(const StageProblem& problem);

} // namespace alpa
