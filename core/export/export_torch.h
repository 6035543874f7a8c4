// A plan for PyTorch: DTensor placements, parallelize_module and fully_shard; torchtitan's recipe;
// and the order of a pipeline as torch.distributed.pipelining reads it.
#pragma once

#include "core/base/result.h"
#include "core/plan/parallel_plan.h"

#include <string>

namespace alpa
{

/// Python: the placements of every parameter and state, and apply(model, mesh), which splits a
/// model whose modules have the plan's names. Fails with kUnsupported where stages differ or an
/// operation leaves the pattern of modules.
Result<std::string> exportTorch(const ParallelPlan& plan);

/// Python: a function that returns a Trainer.Config of torchtitan. Fails with kUnsupported as
/// exportTorch does, and if blocks cannot be told.
Result<std::string> exportTorchtitan(const ParallelPlan& plan);

/// One row per pipeline rank, one cell per computation: "0F0,0F1,0B0"; "I" and "W" for the
/// gradients of inputs and weights apart. Refuses plans of one stage.
Result<std::string> exportPipelineCsv(const ParallelPlan& plan);

} // namespace alpa
