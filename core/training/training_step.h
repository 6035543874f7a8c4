// Makes a training step out of a loss graph: backward ops, gradient accumulation over microbatches
// and the optimizer.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <cstdint>
#include <vector>

namespace alpa
{

struct OptimizerOptions {
    enum class Kind {
        kSgd,   ///< p - lr g.
        kAdam,  ///< As optax.adam: both moments bias-corrected, epsilon outside the root.
        kAdamW, ///< As optax.adamw: Adam's update plus weightDecay p, times lr.
    };
    Kind kind = Kind::kAdam;
    double learningRate =
        1e-3; ///< What executors feed to the input "learning_rate" unless told otherwise.
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weightDecay = 1e-4; ///< For AdamW; optax's default.
    /// Parameters of less than 32 bits get a float32 copy among their states, which the update
    /// reads and writes.
    bool masterWeights = true;
    friend bool operator==(const OptimizerOptions&, const OptimizerOptions&) = default;
};

/// One parameter's way through the step. Every value has the parameter's dimensions.
struct TrainedParameter {
    ValueId parameter;
    /// Per microbatch, before the accumulate: one per scope group that uses the parameter (several
    /// for a tied embedding), float32 or wider. Empty if the loss does not depend on the parameter.
    std::vector<ValueId> gradients;
    std::vector<ValueId>
        accumulatedParts; ///< Mean over the microbatches of each gradient, in the same order.
    ValueId accumulated;  ///< Sum of the parts (update phase); what the optimizer reads.
    std::vector<ValueId> stateInputs; ///< Adam: m, v; then the master copy if there is one.
    ValueId updated;
    std::vector<ValueId> updatedStates; ///< In the order of stateInputs.
    friend bool operator==(const TrainedParameter&, const TrainedParameter&) = default;
};

struct TrainingStep {
    Graph graph;
    ValueId loss;
    std::vector<TrainedParameter> parameters; ///< In input order.
    ValueId learningRate;                     ///< Scalar f32 input; the executor feeds it.
    ValueId stepCount; ///< Scalar f32 input, steps done so far; invalid for SGD.
    OptimizerOptions optimizer;
    int64_t microbatchSize = 0; ///< Dimension 0 of the batch inputs; 0 without a batch input.
};

/// The training step of `loss`, one graph for one microbatch:
/// * forward and backward ops, invariants localized (localize_invariants.h), simplified;
/// * one accumulate per gradient (phase backward, in the gradient's scope), of float32 at least;
/// * per parameter its update (phase update, in the scope that its name says: "block_0.fc.kernel"
/// is in the model's
///   scope .../block_0/fc, or a new one under the model's root if there is none), which shares no
///   op with another parameter's, so that stages do not depend on each other;
/// * inputs "learning_rate", "step" and per parameter "NAME.m", "NAME.v", "NAME.master"; outputs
/// loss, updated
///   parameters and states with the inputs they replace.
/// The result is verified. Fails as differentiateLoss does.
Result<TrainingStep> makeTrainingStep(const Graph& loss, const OptimizerOptions& options = {});

} // namespace alpa
