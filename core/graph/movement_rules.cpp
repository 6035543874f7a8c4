// Factor rules of ops that only move elements: broadcasts, reshapes, parts of tensors.
#include "core/graph/infer_rules.h"
#include "core/graph/rule_builder.h"

#include <algorithm>
#include <numeric>

namespace alpa
{
namespace
{

/// What is left to match of the dimensions of one side of a reshape, major to minor.
struct ReshapeSide {
    const std::vector<int64_t>& dims;
    bool isResult;
    int dim = 0;
    int64_t rest = 1; ///< Of dimension `dim`, without the factors already matched.

    bool isAtEnd() const { return dim == static_cast<int>(dims.size()); }
    Place place() const { return {isResult, 0, dim}; }
    /// Goes to the next dimension with something to match.
    void advance()
    {
        while (!isAtEnd() && rest == 1) {
            if (++dim; !isAtEnd())
                rest = dims[static_cast<size_t>(dim)];
        }
    }
    static ReshapeSide begin(const std::vector<int64_t>& dims, bool isResult)
    {
        ReshapeSide side{dims, isResult};
        if (!dims.empty())
            side.rest = dims[0];
        side.advance();
        return side;
    }
};

/// Blocks dimensions of both sides until equally many elements are consumed.
void blockMismatch(RuleBuilder& rule, ReshapeSide& from, ReshapeSide& to)
{
    int64_t fromCount = 1;
    int64_t toCount = 1;
    do {
        const bool takesFrom = to.isAtEnd() || (!from.isAtEnd() && fromCount <= toCount);
        ReshapeSide& side = takesFrom ? from : to;
        (takesFrom ? fromCount : toCount) *= side.rest;
        rule.append(side.rest, FactorKind::kBlocked, {side.place()});
        side.rest = 1;
        side.advance();
    } while (fromCount != toCount);
}

/// Slice, dynamic slice and pad: dimensions that keep all their elements pass, the others are
/// blocked.
template <typename IsWhole>
void addPartRule(RuleBuilder& rule, IsWhole&& isWhole)
{
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        if (isWhole(static_cast<size_t>(dim)))
            rule.pass({operandDim(0, dim), resultDim(dim)});
        else
            rule.block({operandDim(0, dim), resultDim(dim)});
    }
}

} // namespace

void addBroadcastRule(RuleBuilder& rule)
{
    const std::vector<int>& dims = std::get<DimsAttributes>(rule.op().attributes).dims;
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        std::vector<Place> places{resultDim(dim)};
        const auto source = std::ranges::find(dims, dim);
        if (source != dims.end()) {
            const Place operand = operandDim(0, static_cast<int>(source - dims.begin()));
            if (rule.size(operand) == rule.size(resultDim(dim)))
                places.push_back(operand);
        }
        rule.pass(places);
    }
}

void addReshapeRule(RuleBuilder& rule)
{
    const TensorType& operand = rule.operandType(0);
    const TensorType& result = rule.resultType();
    if (result.elementCount() == 0) {
        for (int dim = 0; dim < operand.rank(); ++dim)
            rule.block({operandDim(0, dim)});
        for (int dim = 0; dim < result.rank(); ++dim)
            rule.block({resultDim(dim)});
        return;
    }
    ReshapeSide from = ReshapeSide::begin(operand.dims, false);
    ReshapeSide to = ReshapeSide::begin(result.dims, true);
    while (!from.isAtEnd() && !to.isAtEnd()) {
        // Everything major to here is matched, so a common divisor splits both sides at the same
        // elements.
        const int64_t common = std::gcd(from.rest, to.rest);
        rule.append(common, FactorKind::kPassThrough, {from.place(), to.place()});
        from.rest /= common;
        to.rest /= common;
        if (from.rest != 1 && to.rest != 1)
            blockMismatch(rule, from, to);
        from.advance();
        to.advance();
    }
}

void addTransposeRule(RuleBuilder& rule)
{
    const std::vector<int>& dims = std::get<DimsAttributes>(rule.op().attributes).dims;
    for (int dim = 0; dim < rule.resultType().rank(); ++dim)
        rule.pass({resultDim(dim), operandDim(0, dims[static_cast<size_t>(dim)])});
}

void addReverseRule(RuleBuilder& rule)
{
    const std::vector<int>& dims = std::get<DimsAttributes>(rule.op().attributes).dims;
    for (int dim = 0; dim < rule.resultType().rank(); ++dim)
        rule.share(contains(dims, dim) ? FactorKind::kBlocked : FactorKind::kPassThrough,
                   {resultDim(dim), operandDim(0, dim)});
}

void addSliceRule(RuleBuilder& rule)
{
    // The result is as large only when start is 0 and stride 1.
    addPartRule(rule, [&](size_t dim) {
        return rule.resultType().dims[dim] == rule.operandType(0).dims[dim];
    });
}

void addPadRule(RuleBuilder& rule)
{
    const auto& attributes = std::get<PadAttributes>(rule.op().attributes);
    addPartRule(rule, [&](size_t dim) {
        return attributes.low[dim] == 0 && attributes.high[dim] == 0 &&
               attributes.interior[dim] == 0;
    });
}

void addConcatenateRule(RuleBuilder& rule)
{
    const int joined = std::get<ConcatenateAttributes>(rule.op().attributes).dim;
    const size_t count = rule.op().operands.size();
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        std::vector<Place> places{resultDim(dim)};
        for (size_t i = 0; i < count; ++i) {
            if (dim == joined)
                rule.block({operandDim(i, dim)});
            else
                places.push_back(operandDim(i, dim));
        }
        rule.share(dim == joined ? FactorKind::kBlocked : FactorKind::kPassThrough, places);
    }
}

void addDynamicUpdateSliceRule(RuleBuilder& rule)
{
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        if (rule.size(operandDim(1, dim)) == rule.size(resultDim(dim))) {
            rule.pass({operandDim(0, dim), operandDim(1, dim), resultDim(dim)});
        } else {
            rule.share(FactorKind::kBlocked, {operandDim(0, dim), resultDim(dim)});
            rule.block({operandDim(1, dim)});
        }
    }
}

} // namespace alpa
