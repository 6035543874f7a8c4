// Functions of the file opened, branches taken or chosen between, loops repeated.
#include "core/import/onnx_importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace alpa
{
namespace
{

/// Loops that run longer are no layers of a model.
constexpr int64_t kMostIterations = 4096;
constexpr size_t kMostLoopOps = 500'000;

std::optional<double> knownScalar(const std::optional<OnnxOperand>& operand)
{
    if (!operand || operand->known == nullptr || operand->known->values.size() != 1)
        return std::nullopt;
    return operand->known->values[0];
}

OnnxOperand knownOperand(double value, DType dtype)
{
    return {ValueId(), std::make_shared<const OnnxConstant>(OnnxConstant{{dtype, {}}, {value}})};
}

} // namespace

bool OnnxImporter::callFunction(const OnnxNode& node, Names& names, int line, int depth)
{
    const auto found = functions_.find(node.domain + ':' + node.opType);
    if (found == functions_.end() || depth >= kDeepestOnnxCall)
        return false;
    const OnnxFunction& function = *found->second;
    Names own;
    for (size_t i = 0; i < function.inputs.size() && i < node.inputs.size(); ++i) {
        const auto operand = names.find(node.inputs[i]);
        if (operand != names.end())
            own[function.inputs[i]] = operand->second;
    }
    std::vector<OnnxNode> nodes = function.nodes;
    for (OnnxNode& inner : nodes) {
        for (OnnxAttribute& attribute : inner.attributes) {
            const OnnxAttribute* given =
                attribute.reference.empty() ? nullptr : node.find(attribute.reference);
            if (given != nullptr) {
                const std::string name = attribute.name;
                attribute = *given;
                attribute.name = name;
            }
        }
        // An attribute that the caller leaves out is absent.
        std::erase_if(inner.attributes,
                      [](const OnnxAttribute& attribute) { return !attribute.reference.empty(); });
    }
    convertNodes(nodes, own, line, depth + 1);
    for (size_t i = 0; i < function.outputs.size() && i < node.outputs.size(); ++i) {
        const auto value = own.find(function.outputs[i]);
        if (value != own.end())
            names[node.outputs[i]] = value->second;
        else
            broken_[node.outputs[i]] = true;
    }
    return true;
}

/// True: `node` is taken care of.
bool OnnxImporter::convertControl(const OnnxNode& node, Names& names, int line, int depth)
{
    if (depth >= kDeepestOnnxCall || node.inputs.empty())
        return false;
    if (node.opType == "If")
        return takeBranch(node, names, line, depth) || chooseBranch(node, names, line, depth);
    if (node.opType == "Loop")
        return unrollLoop(node, names, line, depth);
    return node.opType == "Scan" && unrollScan(node, names, line, depth);
}

void OnnxImporter::bindInitializers(const OnnxGraph& graph, Names& names)
{
    for (const OnnxTensor& tensor : graph.initializers) {
        if (tensor.dtype && tensor.hasData)
            names[tensor.name] = {
                ValueId(), std::make_shared<const OnnxConstant>(
                               OnnxConstant{{*tensor.dtype, tensor.dims}, onnxValues(tensor)})};
    }
}

std::optional<OnnxOperand> OnnxImporter::readName(const Names& names, const std::string& name) const
{
    const auto known = names.find(name);
    return known == names.end() || !known->second.isPresent() ? std::nullopt
                                                              : std::optional(known->second);
}

OnnxImporter::Mark OnnxImporter::mark() const
{
    return {graph_.ops.size(), graph_.values.size(), result_.diagnostics.size(), errors_,
            result_.opaqueCount};
}

void OnnxImporter::goBack(const Mark& mark)
{
    graph_.ops.resize(mark.ops);
    graph_.values.resize(mark.values);
    result_.diagnostics.resize(mark.diagnostics);
    errors_ = mark.errors;
    result_.opaqueCount = mark.opaque;
}

/// Known elements as a constant of the graph.
OnnxOperand OnnxImporter::asValue(const OnnxNode& node, const OnnxOperand& operand, int line)
{
    if (operand.value.isValid())
        return operand;
    OnnxContext context(graph_, node, model_.opset, graph_.scope(onnxScope(module_)), line);
    return {context.constant(operand.known->values, operand.known->type), nullptr};
}

/// If with a known condition is one of its branches.
bool OnnxImporter::takeBranch(const OnnxNode& node, Names& names, int line, int depth)
{
    const std::optional<double> condition = knownScalar(readName(names, node.inputs[0]));
    if (!condition)
        return false;
    const OnnxAttribute* branch = node.find(*condition != 0 ? "then_branch" : "else_branch");
    if (branch == nullptr || branch->graph == nullptr)
        return false;
    bindInitializers(*branch->graph, names);
    convertNodes(branch->graph->nodes, names, line, depth + 1);
    for (size_t i = 0; i < node.outputs.size() && i < branch->graph->outputs.size(); ++i) {
        if (const auto value = readName(names, branch->graph->outputs[i].name))
            names[node.outputs[i]] = *value;
        else
            broken_[node.outputs[i]] = true;
    }
    return true;
}

/// If with an open condition computes both branches and chooses between their results, where those
/// are of one type.
bool OnnxImporter::chooseBranch(const OnnxNode& node, Names& names, int line, int depth)
{
    const std::optional<OnnxOperand> condition = readName(names, node.inputs[0]);
    if (!condition || !condition->value.isValid() ||
        graph_.type(condition->value).elementCount() != 1)
        return false;
    const Mark start = mark();
    std::vector<std::vector<OnnxOperand>> results;
    for (const char* name : {"then_branch", "else_branch"}) {
        const OnnxAttribute* branch = node.find(name);
        if (branch == nullptr || branch->graph == nullptr)
            return false;
        Names own = names;
        bindInitializers(*branch->graph, own);
        convertNodes(branch->graph->nodes, own, line, depth + 1);
        results.emplace_back();
        for (const OnnxValue& output : branch->graph->outputs) {
            const auto value = readName(own, output.name);
            if (value)
                results.back().push_back(asValue(node, *value, line));
        }
    }
    OnnxContext context(graph_, node, model_.opset, graph_.scope(onnxScope(module_)), line);
    const ValueId isThen = context.reshape(condition->value, {});
    bool isSound = errors_ == start.errors && results[0].size() == node.outputs.size() &&
                   results[1].size() == node.outputs.size();
    for (size_t i = 0; isSound && i < node.outputs.size(); ++i) {
        const ValueId onThen = results[0][i].value;
        const ValueId onElse = results[1][i].value;
        isSound =
            onThen.isValid() && onElse.isValid() && graph_.type(onThen) == graph_.type(onElse);
        if (isSound)
            names[node.outputs[i]] = {context.emit(OpKind::kSelect, {isThen, onThen, onElse}),
                                      nullptr};
    }
    if (!isSound)
        goBack(start);
    return isSound;
}

/// The slices of all iterations along a new (Loop) or joined dimension.
bool OnnxImporter::giveStacked(const OnnxNode& node, Names& names, const std::string& output,
                               const std::vector<OnnxOperand>& slices, int axis, int line)
{
    OnnxContext context(graph_, node, model_.opset, graph_.scope(onnxScope(module_)), line);
    std::vector<ValueId> parts;
    for (const OnnxOperand& slice : slices) {
        const ValueId value = asValue(node, slice, line).value;
        if (!value.isValid())
            return false;
        std::vector<int64_t> sizes = graph_.type(value).dims;
        if (axis < 0 || axis > static_cast<int>(sizes.size()))
            return false;
        sizes.insert(sizes.begin() + axis, 1);
        parts.push_back(context.reshape(value, sizes));
    }
    if (parts.empty())
        return false;
    names[output] = {parts.size() == 1
                         ? parts[0]
                         : context.emit(OpKind::kConcatenate, parts, ConcatenateAttributes{axis}),
                     nullptr};
    return !context.failed();
}

/// Loop whose number of iterations follows from constants, repeated.
bool OnnxImporter::unrollLoop(const OnnxNode& node, Names& names, int line, int depth)
{
    const OnnxAttribute* body = node.find("body");
    if (body == nullptr || body->graph == nullptr || node.inputs.size() < 2)
        return false;
    const OnnxGraph& graph = *body->graph;
    const size_t carried = node.inputs.size() - 2;
    if (graph.inputs.size() != carried + 2 || graph.outputs.size() < carried + 1)
        return false;
    const auto trips = knownScalar(readName(names, node.inputs[0]));
    auto goesOn =
        node.inputs[1].empty() ? std::optional(1.0) : knownScalar(readName(names, node.inputs[1]));
    if ((!node.inputs[0].empty() && !trips) || !goesOn ||
        (node.inputs[0].empty() && node.inputs[1].empty()))
        return false;
    std::vector<OnnxOperand> state;
    for (size_t i = 0; i < carried; ++i) {
        const auto value = readName(names, node.inputs[i + 2]);
        if (!value)
            return false;
        state.push_back(*value);
    }
    const Mark start = mark();
    std::vector<std::vector<OnnxOperand>> stacked(graph.outputs.size() - carried - 1);
    Names own = names;
    for (int64_t at = 0; goesOn && *goesOn != 0 && (!trips || static_cast<double>(at) < *trips);
         ++at) {
        bool isSound = at < kMostIterations && graph_.ops.size() < kMostLoopOps;
        own[graph.inputs[0].name] = knownOperand(static_cast<double>(at), DType::kS64);
        own[graph.inputs[1].name] = knownOperand(1, DType::kPred);
        for (size_t i = 0; i < carried; ++i)
            own[graph.inputs[i + 2].name] = state[i];
        bindInitializers(graph, own);
        if (isSound)
            convertNodes(graph.nodes, own, line, depth + 1);
        isSound = isSound && errors_ == start.errors;
        for (size_t i = 0; isSound && i < graph.outputs.size(); ++i) {
            const auto value = readName(own, graph.outputs[i].name);
            isSound = value.has_value();
            if (!isSound)
                break;
            if (i == 0)
                goesOn = knownScalar(value);
            else
                (i <= carried ? state[i - 1] : stacked[i - carried - 1].emplace_back()) = *value;
        }
        if (!isSound || !goesOn) {
            goBack(start);
            return false;
        }
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i].empty())
            continue;
        if (i < carried)
            names[node.outputs[i]] = state[i];
        else if (i - carried >= stacked.size() ||
                 !giveStacked(node, names, node.outputs[i], stacked[i - carried], 0, line)) {
            goBack(start);
            return false;
        }
    }
    return true;
}

/// Scan: the states carried through the slices of its inputs.
bool OnnxImporter::unrollScan(const OnnxNode& node, Names& names, int line, int depth)
{
    const OnnxAttribute* body = node.find("body");
    const OnnxAttribute* count = node.find("num_scan_inputs");
    if (body == nullptr || body->graph == nullptr || count == nullptr || count->integer < 1 ||
        count->integer > static_cast<int64_t>(node.inputs.size()))
        return false;
    const OnnxGraph& graph = *body->graph;
    const auto scanned = static_cast<size_t>(count->integer);
    const size_t carried = node.inputs.size() - scanned;
    if (graph.inputs.size() != node.inputs.size() || graph.outputs.size() < carried)
        return false;
    const auto numberAt = [&](std::string_view name, size_t i) -> int64_t {
        const OnnxAttribute* numbers = node.find(name);
        return numbers != nullptr && i < numbers->integers.size() ? numbers->integers[i] : 0;
    };
    const Mark start = mark();
    std::vector<OnnxOperand> state, sequences;
    std::set<int64_t> lengths;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        const auto value = readName(names, node.inputs[i]);
        if (!value)
            return false;
        (i < carried ? state : sequences).push_back(asValue(node, *value, line));
    }
    OnnxContext context(graph_, node, model_.opset, graph_.scope(onnxScope(module_)), line);
    std::vector<int> axes;
    for (size_t i = 0; i < scanned; ++i) {
        const TensorType& type = graph_.type(sequences[i].value);
        axes.push_back(context.axis(numberAt("scan_input_axes", i), type.rank()));
        if (context.failed())
            return goBack(start), false;
        lengths.insert(type.dims[static_cast<size_t>(axes.back())]);
    }
    const int64_t steps = *lengths.begin();
    if (lengths.size() != 1 || steps < 1 || steps > kMostIterations)
        return goBack(start), false;
    std::vector<std::vector<OnnxOperand>> stacked(graph.outputs.size() - carried);
    Names own = names;
    for (int64_t at = 0; at < steps; ++at) {
        for (size_t i = 0; i < carried; ++i)
            own[graph.inputs[i].name] = state[i];
        for (size_t i = 0; i < scanned; ++i) {
            const std::vector<int64_t> sizes = graph_.type(sequences[i].value).dims;
            const auto axis = static_cast<size_t>(axes[i]);
            std::vector<int64_t> starts(sizes.size(), 0);
            std::vector<int64_t> limits = sizes;
            starts[axis] = numberAt("scan_input_directions", i) != 0 ? steps - 1 - at : at;
            limits[axis] = starts[axis] + 1;
            std::vector<int64_t> left = sizes;
            left.erase(left.begin() + axes[i]);
            own[graph.inputs[carried + i].name] = {
                context.reshape(context.slice(sequences[i].value, starts, limits), left), nullptr};
        }
        bindInitializers(graph, own);
        convertNodes(graph.nodes, own, line, depth + 1);
        for (size_t i = 0; i < graph.outputs.size(); ++i) {
            const auto value = readName(own, graph.outputs[i].name);
            if (!value || errors_ != start.errors || graph_.ops.size() > kMostLoopOps)
                return goBack(start), false;
            (i < carried ? state[i] : stacked[i - carried].emplace_back()) = *value;
        }
    }
    for (size_t i = 0; i < node.outputs.size() && i < graph.outputs.size(); ++i) {
        if (i < carried) {
            names[node.outputs[i]] = state[i];
            continue;
        }
        std::vector<OnnxOperand>& slices = stacked[i - carried];
        if (numberAt("scan_output_directions", i - carried) != 0)
            std::ranges::reverse(slices);
        if (!giveStacked(node, names, node.outputs[i], slices,
                         static_cast<int>(numberAt("scan_output_axes", i - carried)), line))
            return goBack(start), false;
    }
    return true;
}

} // namespace alpa
