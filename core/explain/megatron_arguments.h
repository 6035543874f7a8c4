// Megatron-LM's command line as a published plan.
#pragma once

#include "core/explain/published_plan.h"

namespace alpa
{

/// Degrees, batch, layout of the pipeline, ZeRO, recomputation. The data degree is what the devices
/// of torchrun's options leave. Fails with kInvalidInput naming the argument.
Result<PublishedPlan> readMegatronArguments(const std::string& text);

} // namespace alpa
