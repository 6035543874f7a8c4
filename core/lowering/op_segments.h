// When the ops of a stage run: which segment each belongs to, and which run a second time because
// their results are not kept.
#pragma once

#include "core/intra_op/spec_tables.h"
#include "core/plan/parallel_plan.h"
#include "core/program/program.h"

#include <vector>

namespace alpa
{

/// Per op of the plan's graph. The backward pass is in two segments under zero-bubble, where weight
/// gradients run apart, in one otherwise. `rules`: of plan.graph.
std::vector<SegmentKind> opSegments(const ParallelPlan& plan, const GraphRules& rules);

/// Per op of the plan's graph: does the stage run this forward op again in its backward pass
/// instead of keeping its result?
std::vector<bool> recomputedOps(const ParallelPlan& plan, int stage);

} // namespace alpa
