// Collects the factors of one op's rule. Internal to core/graph.
#pragma once

#include "core/graph/factor_rule.h"

#include <initializer_list>

namespace alpa
{

/// One dimension of one operand or result.
struct Place {
    bool isResult = false;
    size_t index = 0;
    int dim = 0;
};
inline Place operandDim(size_t index, int dim) { return {false, index, dim}; }
inline Place resultDim(int dim) { return {true, 0, dim}; }

class RuleBuilder
{
public:
    /// Starts with no factors at all. The op must have sound types (verify.h).
    RuleBuilder(const Graph& graph, const Op& op);

    const Op& op() const { return op_; }
    const TensorType& operandType(size_t index) const { return graph_.type(op_.operands[index]); }
    const TensorType& resultType(size_t index = 0) const { return graph_.type(op_.results[index]); }
    int64_t size(Place place) const;

    /// One factor of the dimensions' common size at all `places`. None when the size is 1; blocked
    /// when it is 0.
    void share(FactorKind kind, const std::vector<Place>& places,
               ReduceKind reduction = ReduceKind::kAdd);
    /// A pass-through factor.
    void pass(const std::vector<Place>& places) { share(FactorKind::kPassThrough, places); }
    /// A blocked factor for each of `places`, which may differ in size.
    void block(std::initializer_list<Place> places);
    /// Appends a minor factor to each of `places`.
    void append(int64_t factorSize, FactorKind kind, const std::vector<Place>& places,
                ReduceKind reduction = ReduceKind::kAdd);
    void setLinear(std::vector<std::vector<int>> groups) { rule_.linearGroups = std::move(groups); }

    /// Is operand `index` a splat of zero, directly or broadcast, reshaped or converted?
    bool isZero(size_t index) const;

    /// The rule, its factors numbered by first use: operands first, major to minor.
    FactorRule finish() const;

private:
    DimFactors& at(Place place);

    const Graph& graph_;
    const Op& op_;
    FactorRule rule_;
};

// movement_rules.cpp
void addBroadcastRule(RuleBuilder& rule);
void addReshapeRule(RuleBuilder& rule);
void addTransposeRule(RuleBuilder& rule);
void addReverseRule(RuleBuilder& rule);
/// Of slices and dynamic slices.
void addSliceRule(RuleBuilder& rule);
void addPadRule(RuleBuilder& rule);
void addConcatenateRule(RuleBuilder& rule);
void addDynamicUpdateSliceRule(RuleBuilder& rule);

// contraction_rules.cpp
void addDotRule(RuleBuilder& rule);
void addConvolutionRule(RuleBuilder& rule);
void addGatherRule(RuleBuilder& rule);
void addScatterRule(RuleBuilder& rule);
void addReduceRule(RuleBuilder& rule);
void addReduceWindowRule(RuleBuilder& rule);
void addSelectAndScatterRule(RuleBuilder& rule);

} // namespace alpa
