// Which launches may run beside the others: communication on a second, in-order stream, begun as
// soon as its input is there (or as early as it pays to fetch ahead) and waited for by its first
// reader.
#pragma once

#include "core/fusion/launch_plan.h"

#include <vector>

namespace alpa::fusion
{

/// Marks collectives, and the loops that only put their results into parameters or accumulators.
/// Every device of a group marks the same, since it decides by the program and by sizes alone.
void markSideLaunches(const StageGraph& graph, std::vector<PlannedLaunch>& launches);

} // namespace alpa::fusion
