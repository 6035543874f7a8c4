// Reverse-mode differentiation of a loss graph, op by op, into a graph. Stands between import and
// the training step.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <vector>

namespace alpa
{

/// What one parameter's uses contribute to its gradient. Uses in one scope group (scope_group.h)
/// are summed where they are; contributions of different groups stay apart, so that stages on
/// different devices need not meet per microbatch.
struct ParameterGradient {
    ValueId parameter;
    std::vector<ValueId>
        contributions; ///< Of the parameter's type; empty if the loss does not depend on it.
};

struct Differentiation {
    Graph graph; ///< The loss graph and its backward ops, without gradient outputs.
    ValueId loss;
    std::vector<ParameterGradient> gradients; ///< One per parameter, in input order.
};

/// Appends the backward ops of the graph's loss (the output of role kLoss, or the only output):
/// phase backward, origin the forward op, scope that op's. A cotangent has the element type of its
/// value, as in JAX. Ops that no gradient flows through get no backward ops.
///
/// Where an op has no derivative, a subgradient is used: maximum and minimum of equal operands give
/// all to the first one, or nothing if the other is no function of a parameter; reduce shares among
/// equals. A gather outside its tensor (which reads a clamped place) has no gradient. Fails with
/// kInvalidInput if there is no scalar floating-point loss or backward ops exist already, with
/// kUnsupported naming every op on the way from a parameter to the loss that has no rule.
Result<Differentiation> differentiateLoss(const Graph& loss);

/// The same with one gradient output per parameter (role kGradient, its name): contributions
/// summed, zero where the loss does not depend on it.
Result<Graph> differentiate(const Graph& loss);

} // namespace alpa
