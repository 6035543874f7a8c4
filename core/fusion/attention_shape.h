// Attention as one kernel knows it, and where a stage's program holds it as products and a softmax.
#pragma once

#include "core/fusion/stage_graph.h"

#include <array>
#include <optional>
#include <vector>

namespace alpa::fusion
{

/// softmax(scale * Q K^T, causal or not) V. Strides in elements, along (batch, head, position,
/// channel); where a collective stands between the products and their transposes, channels are not
/// neighbours.
struct AttentionShape {
    using Strides = std::array<int64_t, 4>;
    DType dtype = DType::kBF16;
    int64_t batch = 1, heads = 1, queries = 1, keys = 1, channels = 1;
    bool isCausal = false;
    double scale = 1;
    Strides q{}, k{}, v{}, o{};
    Strides gradO{}, gradQ{}, gradK{}, gradV{}; ///< For the backward pass.
    friend auto operator<=>(const AttentionShape&, const AttentionShape&) = default;
};

/// Of its products: two forward, five backward.
double attentionFlops(const AttentionShape& shape, bool isBackward);
/// What the device's `units` (0: unknown) could compute while the last of them end: work is handed
/// out in blocks of 256 queries (forward) or keys (backward), so small batches lose a part of one.
double attentionTail(const AttentionShape& shape, bool isBackward, int units);

/// What starting its kernels costs, in launches: a clearing before one forward; backward also
/// prepares and converts. (Gaps of an H200's steps; a loop's launch is also its beginning and end.)
constexpr double attentionLaunches(bool isBackward) { return isBackward ? 2.9 : 1.6; }

/// One occurrence, forward and (if the program has it) backward.
struct Attention {
    AttentionShape shape;
    BufferId q, k, v, o;  ///< Stored buffers behind the operands, and where the result goes.
    BufferId statistics;  ///< Row sums of the softmax: holds its logarithms instead.
    int forwardNode = -1; ///< Where the forward kernel runs.
    bool hasBackward = false;
    BufferId gradO, gradQ, gradK, gradV;
    int backwardNode = -1;
    std::vector<int> replaced; ///< Nodes that need no kernel.
};

/// All attentions that cuDNN takes; their inner values lose their memory, outer ones get it.
std::vector<Attention> findAttentions(StageGraph& graph);

} // namespace alpa::fusion
