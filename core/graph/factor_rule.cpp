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

namespace
{

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
