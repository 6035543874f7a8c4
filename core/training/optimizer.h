// The optimizers' formulas as ops. Internal to core/training.
#pragma once

#include "core/graph/builder.h"
#include "core/training/training_step.h"

namespace alpa
{

/// Scalars that all updates read.
struct OptimizerScalars {
    ValueId learningRate, stepCount;
};

/// Appends the update of `trained`, whose parameter, gradients, accumulated and states are set:
/// emits with `builder` and sets updated and updatedStates.
void emitUpdate(GraphBuilder& builder, const OptimizerOptions& options,
                const OptimizerScalars& scalars, TrainedParameter& trained);

} // namespace alpa
