#include "core/graph/factor_rule.h"

#include "core/base/check.h"
#include "core/graph/opaque_rule.h"
#include "core/graph/rule_builder.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

namespace alpa
{

RuleBuilder::RuleBuilder(const Graph& graph, const Op& op)
    : graph_(graph)
    , op_(op)
{
    for (const ValueId operand : op.operands)
        rule_.operands.emplace_back(graph.type(operand).dims.size());
    for (const ValueId result : op.results)
        rule_.results.emplace_back(graph.type(result).dims.size());
}

int64_t RuleBuilder::size(Place place) const
{
    const TensorType& type = place.isResult ? resultType(place.index) : operandType(place.index);
    return type.dims[static_cast<size_t>(place.dim)];
}

DimFactors& RuleBuilder::at(Place place)
{
    auto& tensors = place.isResult ? rule_.results : rule_.operands;
    return tensors[place.index][static_cast<size_t>(place.dim)];
}

void RuleBuilder::append(int64_t factorSize, FactorKind kind, const std::vector<Place>& places,
                         ReduceKind reduction)
{
    if (factorSize == 1 || places.empty())
        return;
    const int factor = static_cast<int>(rule_.factors.size());
    rule_.factors.push_back({factorSize, factorSize == 0 ? FactorKind::kBlocked : kind, reduction});
    for (const Place place : places)
        at(place).push_back(factor);
}

void RuleBuilder::share(FactorKind kind, const std::vector<Place>& places, ReduceKind reduction)
{
    for (const Place place : places)
        CHECK(size(place) == size(places[0]), "the places of a factor have one size");
    if (!places.empty())
        append(size(places[0]), kind, places, reduction);
}

void RuleBuilder::block(std::initializer_list<Place> places)
{
    for (const Place place : places)
        share(FactorKind::kBlocked, {place});
}

bool RuleBuilder::isZero(size_t index) const
{
    ValueId id = op_.operands[index];
    while (graph_.value(id).producer.isValid()) {
        const Op& producer = graph_.op(graph_.value(id).producer);
        if (const auto* constant = std::get_if<ConstantAttributes>(&producer.attributes))
            return constant->values.size() == 1 && constant->values[0] == 0;
        if (producer.kind != OpKind::kBroadcast && producer.kind != OpKind::kReshape &&
            producer.kind != OpKind::kConvert)
            return false;
        id = producer.operands[0];
    }
    return false;
}

FactorRule RuleBuilder::finish() const
{
    FactorRule rule = rule_;
    rule.factors.clear();
    std::vector<int> numbers(rule_.factors.size(), -1);
    for (auto* tensors : {&rule.operands, &rule.results}) {
        for (std::vector<DimFactors>& tensor : *tensors) {
            for (DimFactors& dim : tensor) {
                for (int& factor : dim) {
                    int& number = numbers[static_cast<size_t>(factor)];
                    if (number < 0) {
                        number = static_cast<int>(rule.factors.size());
                        rule.factors.push_back(rule_.factors[static_cast<size_t>(factor)]);
                    }
                    factor = number;
                }
            }
        }
    }
    return rule;
}

namespace
{

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

void addElementwiseRule(RuleBuilder& rule)
{
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        std::vector<Place> places{resultDim(dim)};
        for (size_t i = 0; i < rule.op().operands.size(); ++i) {
            // Clamp's bounds and select's predicate may be scalars.
            if (rule.operandType(i).rank() != 0)
                places.push_back(operandDim(i, dim));
        }
        rule.pass(places);
    }
}

void addConstantRule(RuleBuilder& rule)
{
    const bool isSplat = std::get<ConstantAttributes>(rule.op().attributes).values.size() == 1;
    for (int dim = 0; dim < rule.resultType().rank(); ++dim)
        rule.share(isSplat ? FactorKind::kPassThrough : FactorKind::kBlocked, {resultDim(dim)});
}

void addIotaRule(RuleBuilder& rule)
{
    // A device adds its offset, so that the counted dimension may be split too.
    for (int dim = 0; dim < rule.resultType().rank(); ++dim)
        rule.pass({resultDim(dim)});
}

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

void addSortRule(RuleBuilder& rule)
{
    const int sorted = std::get<SortAttributes>(rule.op().attributes).dim;
    for (int dim = 0; dim < rule.resultType().rank(); ++dim) {
        std::vector<Place> places;
        for (size_t i = 0; i < rule.op().operands.size(); ++i) {
            places.push_back({false, i, dim});
            places.push_back({true, i, dim});
        }
        rule.share(dim == sorted ? FactorKind::kBlocked : FactorKind::kPassThrough, places);
    }
}

/// One factor for all places of a name, blocked for "_".
void addNamedRule(RuleBuilder& rule, const OpaqueRule& named)
{
    std::map<std::string, std::vector<Place>> places;
    const auto collect = [&](const std::vector<DimNames>& tensors, bool isResult) {
        for (size_t at = 0; at < tensors.size(); ++at) {
            for (size_t dim = 0; dim < tensors[at].size(); ++dim) {
                const Place place{isResult, at, static_cast<int>(dim)};
                if (tensors[at][dim] == "_")
                    rule.block({place});
                else
                    places[tensors[at][dim]].push_back(place);
            }
        }
    };
    collect(named.operands, false);
    collect(named.results, true);
    for (const auto& [name, where] : places) {
        const auto reduction = named.reductions.find(name);
        if (reduction != named.reductions.end())
            rule.share(FactorKind::kReduction, where, reduction->second);
        else if (std::ranges::binary_search(named.blocked, name))
            rule.share(FactorKind::kBlocked, where);
        else
            rule.pass(where);
    }
}

void addOpaqueRule(RuleBuilder& rule)
{
    const auto& attributes = std::get<OpaqueAttributes>(rule.op().attributes);
    if (!attributes.rule.empty()) {
        const Result<OpaqueRule> named = parseOpaqueRule(attributes.rule);
        CHECK(named.ok(), "the verifier has checked the rule");
        return addNamedRule(rule, *named);
    }
    for (size_t i = 0; i < rule.op().operands.size(); ++i) {
        for (int dim = 0; dim < rule.operandType(i).rank(); ++dim)
            rule.block({operandDim(i, dim)});
    }
    for (size_t i = 0; i < rule.op().results.size(); ++i) {
        for (int dim = 0; dim < rule.resultType(i).rank(); ++dim)
            rule.block({Place{true, i, dim}});
    }
}

/// Operand groups in which a partial sum may stay a partial sum. Rounding aside, so floating-point
/// converts count.
std::vector<std::vector<int>> linearGroups(const RuleBuilder& rule)
{
    const Op& op = rule.op();
    if (op.results.empty() || rule.resultType().dtype == DType::kPred)
        return {};
// Only the linear kinds are listed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (op.kind) {
    case OpKind::kAdd:
    case OpKind::kSubtract:
    case OpKind::kDynamicUpdateSlice:
        return {{0, 1}};
    case OpKind::kMultiply:
    case OpKind::kDot:
    case OpKind::kConvolution:
        return {{0}, {1}};
    case OpKind::kNegate:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kReverse:
    case OpKind::kSlice:
    case OpKind::kDynamicSlice:
    case OpKind::kBroadcast:
    case OpKind::kGather:
    case OpKind::kAccumulate:
        return {{0}};
    case OpKind::kSelect:
        return {{1, 2}};
    case OpKind::kSelectAndScatter:
        return {{1}};
    case OpKind::kConcatenate: {
        std::vector<int> all(op.operands.size());
        std::iota(all.begin(), all.end(), 0);
        return {all};
    }
    default:
        break;
    }
#pragma GCC diagnostic pop
    bool isLinear = false;
    if (op.kind == OpKind::kConvert)
        isLinear = isFloating(rule.operandType(0).dtype) && isFloating(rule.resultType().dtype);
    if (op.kind == OpKind::kDivide)
        isLinear = isFloating(rule.resultType().dtype);
    if (op.kind == OpKind::kReduce)
        isLinear = std::get<ReduceAttributes>(op.attributes).kind == ReduceKind::kAdd;
    if (op.kind == OpKind::kReduceWindow)
        isLinear = std::get<ReduceWindowAttributes>(op.attributes).kind == ReduceKind::kAdd;
    if (op.kind == OpKind::kPad)
        isLinear = rule.isZero(1);
    if (isLinear)
        return {{0}};
    if (op.kind == OpKind::kScatter) {
        const auto& attributes = std::get<ScatterAttributes>(op.attributes);
        // Replacing is linear as well, but which updates are dropped must not differ: only adding
        // is taken.
        if (!attributes.isReplace && attributes.kind == ReduceKind::kAdd)
            return rule.isZero(0) ? std::vector<std::vector<int>>{{2}}
                                  : std::vector<std::vector<int>>{{0, 2}};
    }
    return {};
}

void addRule(RuleBuilder& rule)
{
// Element-wise kinds are the rest.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (rule.op().kind) {
    case OpKind::kConstant:
        return addConstantRule(rule);
    case OpKind::kIota:
        return addIotaRule(rule);
    case OpKind::kBroadcast:
        return addBroadcastRule(rule);
    case OpKind::kConcatenate:
        return addConcatenateRule(rule);
    case OpKind::kDynamicSlice:
    case OpKind::kSlice:
        return addSliceRule(rule);
    case OpKind::kDynamicUpdateSlice:
        return addDynamicUpdateSliceRule(rule);
    case OpKind::kPad:
        return addPadRule(rule);
    case OpKind::kReshape:
        return addReshapeRule(rule);
    case OpKind::kReverse:
        return addReverseRule(rule);
    case OpKind::kTranspose:
        return addTransposeRule(rule);
    case OpKind::kConvolution:
        return addConvolutionRule(rule);
    case OpKind::kDot:
        return addDotRule(rule);
    case OpKind::kGather:
        return addGatherRule(rule);
    case OpKind::kReduce:
        return addReduceRule(rule);
    case OpKind::kReduceWindow:
        return addReduceWindowRule(rule);
    case OpKind::kScatter:
        return addScatterRule(rule);
    case OpKind::kSelectAndScatter:
        return addSelectAndScatterRule(rule);
    case OpKind::kSort:
        return addSortRule(rule);
    case OpKind::kOpaque:
        return addOpaqueRule(rule);
    default:
        return addElementwiseRule(rule);
    }
#pragma GCC diagnostic pop
}

std::string formatTensors(const std::vector<std::vector<DimFactors>>& tensors)
{
    std::string text = "(";
    for (size_t i = 0; i < tensors.size(); ++i) {
        text += i == 0 ? "[" : ", [";
        for (size_t dim = 0; dim < tensors[i].size(); ++dim) {
            if (dim != 0)
                text += ", ";
            if (tensors[i][dim].empty())
                text += "1";
            for (size_t factor = 0; factor < tensors[i][dim].size(); ++factor)
                text += (factor == 0 ? "b" : "*b") + std::to_string(tensors[i][dim][factor]);
        }
        text += "]";
    }
    return text + ")";
}

} // namespace

FactorRule factorRule(const Graph& graph, const Op& op)
{
    RuleBuilder rule(graph, op);
    addRule(rule);
    rule.setLinear(linearGroups(rule));
    return rule.finish();
}

std::string formatRule(const FactorRule& rule)
{
    std::string reductions;
    std::string blocked;
    for (size_t i = 0; i < rule.factors.size(); ++i) {
        const Factor& factor = rule.factors[i];
        const std::string name = "b" + std::to_string(i);
        if (factor.kind == FactorKind::kReduction)
            reductions += (reductions.empty() ? "" : ", ") + name + ": " +
                          std::string(reduceKindName(factor.reduction));
        if (factor.kind == FactorKind::kBlocked)
            blocked += (blocked.empty() ? "" : ", ") + name;
    }
    std::string text = formatTensors(rule.operands) + " -> " + formatTensors(rule.results);
    if (!reductions.empty())
        text += " reduction {" + reductions + "}";
    if (!blocked.empty())
        text += " blocked {" + blocked + "}";
    return text;
}

} // namespace alpa
