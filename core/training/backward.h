// The state of one reverse sweep, and the derivative rules that work on it. Internal to
// core/training.
#pragma once

#include "core/graph/builder.h"
#include "core/graph/graph.h"
#include "core/training/slice_tiles.h"

#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// Cotangents of all values during the sweep. Rules read the op's operands and result, emit ops and
/// contribute to the cotangents of the operands. "Active" values are floating-point, have elements
/// and depend on a parameter in a way that can be differentiated; only they have cotangents.
class Backward
{
public:
    /// Assumes a graph of forward ops. The ops in `constants` are taken to have a derivative of
    /// zero.
    Backward(Graph& graph, const std::vector<bool>& isConstantOp);

    /// To be called before the sweep, with the ops that get a cotangent.
    void start(const std::vector<bool>& isOnTheWay) { tiles_.emplace(graph_, isOnTheWay, groups_); }
    SliceTiles& tiles() { return *tiles_; }

    GraphBuilder& build() { return builder_; }
    const Graph& graph() const { return graph_; }
    /// A copy, since emitting ops moves the table of values.
    std::vector<int64_t> dims(ValueId id) const { return graph_.type(id).dims; }

    bool isActive(ValueId id) const { return isActive_[id.index()]; }
    /// Adds `cotangent` to that of `value` if it is active.
    void contribute(ValueId value, ValueId cotangent);
    /// Sums what contributed to the results of `op`, before its rule reads their cotangents.
    void settle(const Op& op);
    /// The settled cotangent; invalid if nothing contributed.
    ValueId cotangent(ValueId value) const { return cotangents_[value.index()]; }
    const std::vector<ValueId>& parameterContributions(ValueId value) const
    {
        return contributions_[value.index()];
    }
    /// The following ops are emitted for forward op `id`.
    void startOp(OpId id);

    /// The number that all elements of `id` are known to equal.
    std::optional<double> splat(ValueId id) const;
    // Arithmetic on cotangents; known constants are folded, so that a chain from the loss stays
    // short.
    ValueId multiply(ValueId a, ValueId b);
    ValueId divide(ValueId a, ValueId b);
    ValueId negate(ValueId a);
    ValueId scale(ValueId a, double factor);
    /// `x`, without the dimensions `reduced`, repeated along them to the type of `like`.
    ValueId spread(ValueId x, const std::vector<int>& reduced, ValueId like);

private:
    /// What contributed to a value in this group: sums that devices may hold in parts, and the
    /// rest.
    struct Pending {
        ValueId fresh, whole;
        OpId lastUse;
    };
    void settle(ValueId value);
    void addTo(ValueId& sum, ValueId term);
    void contributeToParameter(ValueId value, ValueId cotangent);

    Graph& graph_;
    GraphBuilder builder_;
    std::vector<bool> isActive_;
    std::vector<bool> isParameter_;
    std::vector<ValueId> cotangents_; ///< By value; invalid where nothing contributed.
    std::vector<Pending> pending_;    ///< By value.
    std::vector<ValueId> unsettled_;  ///< With something pending, in order of the first.
    OpId use_;                        ///< Of startOp.
    std::vector<std::vector<ValueId>>
        contributions_; ///< By value, of parameters: one per scope group.
    std::vector<std::vector<int>> contributionGroups_;
    std::vector<int> groups_; ///< By scope.
    int group_ = 0;
    std::optional<SliceTiles> tiles_;
};

/// Contributes to the operands of `op`, given the cotangent of its first result (invalid if only
/// others of several results have one).
using DerivativeRule = void (*)(Backward& backward, const Op& op, ValueId cotangent);

/// The rule of a kind in each family; null if the kind is in another family or has none.
DerivativeRule elementwiseRule(OpKind kind);
DerivativeRule shapeRule(OpKind kind);
DerivativeRule contractionRule(OpKind kind);
DerivativeRule indexingRule(OpKind kind);
DerivativeRule derivativeRule(OpKind kind);

/// Is the derivative zero wherever it exists (round, compare, ...)?
bool isFlat(OpKind kind);
/// Why this op has no derivative ("feature groups"), beyond that its kind has no rule.
std::optional<std::string> derivativeRefusal(const Op& op);

} // namespace alpa
