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

/// The new mean over microbatches, in the accumulator's type.
Operand accumulate(KernelBuilder& kernel, int node, const Indices& at, const std::string& offset)
{
    const Instruction& instruction = instructionOf(kernel.graph, node);
    const BufferId sum = instruction.outputs[0];
    const TensorType& type = kernel.graph.type(sum);
    const Operand added = kernel.emit.value(instruction.inputs[0], at);
    const std::string pointer = kernel.output(sum);
    const std::string compute = computeType(type.dtype);
    const int lanes = kernel.emit.lanes();
    const std::string name = fmt::format("sum{}", node);
    kernel.line(fmt::format("{} {}[{}];", compute, name, lanes));
    const int microbatches = kernel.graph.program().microbatches;
    const std::string one =
        isFloating(type.dtype)
            ? fmt::format("{} * {}", added.at("l"), literal(type.dtype, 1.0 / microbatches))
            : fmt::format("{} / {}", added.at("l"), microbatches);
    kernel.line("#pragma unroll");
    kernel.line(fmt::format("for (int l = 0; l < {}; ++l) {}[l] = static_cast<{}>({});", lanes,
                            name, compute, one));
    // Only what lasts beyond the first microbatch is read.
    kernel.line("if (!isFirst) {");
    kernel.line("#pragma unroll");
    kernel.line(fmt::format("for (int l = 0; l < {}; ++l) {}[l] = static_cast<{}>({}[l] + "
                            "decode({}[{} + l]));",
                            lanes, name, compute, name, pointer, offset));
    kernel.line("}");
    return {name, true};
}

KernelText makeLoop(const StageGraph& graph, const std::vector<int>& roots, int lanes, bool& fits)
{
    KernelBuilder kernel(graph, roots.front(), lanes);
    const std::vector<int64_t> dims =
        graph.type(instructionOf(graph, roots.front()).outputs[0]).dims;
    kernel.threadPerElement(product(dims));
    const Indices at = kernel.emit.split({"i", lanes > 1 ? 1 : 0, true}, dims);
    kernel.emit.know(at, dims, "i");
    for (const int root : roots) {
        const Instruction& instruction = instructionOf(graph, root);
        const BufferId out = instruction.outputs[0];
        // Roots of one loop may name their dimensions differently.
        Indices own = at;
        if (graph.type(out).dims != dims) {
            own = kernel.emit.split({"i", lanes > 1 ? 1 : 0, true}, graph.type(out).dims);
            kernel.emit.know(own, graph.type(out).dims, "i");
        }
        if (instruction.opKind == OpKind::kAccumulate) {
            kernel.storeAt(out, "i", accumulate(kernel, root, own, "i"));
            continue;
        }
        const Operand value = kernel.emit.result(root, own);
        if (!graph.isStore(root))
            kernel.emit.define(out, own, value);
        kernel.storeAt(out, "i", value);
    }
    fits = !kernel.emit.needsOneLane();
    return kernel.finish();
}

} // namespace

KernelTexts loopKernel(const StageGraph& graph, const std::vector<int>& roots)
{
    const TensorType& type = graph.type(instructionOf(graph, roots.front()).outputs[0]);
    const int64_t count = type.elementCount();
    if (count == 0)
        return {};
    int64_t inner = innermost(type.dims);
    for (const int root : roots)
        inner = std::min(inner, innermost(graph.type(instructionOf(graph, root).outputs[0]).dims));
    bool fits = false;
    KernelText text =
        makeLoop(graph, roots, chooseLanes(inner, count, touchedTypes(graph, roots)), fits);
    if (!fits)
        text = makeLoop(graph, roots, 1, fits);
    return {std::move(text)};
}

KernelTexts plainDotKernel(const StageGraph& graph, int node)
{
    const Instruction& instruction = instructionOf(graph, node);
    const auto& dot = std::get<DotAttributes>(instruction.attributes);
    const BufferId out = instruction.outputs[0];
    const BufferId lhs = instruction.inputs[0];
    const BufferId rhs = instruction.inputs[1];
    const TensorType& left = graph.type(lhs);
    const TensorType& right = graph.type(rhs);
    KernelBuilder kernel(graph, node, 1);
    kernel.threadPerElement(graph.type(out).elementCount());
    const Indices at = kernel.emit.split({"i", 0, true}, graph.type(out).dims);
    std::vector<int64_t> contracted;
    for (const int dim : dot.lhsContracting)
        contracted.push_back(left.dims[static_cast<size_t>(dim)]);
    const DType dtype = graph.type(out).dtype;
    const std::string sumType = computeType(dtype);
    kernel.line(fmt::format("{} sum = 0;", sumType));
    kernel.line(fmt::format("for (I k = 0; k < {}; ++k) {{", product(contracted)));
    const Indices inner = kernel.emit.split({"k", 0, true}, contracted);
    const auto place = [&](const TensorType& type, const std::vector<int>& batch,
                           const std::vector<int>& contracting, size_t firstFree) {
        Indices from(type.dims.size());
        std::vector<bool> isTaken(type.dims.size(), false);
        for (size_t i = 0; i < batch.size(); ++i) {
            from[static_cast<size_t>(batch[i])] = at[i];
            isTaken[static_cast<size_t>(batch[i])] = true;
        }
        for (size_t i = 0; i < contracting.size(); ++i) {
            from[static_cast<size_t>(contracting[i])] = inner[i];
            isTaken[static_cast<size_t>(contracting[i])] = true;
        }
        for (size_t d = 0; d < from.size(); ++d) {
            if (!isTaken[d])
                from[d] = at[firstFree++];
        }
        return from;
    };
    const size_t leftFree = left.dims.size() - dot.lhsBatch.size() - dot.lhsContracting.size();
    const Operand a =
        kernel.emit.value(lhs, place(left, dot.lhsBatch, dot.lhsContracting, dot.lhsBatch.size()));
    const Operand b = kernel.emit.value(
        rhs, place(right, dot.rhsBatch, dot.rhsContracting, dot.lhsBatch.size() + leftFree));
    kernel.line(
        fmt::format("sum = static_cast<{}>(sum + static_cast<{}>({}) * static_cast<{}>({}));",
                    sumType, sumType, a.at("0"), sumType, b.at("0")));
    kernel.line("}");
    kernel.storeAt(out, "i", {"sum", false});
    return {kernel.finish()};
}

} // namespace alpa::cuda
