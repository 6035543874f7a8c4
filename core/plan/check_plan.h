// What everything that reads a plan may assume of it. Planners make plans that hold; files may not.
#pragma once

#include "core/plan/parallel_plan.h"

namespace alpa
{

/// Does the plan hang together? Stages cover the layers in order on disjoint submeshes, every op is
/// run by the stage of its layer, every spec fits its tensor and mesh. Assumes a verified graph and
/// ids in range. Fails with kInvalidInput naming the place as in the file: "stages[2].ops: ...".
Status checkPlan(const ParallelPlan& plan);

} // namespace alpa
