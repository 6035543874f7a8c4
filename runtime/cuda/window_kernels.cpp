#include "runtime/cuda/kernel_builder.h"
#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

namespace alpa::cuda
{
namespace
{

const Instruction& instructionOf(const StageGraph& graph, int node)
{
    return *graph.nodes()[static_cast<size_t>(node)].instruction;
}

/// Declares place_d = out_d * stride - padding + offset_d for a window's element and returns the
/// condition that it lies in the operand, and its index there.
std::pair<std::string, Indices> windowElement(KernelBuilder& kernel,
                                              const ReduceWindowAttributes& window,
                                              const Indices& out, const Indices& within,
                                              const std::vector<int64_t>& dims)
{
    std::string condition = "true";
    Indices at(dims.size());
    for (size_t d = 0; d < dims.size(); ++d) {
        kernel.line(fmt::format("const I place{} = {} * {} - {} + {};", d, out[d].base,
                                window.strides[d], window.paddingLow[d], within[d].base));
        condition += fmt::format(" && place{} >= 0 && place{} < {}", d, d, dims[d]);
        at[d] = {fmt::format("place{}", d), 0, true};
    }
    return {condition, at};
}

KernelText reduceWindow(const StageGraph& graph, int node)
{
    const Instruction& instruction = instructionOf(graph, node);
    const auto& window = std::get<ReduceWindowAttributes>(instruction.attributes);
    const TensorType& out = graph.type(instruction.outputs[0]);
    KernelBuilder kernel(graph, node, 1);
    kernel.threadPerElement(out.elementCount());
    const Indices at = kernel.emit.split({"i", 0, true}, out.dims);
    kernel.line(fmt::format("{} result = {};", computeType(out.dtype),
                            identityText(window.kind, out.dtype)));
    kernel.line(fmt::format("for (I w = 0; w < {}; ++w) {{", product(window.window)));
    const Indices within = kernel.emit.split({"w", 0, true}, window.window);
    const auto [condition, from] =
        windowElement(kernel, window, at, within, graph.type(instruction.inputs[0]).dims);
    kernel.line(fmt::format("if ({}) {{", condition));
    const Operand x = kernel.emit.value(instruction.inputs[0], from);
    kernel.line(fmt::format("result = {};", combineText(window.kind, "result", x.at("0"))));
    kernel.line("} }");
    kernel.storeAt(instruction.outputs[0], "i", {"result", false});
    return kernel.finish();
}

/// One thread an element of the operand: it adds the sources of the windows whose first largest
/// element it is.
KernelText selectAndScatter(const StageGraph& graph, int node)
{
    const Instruction& instruction = instructionOf(graph, node);
    const auto& window = std::get<ReduceWindowAttributes>(instruction.attributes);
    const TensorType& operand = graph.type(instruction.inputs[0]);
    const TensorType& source = graph.type(instruction.inputs[1]);
    KernelBuilder kernel(graph, node, 1);
    kernel.threadPerElement(operand.elementCount());
    const Indices at = kernel.emit.split({"i", 0, true}, operand.dims);
    kernel.line(fmt::format("{} result = 0;", computeType(operand.dtype)));
    // Windows that hold the element: its place in the window decides which.
    kernel.line(fmt::format("for (I w = {}; w >= 0; --w) {{", product(window.window) - 1));
    const Indices within = kernel.emit.split({"w", 0, true}, window.window);
    std::string holds = "true";
    Indices out(operand.dims.size());
    for (size_t d = 0; d < operand.dims.size(); ++d) {
        kernel.line(fmt::format("const I shifted{} = {} + {} - {};", d, at[d].base,
                                window.paddingLow[d], within[d].base));
        kernel.line(fmt::format("const I window{} = shifted{} / {};", d, d, window.strides[d]));
        holds += fmt::format(" && shifted{} >= 0 && shifted{} % {} == 0 && window{} < {}", d, d,
                             window.strides[d], d, source.dims[d]);
        out[d] = {fmt::format("window{}", d), 0, true};
    }
    kernel.line(fmt::format("if ({}) {{", holds));
    kernel.line(fmt::format("I best = -1; {} largest = 0;", computeType(operand.dtype)));
    kernel.line(fmt::format("for (I v = 0; v < {}; ++v) {{", product(window.window)));
    const Indices other = kernel.emit.split({"v", 0, true}, window.window);
    const auto [condition, from] = windowElement(kernel, window, out, other, operand.dims);
    kernel.line(fmt::format("if ({}) {{", condition));
    const Operand rival = kernel.emit.value(instruction.inputs[0], from);
    kernel.line(fmt::format("if (best < 0 || !(largest >= {0})) {{ best = v; largest = {0}; }}",
                            rival.at("0")));
    kernel.line("} }");
    kernel.line("if (best == w) {");
    const Operand added = kernel.emit.value(instruction.inputs[1], out);
    kernel.line(fmt::format("result = opAdd(result, {});", added.at("0")));
    kernel.line("} } }");
    kernel.storeAt(instruction.outputs[0], "i", {"result", false});
    return kernel.finish();
}

} // namespace

KernelTexts windowKernel(const StageGraph& graph, int node)
{
    return {instructionOf(graph, node).opKind == OpKind::kReduceWindow
                ? reduceWindow(graph, node)
                : selectAndScatter(graph, node)};
}

/// One thread an element of the result.
KernelTexts convolutionKernel(const StageGraph& graph, int node)
{
    const Instruction& instruction = instructionOf(graph, node);
    const auto& conv = std::get<ConvolutionAttributes>(instruction.attributes);
    const BufferId input = instruction.inputs[0];
    const BufferId weights = instruction.inputs[1];
    const BufferId out = instruction.outputs[0];
    const TensorType& in = graph.type(input);
    const TensorType& kernelType = graph.type(weights);
    const TensorType& result = graph.type(out);
    const auto dimOf = [](const TensorType& type, int dim) {
        return type.dims[static_cast<size_t>(dim)];
    };
    const int64_t inFeatures = dimOf(kernelType, conv.kernelInputFeature);
    const int64_t outFeatures = dimOf(kernelType, conv.kernelOutputFeature);
    const int64_t batches = dimOf(in, conv.inputBatch);
    std::vector<int64_t> window;
    for (const int dim : conv.kernelSpatial)
        window.push_back(dimOf(kernelType, dim));
    KernelBuilder kernel(graph, node, 1);
    kernel.threadPerElement(result.elementCount());
    const Indices at = kernel.emit.split({"i", 0, true}, result.dims);
    const std::string feature = at[static_cast<size_t>(conv.outputFeature)].base;
    const std::string batch = at[static_cast<size_t>(conv.outputBatch)].base;
    kernel.line(fmt::format("{} sum = 0;", computeType(result.dtype)));
    kernel.line(fmt::format("const I group = {} / {}, batchGroup = {} / {};", feature,
                            outFeatures / conv.featureGroups, feature,
                            outFeatures / conv.batchGroups));
    kernel.line(fmt::format("for (I w = 0; w < {}; ++w) {{", product(window)));
    const Indices within = kernel.emit.split({"w", 0, true}, window);
    Indices from(in.dims.size());
    Indices weightAt(kernelType.dims.size());
    std::string condition = "true";
    for (size_t s = 0; s < window.size(); ++s) {
        const int64_t size = dimOf(in, conv.inputSpatial[s]);
        const std::string tap = within[s].base;
        kernel.line(fmt::format("const I place{} = {} * {} - ({}) + {} * {};", s,
                                at[static_cast<size_t>(conv.outputSpatial[s])].base,
                                conv.strides[s], conv.paddingLow[s], tap, conv.rhsDilation[s]));
        condition += fmt::format(" && place{} >= 0 && place{} % {} == 0 && place{} / {} < {}", s, s,
                                 conv.lhsDilation[s], s, conv.lhsDilation[s], size);
        kernel.line(fmt::format("const I input{} = place{} / {};", s, s, conv.lhsDilation[s]));
        from[static_cast<size_t>(conv.inputSpatial[s])] = {fmt::format("input{}", s), 0, true};
        kernel.line(
            fmt::format("const I tap{} = {};", s,
                        conv.reversal[s] ? fmt::format("{} - {}", window[s] - 1, tap) : tap));
        weightAt[static_cast<size_t>(conv.kernelSpatial[s])] = {fmt::format("tap{}", s), 0, true};
    }
    kernel.line(fmt::format("if ({}) for (I f = 0; f < {}; ++f) {{", condition, inFeatures));
    kernel.line(fmt::format("const I sample = batchGroup * {} + {}, source = group * {} + f;",
                            conv.batchGroups > 1 ? batches / conv.batchGroups : 0, batch,
                            inFeatures));
    from[static_cast<size_t>(conv.inputBatch)] = {"sample", 0, true};
    from[static_cast<size_t>(conv.inputFeature)] = {"source", 0, true};
    weightAt[static_cast<size_t>(conv.kernelInputFeature)] = {"f", 0, true};
    weightAt[static_cast<size_t>(conv.kernelOutputFeature)] = {feature, 0, true};
    const Operand x = kernel.emit.value(input, from);
    const Operand y = kernel.emit.value(weights, weightAt);
    kernel.line(fmt::format("sum += {} * {};", x.at("0"), y.at("0")));
    kernel.line("} }");
    kernel.storeAt(out, "i", {"sum", false});
    return {kernel.finish()};
}

} // namespace alpa::cuda
