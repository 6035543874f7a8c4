// A plan as a JAX program: tables of PartitionSpecs to use with a model of one's own, and the model
// itself with the plan's constraints, ready to train.
#pragma once

#include "core/base/result.h"
#include "core/plan/parallel_plan.h"

#include <string>

namespace alpa
{

/// A Python file. Each stage has a mesh and a function of the forward pass; JAX differentiates it.
/// What the plan says of backward ops beyond the gradients' shardings is left to XLA, and so is
/// recomputation. Fails with kUnsupported for ops that JAX lacks.
Result<std::string> exportJax(const ParallelPlan& plan);

} // namespace alpa
