#include "core/training/backward.h"

#include "core/base/check.h"
#include "core/training/scope_group.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace alpa
{

bool isFlat(OpKind kind)
{
    constexpr OpKind kFlat[] = {OpKind::kCeil,     OpKind::kFloor,  OpKind::kRound,
                                OpKind::kSign,     OpKind::kIota,   OpKind::kConstant,
                                OpKind::kIsFinite, OpKind::kCompare};
    return std::ranges::find(kFlat, kind) != std::end(kFlat);
}

DerivativeRule derivativeRule(OpKind kind)
{
    for (const DerivativeRule rule :
         {elementwiseRule(kind), shapeRule(kind), contractionRule(kind), indexingRule(kind)}) {
        if (rule != nullptr)
            return rule;
    }
    return nullptr;
}

namespace
{

/// Reshapes, transposes and conversions between a contraction and the sum.
constexpr int kLongestChain = 6;

/// Values without elements have nothing to differentiate, and their sizes break the formulas of
/// windows.
bool canBeActive(const TensorType& type)
{
    return isFloating(type.dtype) && type.elementCount() > 0;
}

/// Does a contraction yield it, or at most `hops` ops that pass partial sums on from contractions?
bool isFreshSum(const Graph& graph, ValueId cotangent, int hops)
{
    const OpId producer = graph.value(cotangent).producer;
    if (!producer.isValid() || graph.op(producer).phase != Phase::kBackward)
        return false;
    const Op& op = graph.op(producer);
    if (op.kind == OpKind::kDot || op.kind == OpKind::kConvolution)
        return true;
    constexpr OpKind kPassing[] = {OpKind::kAdd, OpKind::kConvert, OpKind::kNegate,
                                   OpKind::kReshape, OpKind::kTranspose};
    return hops > 0 && std::ranges::find(kPassing, op.kind) != std::end(kPassing) &&
           std::ranges::all_of(
               op.operands, [&](ValueId operand) { return isFreshSum(graph, operand, hops - 1); });
}

} // namespace

Backward::Backward(Graph& graph, const std::vector<bool>& isConstantOp)
    : graph_(graph)
    , builder_(graph, ScopeId(0), Phase::kBackward)
    , isActive_(graph.values.size(), false)
    , isParameter_(graph.values.size(), false)
    , cotangents_(graph.values.size())
    , pending_(graph.values.size())
    , contributions_(graph.values.size())
    , contributionGroups_(graph.values.size())
    , groups_(scopeGroups(graph))
{
    for (const GraphInput& input : graph.inputs) {
        if (input.role != InputRole::kParameter || !canBeActive(graph.type(input.value)))
            continue;
        isActive_[input.value.index()] = true;
        isParameter_[input.value.index()] = true;
    }
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        const bool dependsOnParameter = std::ranges::any_of(
            op.operands, [&](ValueId operand) { return isActive_[operand.index()]; });
        if (!dependsOnParameter || isFlat(op.kind) || isConstantOp[i])
            continue;
        for (const ValueId result : op.results)
            isActive_[result.index()] = canBeActive(graph.type(result));
    }
}

void Backward::startOp(OpId id)
{
    const ScopeId scope = graph_.op(id).scope;
    const int group = scope.isValid() ? groups_[scope.index()] : -1;
    // Summed in the group of the uses, so that values used twice in a later stage send one
    // cotangent back.
    if (group != group_) {
        for (const ValueId value : unsettled_)
            settle(value);
        unsettled_.clear();
    }
    group_ = group;
    use_ = id;
    builder_.deriveFrom(id);
}

void Backward::contribute(ValueId value, ValueId cotangent)
{
    if (!isActive(value))
        return;
    CHECK(graph_.type(value) == graph_.type(cotangent), "a cotangent has the type of its value");
    if (isParameter_[value.index()]) {
        contributeToParameter(value, cotangent);
        return;
    }
    Pending& pending = pending_[value.index()];
    if (!pending.lastUse.isValid())
        unsettled_.push_back(value);
    pending.lastUse = use_;
    addTo(isFreshSum(graph_, cotangent, kLongestChain) ? pending.fresh : pending.whole, cotangent);
}

void Backward::addTo(ValueId& sum, ValueId term)
{
    sum = sum.isValid() ? builder_.add(sum, term) : term;
}

void Backward::contributeToParameter(ValueId value, ValueId cotangent)
{
    std::vector<int>& groups = contributionGroups_[value.index()];
    const auto at = std::ranges::find(groups, group_) - groups.begin();
    if (at == std::ssize(groups)) {
        groups.push_back(group_);
        contributions_[value.index()].emplace_back();
    }
    addTo(contributions_[value.index()][static_cast<size_t>(at)], cotangent);
}

void Backward::settle(const Op& op)
{
    for (const ValueId result : op.results)
        settle(result);
    builder_.deriveFrom(use_);
}

/// What devices may hold in parts is added before what is whole, the cotangent of a residual, so
/// that one reduction serves q, k and v.
void Backward::settle(ValueId value)
{
    const Pending pending = std::exchange(pending_[value.index()], {});
    if (!pending.lastUse.isValid())
        return;
    builder_.deriveFrom(pending.lastUse);
    ValueId sum = cotangents_[value.index()];
    for (const ValueId part : {pending.whole, pending.fresh}) {
        if (part.isValid())
            addTo(sum, part);
    }
    cotangents_[value.index()] = sum;
}

std::optional<double> Backward::splat(ValueId id) const
{
    while (true) {
        const OpId producer = graph_.value(id).producer;
        if (!producer.isValid())
            return std::nullopt;
        const Op& op = graph_.op(producer);
        if (op.kind == OpKind::kConstant) {
            const std::vector<double>& values = std::get<ConstantAttributes>(op.attributes).values;
            return values.size() == 1 ? std::optional(values[0]) : std::nullopt;
        }
        if (op.kind != OpKind::kBroadcast && op.kind != OpKind::kReshape)
            return std::nullopt;
        id = op.operands[0];
    }
}

ValueId Backward::multiply(ValueId a, ValueId b)
{
    const std::optional<double> x = splat(a);
    const std::optional<double> y = splat(b);
    if (x && y)
        return builder_.constantLike(*x * *y, a);
    if (x && *x == 1.0)
        return b;
    if (y && *y == 1.0)
        return a;
    return builder_.multiply(a, b);
}

ValueId Backward::divide(ValueId a, ValueId b)
{
    const std::optional<double> x = splat(a);
    const std::optional<double> y = splat(b);
    if (x && y && *y != 0.0)
        return builder_.constantLike(*x / *y, a);
    return y && *y == 1.0 ? a : builder_.divide(a, b);
}

ValueId Backward::negate(ValueId a)
{
    const std::optional<double> x = splat(a);
    return x ? builder_.constantLike(-*x, a) : builder_.negate(a);
}

ValueId Backward::scale(ValueId a, double factor)
{
    return multiply(a, builder_.constantLike(factor, a));
}

ValueId Backward::spread(ValueId x, const std::vector<int>& reduced, ValueId like)
{
    if (const std::optional<double> number = splat(x))
        return builder_.constant(*number, {graph_.type(x).dtype, dims(like)});
    return reduced.empty() ? x : builder_.broadcastOver(x, reduced, dims(like));
}

} // namespace alpa
