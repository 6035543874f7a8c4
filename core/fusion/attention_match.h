// An attention while it is being recognised: what its forward and its backward half share.
#pragma once

#include "core/fusion/attention_shape.h"
#include "core/fusion/op_pattern.h"

#include <array>
#include <optional>
#include <set>

namespace alpa::fusion
{

/// Which dimension of a product's operand is which.
struct ProductRoles {
    size_t batch = 0, head = 0, contracted = 0, free = 0;
};

/// A product of four-dimensional tensors as seen from one operand.
struct ProductSide {
    BufferId other;
    ProductRoles own, others;
    /// Of the result (batch, head, free, free), as (batch, head, own free, other's free).
    std::array<size_t, 4> results{};
};

struct AttentionMatch {
    explicit AttentionMatch(StageGraph& stage)
        : graph(stage)
        , ops(stage)
    {
    }

    /// Node `dot` with the operand `own`; none if it is not over one batch and one head dimension.
    std::optional<ProductSide> sideOf(int dot, BufferId own) const;
    /// Takes a scale by a constant off `scores`, into `scale`.
    void takeScale(BufferId& scores, double& scale);
    /// Where a product's result is to be written: in the layout of the transpose that is its only
    /// use, if there is one. `roles`: of its dimensions.
    BufferId resultOf(BufferId product, const std::array<size_t, 4>& roles,
                      AttentionShape::Strides& strides);

    StageGraph& graph;
    OpPattern ops;
    Attention found;
    std::set<BufferId> results;
    BufferId x; ///< The scores as the softmax takes them.
    BufferId q, k, v, exponential, sum, probabilities, weights, gradO;
    /// Dimensions as (batch, head, position, channel).
    std::array<size_t, 4> qRoles{}, kRoles{}, vRoles{}, gradORoles{};
    int valuesNode = -1;
};

/// grad S = P * (grad P - sum(P * grad P)), as the differentiation of a quotient writes it, and the
/// gradients of queries, keys and values that follow from it.
bool matchAttentionGradients(AttentionMatch& match);

} // namespace alpa::fusion
