// A plan as the settings of frameworks that bring their own model: Megatron-LM's arguments,
// DeepSpeed's JSON and Hugging Face's tp_plan.
#pragma once

#include "core/base/result.h"
#include "core/plan/parallel_plan.h"

#include <string>

namespace alpa
{

/// The command line of pretrain_gpt.py, with the pipeline layout as a string. Fails with
/// kUnsupported unless the model is a transformer whose blocks, sizes and heads can be told, split
/// as Megatron splits it: columns then rows inside every block, the vocabulary over the tensor
/// axis.
Result<std::string> exportMegatron(const ParallelPlan& plan);

/// ds_config.json. Refuses pipelines, and ZeRO 3 together with tensor parallelism.
Result<std::string> exportDeepspeed(const ParallelPlan& plan);

/// {"layers.*.q_proj": "colwise"}: refuses pipelines, blocks that differ, and plans whose tensor
/// axis splits nothing.
Result<std::string> exportTpPlan(const ParallelPlan& plan);

} // namespace alpa
