// What the ops of a graph are together: normalisations, gelu, rotary embeddings, attentions and
// softmax cross-entropies, found in raw graphs by what they compute. Names for people; the fused
// kernels need none of them, but for attention, which findAttentions finds where cuDNN takes it.
#pragma once

#include "core/graph/graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa::fusion
{

enum class CompositeKind {
    kAttention,
    kLayerNorm,
    kRmsNorm,
    kGelu,
    kRotaryEmbedding,
    kSoftmaxCrossEntropy
};
/// "attention", "layer norm", "RMS norm", "gelu", "rotary embedding", "softmax cross-entropy".
std::string_view compositeName(CompositeKind kind);

/// One occurrence. Over rows x (..., C) of the last dimension:
///   attention              softmax x, by which values are weighted; x = factor * scores + bias,
///   and
///                          below -1e4 where it is masked, for scores that are a product
///   layer norm             (x - mean x) / sqrt(var x + epsilon) * scale + bias
///   RMS norm               x / sqrt(mean x^2 + epsilon) * scale
///   gelu                   x * 0.5 * (1 + erf(x / sqrt 2)), or its approximation by a tanh
///   rotary embedding       x * cosine + (-upper half of x, lower half of x) * sine
///   softmax cross-entropy  log(softmax x), of which the labels' are gathered; with `labels`, the
///                          negative of the labels'
struct Composite {
    CompositeKind kind = CompositeKind::kAttention;
    std::vector<OpId> ops;       ///< Of the forward pass, ascending.
    std::vector<OpId> gradients; ///< Those of the backward pass that were derived from them.
    bool isOneKernel = false;    ///< Attention: one that cuDNN takes, see findAttentions.
    ValueId x, result;
    ValueId scale, bias;  ///< Of normalisations (C), where there are any. Bias of scores: as x.
    ValueId scores;       ///< Of attention, shaped as x.
    ValueId cosine, sine; ///< (..., C), or (..., C / 2) for either half.
    ValueId labels;       ///< One a row.
    double epsilon = 0;
    double factor = 1;
    bool isApproximate = false; ///< Gelu: by a tanh.
};

/// In the order of their first op. Linear in the graph.
std::vector<Composite> findComposites(const Graph& graph);

/// One line a kind and scope pattern: how many there are, of how many ops.
std::string formatComposites(const Graph& graph);

} // namespace alpa::fusion
