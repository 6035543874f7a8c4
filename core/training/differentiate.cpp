#include "core/training/differentiate.h"

#include "core/base/check.h"
#include "core/training/backward.h"
#include "core/training/shift_invariance.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

Result<ValueId> findLoss(const Graph& graph)
{
    std::vector<ValueId> losses;
    for (const GraphOutput& output : graph.outputs) {
        if (output.role == OutputRole::kLoss || graph.outputs.size() == 1)
            losses.push_back(output.value);
    }
    if (losses.size() != 1)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the graph has {} losses among {} outputs, expected one",
                                 losses.size(), graph.outputs.size()));
    const TensorType& type = graph.type(losses[0]);
    if (type.rank() != 0 || !isFloating(type.dtype))
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the loss has type {}, expected a floating-point scalar",
                                 formatType(type)));
    return losses[0];
}

/// The ops that the loss depends on.
std::vector<bool> opsBehind(const Graph& graph, ValueId loss)
{
    std::vector<bool> isNeeded(graph.values.size(), false);
    std::vector<bool> ops(graph.ops.size(), false);
    isNeeded[loss.index()] = true;
    for (size_t i = graph.ops.size(); i-- > 0;) {
        const Op& op = graph.ops[i];
        ops[i] = std::ranges::any_of(op.results,
                                     [&](ValueId result) { return isNeeded[result.index()]; });
        for (const ValueId operand : op.operands)
            isNeeded[operand.index()] = isNeeded[operand.index()] || ops[i];
    }
    return ops;
}

/// The ops through which a cotangent passes: an active result leads to the loss by active values
/// alone.
std::vector<bool> opsWithCotangent(const Graph& graph, const Backward& backward, ValueId loss)
{
    std::vector<bool> hasCotangent(graph.values.size(), false);
    std::vector<bool> ops(graph.ops.size(), false);
    hasCotangent[loss.index()] = backward.isActive(loss);
    for (size_t i = graph.ops.size(); i-- > 0;) {
        const Op& op = graph.ops[i];
        ops[i] = std::ranges::any_of(op.results,
                                     [&](ValueId result) { return hasCotangent[result.index()]; });
        for (const ValueId operand : op.operands) {
            if (ops[i] && backward.isActive(operand))
                hasCotangent[operand.index()] = true;
        }
    }
    return ops;
}

/// All ops on the way that cannot be differentiated, in one message.
Status checkRules(const Graph& graph, const std::vector<bool>& isOnTheWay)
{
    std::vector<std::string> refusals;
    for (size_t i = 0; i < isOnTheWay.size(); ++i) {
        const Op& op = graph.ops[i];
        if (!isOnTheWay[i])
            continue;
        std::optional<std::string> refusal = derivativeRefusal(op);
        if (derivativeRule(op.kind) == nullptr) {
            const auto* opaque = std::get_if<OpaqueAttributes>(&op.attributes);
            refusal = opaque != nullptr ? opaque->name : std::string(opKindName(op.kind));
        }
        if (refusal)
            refusals.push_back(op.sourceLine > 0
                                   ? fmt::format("{} (line {})", *refusal, op.sourceLine)
                                   : *refusal);
    }
    if (refusals.empty())
        return {};
    return Error(ErrorCode::kUnsupported,
                 fmt::format("no derivative for {}", fmt::join(refusals, ", ")));
}

} // namespace

Result<Differentiation> differentiateLoss(const Graph& loss)
{
    Differentiation result{loss, {}, {}};
    Graph& graph = result.graph;
    ASSIGN_OR_RETURN(result.loss, findLoss(graph));
    if (std::ranges::any_of(graph.ops, [](const Op& op) { return op.phase != Phase::kForward; }))
        return Error(ErrorCode::kInvalidInput, "the graph already holds backward or update ops");
    Backward backward(graph, shiftOnlyExtrema(graph, opsBehind(graph, result.loss)));
    const std::vector<bool> isOnTheWay = opsWithCotangent(graph, backward, result.loss);
    RETURN_IF_ERROR(checkRules(graph, isOnTheWay));
    backward.start(isOnTheWay);
    const OpId producer = graph.value(result.loss).producer;
    if (producer.isValid())
        backward.startOp(producer);
    if (backward.isActive(result.loss))
        backward.contribute(result.loss, backward.build().onesLike(result.loss));
    for (size_t i = isOnTheWay.size(); i-- > 0;) {
        if (!isOnTheWay[i])
            continue;
        const Op op = graph.ops[i]; // A copy: emitting ops moves the table.
        backward.startOp(OpId(i));
        backward.settle(op);
        const ValueId cotangent = backward.cotangent(op.results[0]);
        CHECK(cotangent.isValid() || op.results.size() > 1,
              "every rule contributes to all active operands");
        derivativeRule(op.kind)(backward, op, cotangent);
    }
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kParameter)
            result.gradients.push_back({input.value, backward.parameterContributions(input.value)});
    }
    return result;
}

Result<Graph> differentiate(const Graph& loss)
{
    ASSIGN_OR_RETURN(Differentiation result, differentiateLoss(loss));
    GraphBuilder builder(result.graph, ScopeId(0), Phase::kBackward);
    for (const ParameterGradient& gradient : result.gradients) {
        ValueId sum;
        for (const ValueId contribution : gradient.contributions) {
            const OpId maker = result.graph.value(contribution).producer;
            builder.setScope(maker.isValid() ? result.graph.op(maker).scope : ScopeId(0));
            sum = sum.isValid() ? builder.add(sum, contribution) : contribution;
        }
        if (!sum.isValid())
            sum = builder.zerosLike(gradient.parameter);
        result.graph.addOutput(
            {sum, OutputRole::kGradient, result.graph.value(gradient.parameter).name, {}});
    }
    return std::move(result.graph);
}

} // namespace alpa
