// The reference interpreter: runs a graph op by op in double precision. It is the truth that
// numeric tests and other backends are compared with; nothing in it is clever.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"
#include "runtime/reference/evaluate_op.h"
#include "runtime/reference/host_tensor.h"

#include <span>
#include <vector>

namespace alpa
{

/// The graph's outputs, in order, for `inputs`, one per graph input and of its type. Intermediate
/// tensors are freed after their last use. Fails with kInvalidInput if an input does not fit, with
/// kUnsupported for opaque ops.
Result<std::vector<HostTensor>> interpret(const Graph& graph, std::span<const HostTensor> inputs,
                                          const InterpretOptions& options = {});

/// What one training step gives.
struct StepResult {
    double loss = 0.0; ///< Mean over the microbatches.
    /// One per graph output: those of the update phase as computed; losses, gradients and other
    /// outputs of the forward and backward phases as the mean over the microbatches.
    std::vector<HostTensor> outputs;
};

/// Runs a training step with gradient accumulation: the forward and backward phases once for each
/// of `microbatches` slices of the batch inputs (along dimension 0), the update phase once, on
/// accumulated values averaged over the microbatches. `inputs`: one per graph input; batch inputs
/// hold `microbatches` times the graph's rows. Fails as interpret does, and with kInvalidInput if
/// the graph has no loss.
Result<StepResult> interpretStep(const Graph& graph, std::span<const HostTensor> inputs,
                                 int64_t microbatches, const InterpretOptions& options = {});

/// The inputs of the next step: updated parameters and states of `result` at their aliases,
/// everything else as before.
std::vector<HostTensor> nextInputs(const Graph& graph, std::vector<HostTensor> inputs,
                                   const StepResult& result);

} // namespace alpa
