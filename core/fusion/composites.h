// What the ops of a graph are together: normalisations, gelu, softmax cross-entropies and
// attentions, found in raw graphs by what they compute. Names for people; the fused kernels need
// none of them, but for attention.
#pragma once

#include "core/graph/graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa::fusion
{

enum class CompositeKind { kAttention, kLayerNorm, kRmsNorm, kGelu, kSoftmaxCrossEntropy };
/// "attention", "layer norm", "RMS norm", "gelu", "softmax cross-entropy".
std::string_view compositeName(CompositeKind kind);

/// One occurrence. Over rows x (..., C) of the last dimension:
///   layer norm             (x - mean x) / sqrt(var x + epsilon) * scale + bias
///   RMS norm               x / sqrt(mean x^2 + epsilon) * scale
///   gelu                   x * 0.5 * (1 + erf(x / sqrt 2)), or its approximation by a tanh
///   softmax cross-entropy  log(softmax x), of which the labels' are gathered
struct Composite {
    CompositeKind kind = CompositeKind::kAttention;
    std::vector<OpId> ops;       ///< Of the forward pass, ascending.
    std::vector<OpId> gradients; ///< Those of the backward pass that were derived from them.
    ValueId x, result;
    ValueId scale, bias; ///< Of normalisations (C), where there are any.
    double epsilon = 0;
    bool isApproximate = false; ///< Gelu: by a tanh.
};

/// In the order of their first op. Linear in the graph.
std::vector<Composite> findComposites(const Graph& graph);

/// One line a kind and scope pattern: how many there are, of how many ops.
std::string formatComposites(const Graph& graph);

} // namespace alpa::fusion
