// The training step of a plan as a StableHLO module for XLA, with the plan's shardings as
// annotations: for Shardy (sdy) or, for older versions, GSPMD (mhlo.sharding).
#pragma once

#include "core/base/result.h"
#include "core/plan/parallel_plan.h"

#include <string>

namespace alpa
{

enum class ShardingDialect { kShardy, kGspmd };

/// @main takes the inputs of the plan's graph in order (with several microbatches, batch inputs
/// have them as an additional leading dimension) and gives the loss, averaged over the
/// microbatches, and what the step updates, in the order of the graph's outputs. Locations carry
/// names and scopes as JAX writes them. Every value is annotated as stored or computed, every
/// reshard is a constraint; values that the plan leaves partial are left to the compiler. Fails
/// with kUnsupported for plans of several stages and for ops that StableHLO lacks.
Result<std::string> exportStablehlo(const ParallelPlan& plan, ShardingDialect dialect);

} // namespace alpa
