// Plan to DevicePrograms: SPMD partitioning of every stage, transfers between stages, buffers in
// one arena.
#pragma once

#include "core/plan/parallel_plan.h"
#include "core/program/program.h"

namespace alpa
{

/// The program of `plan`, verified. Fails with kUnsupported naming the op if something cannot be
/// partitioned as planned, with kInvalidInput if a plan from a damaged file gives no sound program.
Result<Program> lowerPlan(const ParallelPlan& plan);

} // namespace alpa
