// What the planner expects of every instruction of a program.
#pragma once

#include "core/plan/parallel_plan.h"
#include "core/program/program.h"

namespace alpa
{

/// Sets `predicted` of the computations and sends of `program`, which lowerPlan made of `plan`: the
/// time of one run on one device. (Collectives have theirs from lowering.) What a fused kernel
/// computes for another op has none of its own, and how long a receive waits is the schedule's.
void predictTimes(const ParallelPlan& plan, Program& program);

} // namespace alpa
