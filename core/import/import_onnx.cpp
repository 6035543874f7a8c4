// ONNX to a graph: names to values, node by node. What a node means is in onnx_ops.h.
#include "core/graph/verify.h"
#include "core/import/import_model.h"
#include "core/import/onnx_importer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

namespace alpa
{
namespace
{

/// Nodes after functions are opened.
constexpr size_t kMostNodes = size_t{1} << 20;
/// Tensors without a weight's use are known to the importer up to this size.
constexpr int64_t kMostConstantElements = int64_t{1} << 22;
constexpr int kMostErrors = 100;

/// What may stand in quotes in our texts.
std::string printable(std::string name)
{
    for (char& c : name) {
        if (static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\' || c == '\x7f')
            c = '_';
    }
    return name;
}

std::string listing(const OnnxNode& node)
{
    return printable(fmt::format("{}: {}({}) -> {}", node.name, node.opType,
                                 fmt::join(node.inputs, ", "), fmt::join(node.outputs, ", ")));
}

/// Empty for what cannot be a weight.
std::string_view safetensorsType(DType dtype)
{
    return dtype == DType::kF64    ? "F64"
           : dtype == DType::kF32  ? "F32"
           : dtype == DType::kF16  ? "F16"
           : dtype == DType::kBF16 ? "BF16"
                                   : "";
}

/// A list of one dimension.
template <typename Number>
OnnxConstant listOf(DType dtype, const std::vector<Number>& numbers)
{
    return {{dtype, {static_cast<int64_t>(numbers.size())}}, {numbers.begin(), numbers.end()}};
}

/// What an attribute holds as numbers.
std::optional<OnnxConstant> constantOf(const OnnxAttribute& attribute)
{
    if (attribute.tensor != nullptr) {
        const OnnxTensor& tensor = *attribute.tensor;
        if (!tensor.dtype || !tensor.hasData)
            return std::nullopt;
        return OnnxConstant{{*tensor.dtype, tensor.dims}, onnxValues(tensor)};
    }
    if (attribute.name == "value_float")
        return OnnxConstant{{DType::kF32, {}}, {attribute.real}};
    if (attribute.name == "value_int")
        return OnnxConstant{{DType::kS64, {}}, {static_cast<double>(attribute.integer)}};
    if (attribute.name == "value_floats")
        return listOf(DType::kF32, attribute.reals);
    if (attribute.name == "value_ints")
        return listOf(DType::kS64, attribute.integers);
    return std::nullopt;
}

} // namespace

void OnnxImporter::say(Severity severity, int line, std::string message)
{
    if (severity == Severity::kError && ++errors_ > kMostErrors)
        return;
    result_.diagnostics.push_back({severity, printable(std::move(message)), line, 0});
}

/// The type with every open dimension as the options have it.
std::optional<TensorType> OnnxImporter::closedType(const OnnxValue& value, bool complains)
{
    if (!value.dtype || !value.dims) {
        if (complains)
            say(Severity::kError, 0,
                fmt::format("input '{}' has no {}", value.name,
                            value.dtype ? "shape" : "element type that is supported"));
        return std::nullopt;
    }
    TensorType type{*value.dtype, {}};
    for (size_t i = 0; i < value.dims->size(); ++i) {
        const OnnxDim& dim = (*value.dims)[i];
        const auto given = options_.dims.find(dim.parameter);
        if (dim.size) {
            type.dims.push_back(*dim.size);
        } else if (given != options_.dims.end()) {
            type.dims.push_back(given->second);
        } else {
            if (complains && !dim.parameter.empty() &&
                std::ranges::find(result_.openDims, dim.parameter) == result_.openDims.end())
                result_.openDims.push_back(dim.parameter);
            if (complains)
                say(Severity::kError, 0,
                    dim.parameter.empty()
                        ? fmt::format("dimension {} of input '{}' is open and has no name to give "
                                      "it a size by",
                                      i, value.name)
                        : fmt::format("dimension '{0}' of input '{1}' is open: give it a size with "
                                      "--dim {0}=N",
                                      dim.parameter, value.name));
            return std::nullopt;
        }
    }
    return type;
}

ValueId OnnxImporter::addParameter(const std::string& name, TensorType type, InputRole role)
{
    return graph_.addInput(printable(name), std::move(type), role);
}

void OnnxImporter::addInputs()
{
    std::unordered_map<std::string, bool> hasValue;
    for (const OnnxTensor& tensor : model_.graph.initializers)
        hasValue.emplace(tensor.name, true);
    for (const OnnxValue& input : model_.graph.inputs) {
        // Old files list weights among the inputs.
        if (hasValue.count(input.name) > 0 || names_.count(input.name) > 0)
            continue;
        const std::optional<TensorType> type = closedType(input, true);
        if (!type) {
            broken_[input.name] = true;
            continue;
        }
        const bool isTensor = isFloating(type->dtype) && type->rank() > 0;
        const bool isWeight = isTensor && isOnnxWeight(uses_, input.name);
        if (!isWeight && !batch_ && type->rank() > 0)
            batch_ = type->dims[0];
        // Tables that an exporter computed, such as rotary angles, whose values are not in the
        // file.
        const bool isTable = isTensor && !isWeight && batch_ && type->dims[0] != *batch_;
        if (isTable)
            say(Severity::kWarning, 0,
                fmt::format("input '{}' is {}, no batch of {}, and is treated as a parameter",
                            input.name, formatType(*type), *batch_));
        const InputRole role = isWeight || isTable ? InputRole::kParameter : InputRole::kBatch;
        names_[input.name] = {addParameter(input.name, *type, role), nullptr};
    }
}

void OnnxImporter::addInitializer(const OnnxTensor& tensor)
{
    if (!tensor.dtype) {
        say(Severity::kError, 0,
            fmt::format("tensor '{}' has an element type that is not supported", tensor.name));
        broken_[tensor.name] = true;
        return;
    }
    const TensorType type{*tensor.dtype, tensor.dims};
    const int64_t count = type.elementCount();
    const bool isWeight = isFloating(type.dtype) && count > 1 && isOnnxWeight(uses_, tensor.name);
    if (!isWeight && tensor.hasData && count <= kMostConstantElements) {
        names_[tensor.name] = {ValueId(), std::make_shared<const OnnxConstant>(
                                              OnnxConstant{type, onnxValues(tensor)})};
        return;
    }
    if (!isWeight)
        say(Severity::kWarning, 0,
            fmt::format("tensor '{}' {} and is treated as a parameter", tensor.name,
                        tensor.hasData ? "is large" : "has its data elsewhere"));
    names_[tensor.name] = {addParameter(tensor.name, type, InputRole::kParameter), nullptr};
    const std::string_view kept = safetensorsType(type.dtype);
    if (tensor.hasData && !kept.empty())
        result_.weights.push_back(
            {printable(tensor.name), std::string(kept), tensor.dims, tensor.bytes});
}

void OnnxImporter::addInitializers()
{
    for (const OnnxTensor& tensor : model_.graph.initializers) {
        if (names_.count(tensor.name) == 0)
            addInitializer(tensor);
    }
}

ScopeId OnnxImporter::scopeOf(const OnnxNode& node)
{
    const std::string module = onnxModule(node, uses_);
    if (!module.empty())
        module_ = module;
    return graph_.scope(onnxScope(module_));
}

/// The tensor that a Constant node holds.
bool OnnxImporter::convertConstant(const OnnxNode& node, Names& names)
{
    if (node.opType != "Constant" || node.outputs.empty() || node.attributes.empty())
        return false;
    std::optional<OnnxConstant> constant = constantOf(node.attributes[0]);
    if (!constant)
        return false;
    names[node.outputs[0]] = {ValueId(),
                              std::make_shared<const OnnxConstant>(std::move(*constant))};
    return true;
}

/// Kept as it stands, if the file says of what types its results are.
void OnnxImporter::addOpaque(const OnnxNode& node, const OnnxContext& context, Names& names,
                             int line, const std::string& reason)
{
    std::vector<TensorType> types;
    for (const std::string& output : node.outputs) {
        const auto known = types_.find(output);
        const std::optional<TensorType> type =
            known != types_.end() ? closedType(*known->second, false) : std::nullopt;
        if (output.empty())
            continue;
        if (!type) {
            say(Severity::kError, line,
                fmt::format("{}: {}; the file does not say of what type '{}' is, so that it cannot "
                            "be kept as it stands",
                            node.label(), reason, output));
            for (const std::string& broken : node.outputs)
                broken_[broken] = true;
            return;
        }
        types.push_back(*type);
    }
    say(Severity::kWarning, line,
        fmt::format("{}: {}; kept as it stands and replicated", node.label(), reason));
    Op op;
    op.kind = OpKind::kOpaque;
    op.scope = graph_.scope(onnxScope(module_));
    op.sourceLine = line;
    op.attributes = OpaqueAttributes{printable("onnx." + node.opType), listing(node), {}, {}};
    for (const OnnxOperand& operand : context.inputs) {
        if (operand.value.isValid())
            op.operands.push_back(operand.value);
    }
    const std::vector<ValueId> results = graph_.op(graph_.addOp(std::move(op), types)).results;
    size_t next = 0;
    for (const std::string& output : node.outputs) {
        if (!output.empty())
            names[output] = {results[next++], nullptr};
    }
    ++result_.opaqueCount;
}

void OnnxImporter::convertNode(const OnnxNode& node, Names& names, int line, int depth)
{
    const ScopeId scope = scopeOf(node);
    if (convertConstant(node, names) || callFunction(node, names, line, depth) ||
        convertControl(node, names, line, depth))
        return;
    OnnxContext context(graph_, node, model_.opset, scope, line);
    for (const std::string& input : node.inputs) {
        const auto known = names.find(input);
        if (!input.empty() && known == names.end()) {
            // What a broken node would have given is no problem of its own.
            if (broken_.count(input) == 0)
                say(Severity::kError, line,
                    fmt::format("{}: its input '{}' is not defined before it", node.label(),
                                input));
            for (const std::string& output : node.outputs)
                broken_[output] = true;
            return;
        }
        context.inputs.push_back(input.empty() ? OnnxOperand{} : known->second);
    }
    const bool isStandard = node.domain.empty() || node.domain == "com.microsoft";
    if (node.domain.empty()) {
        if (std::optional<std::vector<OnnxConstant>> folded = foldOnnxNode(context)) {
            for (size_t i = 0; i < folded->size() && i < node.outputs.size(); ++i)
                names[node.outputs[i]] = {
                    ValueId(), std::make_shared<const OnnxConstant>(std::move((*folded)[i]))};
            return;
        }
    }
    const OnnxHandler convert = isStandard ? findOnnxOperator(node.opType) : nullptr;
    if (convert == nullptr)
        return addOpaque(node, context, names, line, "the operator is not known");
    convert(context);
    if (context.outcome() == OnnxContext::Outcome::kUnsupported)
        return addOpaque(node, context, names, line, context.reason() + " is not supported");
    if (context.failed()) {
        say(Severity::kError, line, fmt::format("{}: {}", node.label(), context.reason()));
        for (const std::string& output : node.outputs)
            broken_[output] = true;
        return;
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i].empty())
            continue;
        if (i < context.results.size())
            names[node.outputs[i]] = context.results[i];
        else
            broken_[node.outputs[i]] = true;
    }
}

void OnnxImporter::convertNodes(const std::vector<OnnxNode>& nodes, Names& names, int line,
                                int depth)
{
    for (size_t i = 0; i < nodes.size(); ++i) {
        if (options_.control.isCancelled() || errors_ > kMostErrors)
            return;
        if (++nodeCount_ > kMostNodes)
            return say(Severity::kError, 0,
                       fmt::format("there are more than {} nodes", kMostNodes));
        convertNode(nodes[i], names, depth == 0 ? static_cast<int>(i) + 1 : line, depth);
    }
}

void OnnxImporter::addOutputs()
{
    for (const OnnxValue& output : model_.graph.outputs) {
        const auto known = names_.find(output.name);
        if (known == names_.end()) {
            if (broken_.count(output.name) == 0)
                say(Severity::kError, 0, fmt::format("output '{}' is not defined", output.name));
            continue;
        }
        ValueId value = known->second.value;
        if (known->second.known != nullptr) {
            static const OnnxNode kNone;
            OnnxContext context(graph_, kNone, model_.opset, graph_.scope(""), 0);
            value = context.constant(known->second.known->values, known->second.known->type);
        }
        if (value.isValid())
            graph_.addOutput({value, OutputRole::kOther, "", {}});
    }
    if (graph_.outputs.empty() && errors_ == 0)
        say(Severity::kError, 0, "no output depends on the inputs");
    // A scalar of floating point is a loss, as in files that were exported for training.
    for (GraphOutput& output : graph_.outputs) {
        const TensorType& type = graph_.type(output.value);
        if (type.rank() == 0 && isFloating(type.dtype) && graph_.outputs.size() == 1)
            output.role = OutputRole::kLoss;
    }
}

Graph OnnxImporter::import()
{
    graph_.scope("");
    addInputs();
    addInitializers();
    options_.control.report("converting", 0.3);
    convertNodes(model_.graph.nodes, names_, 0, 0);
    addOutputs();
    return std::move(graph_);
}

ImportResult importOnnx(std::string_view content, std::string_view name,
                        const ImportOptions& options)
{
    ImportResult result;
    options.control.report("reading", 0.0);
    const Result<OnnxModel> model = parseOnnx(content);
    if (!model.ok()) {
        result.diagnostics.push_back({Severity::kError, model.error().message, 0, 0});
        return result;
    }
    for (const OnnxNode& node : model->graph.nodes)
        result.sourceText += listing(node) + "\n";
    Graph graph = OnnxImporter(*model, options, result).import();
    const bool hasErrors =
        std::ranges::any_of(result.diagnostics, [](const Diagnostic& diagnostic) {
            return diagnostic.severity == Severity::kError;
        });
    if (hasErrors || options.control.isCancelled())
        return result;
    graph.name = std::string(name);
    options.control.report("verifying", 0.9);
    std::vector<Diagnostic> problems = verifyGraph(graph);
    const bool isSound = problems.empty();
    result.diagnostics.insert(result.diagnostics.end(), problems.begin(), problems.end());
    if (isSound)
        result.graph = std::move(graph);
    return result;
}

} // namespace alpa
