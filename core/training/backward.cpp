#include "core/training/backward.h"

#include "core/base/check.h"
#include "core/training/scope_group.h"

#include <algorithm>
#include <cmath>

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

/// Values without elements have nothing to differentiate, and their sizes break the formulas of
/// windows.
bool canBeActive(const TensorType& type)
{
    return isFloating(type.dtype) && type.elementCount() > 0;
}

} // namespace

Backward::Backward(Graph& graph, const std::vector<bool>& isConstantOp)
    : graph_(graph)
    , builder_(graph, ScopeId(0), Phase::kBackward)
    , isActive_(graph.values.size(), false)
    , isParameter_(graph.values.size(), false)
    , cotangents_(graph.values.size())
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
    builder_.deriveFrom(id);
    const ScopeId scope = graph_.op(id).scope;
    group_ = scope.isValid() ? groups_[scope.index()] : -1;
}

void Backward::contribute(ValueId value, ValueId cotangent)
{
    if (!isActive(value))
        return;
    CHECK(graph_.type(value) == graph_.type(cotangent), "a cotangent has the type of its value");
    // Summed at once and in the scope of the use, so that values used twice in a later stage send
    // one cotangent back.
    ValueId* sum = &cotangents_[value.index()];
    if (isParameter_[value.index()]) {
        std::vector<int>& groups = contributionGroups_[value.index()];
        const auto at = std::ranges::find(groups, group_) - groups.begin();
        if (at == std::ssize(groups)) {
            groups.push_back(group_);
            contributions_[value.index()].emplace_back();
        }
        sum = &contributions_[value.index()][static_cast<size_t>(at)];
    }
    *sum = sum->isValid() ? builder_.add(*sum, cotangent) : cotangent;
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
