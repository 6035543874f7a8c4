#include "core/import/main_signature.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

namespace alpa
{
namespace
{

std::string_view stringEntry(const std::vector<MlirEntry>& entries, std::string_view name)
{
    for (const auto& [key, value] : entries) {
        if (key == name && value.kind == MlirAttributeKind::kString)
            return value.text;
    }
    return {};
}

/// For every argument, whether it is contracted with another one as its left operand: x in x * w.
/// Both may have been converted, reshaped, broadcast or transposed before.
std::vector<bool> contractedArguments(const MlirFunction& main)
{
    std::vector<std::optional<size_t>> origin(main.names.size());
    for (size_t at = 0; at < main.body.arguments.size(); ++at)
        origin[main.body.arguments[at].name] = at;
    std::vector<bool> isContracted(main.body.arguments.size(), false);
    for (const MlirOp& op : main.body.ops) {
        if (op.isBroken || op.operands.empty())
            continue;
        const std::string_view name =
            op.name.substr(std::min(op.name.find('.') + 1, op.name.size()));
        const auto first = origin[op.operands[0].name];
        const bool isMoved = name == "convert" || name == "reshape" || name == "broadcast_in_dim" ||
                             name == "transpose";
        if (isMoved && op.results.size() == 1)
            origin[op.results[0].name] = first;
        const bool isContraction = name == "dot_general" || name == "dot" || name == "convolution";
        if (isContraction && op.operands.size() == 2 && first && origin[op.operands[1].name])
            isContracted[*first] = true;
    }
    return isContracted;
}

/// "result[1][0].mu['w']" has its tree position and its name: every suffix is tried, the longest
/// first, against the names of the arguments.
ValueId namedArgument(const std::unordered_map<std::string, ValueId>& byName, std::string_view path)
{
    const std::vector<std::string> parts = splitArgumentPath(path);
    for (size_t dropped = 1; dropped < parts.size(); ++dropped) {
        const auto found = byName.find(nameWithoutRoot(parts, dropped));
        if (found != byName.end())
            return found->second;
    }
    return {};
}

/// By result: the trained argument or state whose memory it takes.
std::vector<ValueId> donors(const Graph& graph, const MlirFunction& main, size_t results)
{
    std::vector<ValueId> donorOf(results);
    for (size_t at = 0; at < main.body.arguments.size() && at < graph.inputs.size(); ++at) {
        for (const auto& [name, value] : main.body.arguments[at].attributes) {
            const bool isPlace = name == kAliasingOutput && value.integer >= 0 &&
                                 static_cast<size_t>(value.integer) < results;
            if (isPlace && graph.inputs[at].role != InputRole::kBatch)
                donorOf[static_cast<size_t>(value.integer)] = graph.inputs[at].value;
        }
    }
    return donorOf;
}

/// By result, where neither names nor donations tell: a step with an optimizer's state returns
/// parameters and state in the order in which it takes them.
std::vector<ValueId> sameOrder(const Graph& graph, const std::vector<ValueId>& results)
{
    std::vector<ValueId> kept;
    bool hasState = false;
    for (const GraphInput& input : graph.inputs) {
        hasState = hasState || input.role == InputRole::kOptimizerState;
        if (input.role != InputRole::kBatch)
            kept.push_back(input.value);
    }
    std::vector<ValueId> order(results.size());
    for (size_t first = 0; hasState && first + kept.size() <= results.size(); ++first) {
        const auto isAlike = [&](ValueId result, ValueId input) {
            return graph.type(result) == graph.type(input);
        };
        if (!std::equal(kept.begin(), kept.end(),
                        results.begin() + static_cast<std::ptrdiff_t>(first),
                        [&](ValueId input, ValueId result) { return isAlike(result, input); }))
            continue;
        std::ranges::copy(kept, order.begin() + static_cast<std::ptrdiff_t>(first));
        break;
    }
    return order;
}

/// By result, the argument that it replaces or is the gradient of.
std::vector<ValueId> replacedArguments(const Graph& graph, const MlirFunction& main,
                                       const std::vector<ValueId>& results)
{
    std::unordered_map<std::string, ValueId> byName;
    for (const GraphInput& input : graph.inputs) {
        if (input.role != InputRole::kBatch)
            byName.emplace(graph.value(input.value).name, input.value);
    }
    std::vector<ValueId> replaced = donors(graph, main, results.size());
    bool isKnown = std::ranges::any_of(replaced, [](ValueId id) { return id.isValid(); });
    for (size_t at = 0; at < results.size(); ++at) {
        const std::string_view name = stringEntry(main.results[at].attributes, "jax.result_info");
        isKnown = isKnown || !name.empty();
        if (const ValueId argument = namedArgument(byName, name); argument.isValid())
            replaced[at] = argument;
    }
    return isKnown ? replaced : sameOrder(graph, results);
}

} // namespace

std::vector<ArgumentRole> mainArgumentRoles(const MlirFunction& main, const LocationNames& names)
{
    const std::vector<bool> isContracted = contractedArguments(main);
    std::vector<ArgumentDescription> descriptions;
    for (size_t at = 0; at < main.body.arguments.size(); ++at) {
        const MlirArgument& argument = main.body.arguments[at];
        std::string_view path = stringEntry(argument.attributes, "jax.arg_info");
        if (path.empty())
            path = names.name(argument.location);
        descriptions.push_back(ArgumentDescription{path, argument.spelling,
                                                   argument.type.tensor.value_or(TensorType{}),
                                                   isContracted[at]});
    }
    return assignRoles(descriptions);
}

void addMainOutputs(Graph& graph, const MlirFunction& main, const std::vector<ValueId>& results)
{
    const std::vector<ValueId> replaced = replacedArguments(graph, main, results);
    bool hasLoss = false;
    for (size_t at = 0; at < results.size(); ++at) {
        const TensorType& type = graph.type(results[at]);
        GraphOutput output{results[at], OutputRole::kOther, {}, {}};
        const ValueId argument = replaced[at];
        if (argument.isValid() && graph.type(argument) == type) {
            const OpId producer = graph.value(results[at]).producer;
            const bool isParameter = graph.inputRole(argument) == InputRole::kParameter;
            const bool isGradient =
                isParameter && producer.isValid() && graph.op(producer).phase == Phase::kBackward;
            output.role = isGradient    ? OutputRole::kGradient
                          : isParameter ? OutputRole::kUpdatedParameter
                                        : OutputRole::kUpdatedState;
            output.name = graph.value(argument).name;
            if (!isGradient)
                output.alias = argument;
        } else if (!hasLoss && type.rank() == 0 && isFloating(type.dtype)) {
            output.role = OutputRole::kLoss;
            hasLoss = true;
        }
        graph.addOutput(std::move(output));
    }
}

void settlePhasesAndScopes(Graph& graph, bool isStep)
{
    const auto isEmpty = [&](ScopeId scope) { return graph.scopePath(scope).empty(); };
    for (const Op& op : graph.ops) { // Forward, so that the first user wins.
        for (const ValueId operand : op.operands) {
            const OpId producer = graph.value(operand).producer;
            if (producer.isValid() && graph.op(producer).operands.empty() &&
                isEmpty(graph.op(producer).scope))
                graph.op(producer).scope = op.scope;
        }
    }
    if (!isStep)
        return;
    for (size_t at = graph.ops.size(); at-- > 0;) { // Backward, so that users are settled.
        const Op& op = graph.ops[at];
        for (const ValueId operand : op.operands) {
            const OpId producer = graph.value(operand).producer;
            if (producer.isValid())
                graph.op(producer).phase = std::min(graph.op(producer).phase, op.phase);
        }
    }
}

} // namespace alpa
