// One composite while it is being recognised, from the op that gives it away.
#pragma once

#include "core/fusion/composites.h"
#include "core/fusion/op_pattern.h"

#include <optional>
#include <vector>

namespace alpa::fusion
{

/// Ops of the forward pass around one anchor.
class CompositeMatch
{
public:
    CompositeMatch(const StageGraph& graph, CompositeKind kind)
        : graph_(graph)
        , ops_(graph)
    {
        found_.kind = kind;
    }

    /// The root or its reciprocal of the mean of squares + epsilon, and what it scales.
    bool norm(int root);

    /// x * 0.5 * (1 + f(x)) for f an erf or a tanh.
    bool gelu(int anchor);

    /// (x1 * c - x2 * s, x2 * c + x1 * s) for halves x1 and x2, or x * c + (-x2, x1) * s.
    bool rotaryEmbedding(int concatenate);

    /// exp(x - max x) / sum(exp(x - max x)) between two products.
    bool attention(int divide);

    /// x - max x - log(sum(exp(x - max x))), gathered or picked by comparisons with labels.
    bool crossEntropy(int log);
    Composite take(const Graph& graph);

private:
    bool isForward(int node) const
    {
        return graph_.nodes()[static_cast<size_t>(node)].segment == SegmentKind::kForward;
    }
    /// The only reader in the forward pass; -1 if there are several.
    int forwardUser(BufferId id) const;
    bool ends(BufferId result)
    {
        found_.result = ValueId(result.index());
        return true;
    }
    /// Behind changes of type and shape that keep every element.
    BufferId uncast(BufferId id) const;
    /// The maker of `id` of `kind`, behind broadcasts and reshapes, which are covered.
    int madeThrough(BufferId id, OpKind kind);
    bool isRowReduction(int node, ReduceKind kind) const;

    /// Do both follow from one value by the same ops?
    bool isSame(BufferId one, BufferId other) const;

    /// Whose rows are averaged on the way to the root: x for squares and for the mean. Empty if
    /// there is anything else.
    std::vector<BufferId> meansBehind(int root);

    /// x of x - mean x, which makes it a layer norm.
    BufferId uncentred(BufferId id);

    /// From the deviation or its reciprocal to the result: products with x and the scale, a sum
    /// with the bias.
    bool scaled(BufferId value, bool isReciprocal);
    /// Is `next` x or 1 divided by the deviation `value`?
    bool isDividedBy(int next, BufferId value, bool& hasX);

    /// A vector over the last dimension, spread over the rows.
    std::optional<BufferId> rowOf(BufferId id);

    /// Is `id` x or x - mean x (a mean of zero for RMS norms)?
    bool isCentred(BufferId id);

    /// sqrt(2 / pi) * (x + 0.044715 x^3)
    bool cubic(BufferId inner);
    bool isCube(BufferId id);

    /// x / sqrt 2, or x * sqrt 1/2
    bool divided(BufferId inner);

    /// x, or half of it.
    bool takesX(BufferId id, bool& hasHalf);

    /// The node of exp(x - max x) whose rows are summed by `sum`, which sets x; -1 if there is
    /// anything else.
    int exponentialOf(int sum);
    /// Of `logs` less the one at the label: -log(softmax x) there.
    bool picksLabel(BufferId logs, BufferId shifted);
    bool isOneHotOf(int compare);
    /// The product from which x follows by a factor, a bias and a mask.
    bool scoresBehind(BufferId id);

    /// One half of the last dimension of x.
    struct Half {
        BufferId x;
        bool isUpper = false;
    };
    std::optional<Half> halfOf(BufferId id) const;
    /// A half times a table.
    struct TurnedHalf {
        int node = -1;
        Half half;
        BufferId table;
    };
    std::optional<TurnedHalf> turnedHalf(BufferId id) const;
    bool turnsHalves(int concatenate);
    bool turnsWhole(int concatenate);

    const StageGraph& graph_;
    OpPattern ops_;
    Composite found_;
    BufferId x_;
};

/// Constants of a graph may be rounded to bf16.
bool isNear(std::optional<double> value, double expected);

} // namespace alpa::fusion
