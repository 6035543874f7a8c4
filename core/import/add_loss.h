// A loss for a forward graph, so that it can be trained.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <optional>
#include <string_view>

namespace alpa
{

enum class LossKind {
    kMean,         ///< The mean of the output.
    kMeanSquare,   ///< The mean of (output - target)^2; a batch input "target" of its type.
    kCrossEntropy, ///< The mean of -log softmax(output)[label] over the last dimension; a batch
                   ///< input "labels" of 32-bit integers for all dimensions but the last.
};
/// "mean", "mse", "cross-entropy".
std::string_view lossName(LossKind kind);
std::optional<LossKind> lossFromName(std::string_view name);

/// `forward` with the loss of its first floating-point output, which takes the place of all its
/// outputs. Fails with kInvalidInput if there is a loss already, no such output, or, for
/// cross-entropy, no dimension of classes.
Result<Graph> addLoss(Graph forward, LossKind kind);

} // namespace alpa
