#include "runtime/cuda/kernel_builder.h"
#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa::cuda
{
namespace
{

const Instruction& instructionOf(const StageGraph& graph, int node)
{
    return *graph.nodes()[static_cast<size_t>(node)].instruction;
}

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

/// A scatter in words that its kernels need.
struct Scatter {
    const ScatterAttributes& attributes;
    BufferId operand, indices, updates, out;
    std::vector<int64_t> batchDims; ///< Of the index vectors.
    std::vector<int64_t> extent;    ///< Of the window along each dimension of the result.
    std::vector<int64_t> shift;     ///< Where the local part begins.
    bool hasVector = false;
};

Scatter scatterOf(const StageGraph& graph, int node)
{
    const Instruction& instruction = instructionOf(graph, node);
    Scatter scatter{std::get<ScatterAttributes>(instruction.attributes),
                    instruction.inputs[0],
                    instruction.inputs[1],
                    instruction.inputs[2],
                    instruction.outputs[0],
                    {},
                    {},
                    {},
                    false};
    const TensorType& out = graph.type(scatter.out);
    const TensorType& indices = graph.type(scatter.indices);
    scatter.hasVector = scatter.attributes.indexVectorDim < indices.rank();
    for (int d = 0; d < indices.rank(); ++d) {
        if (d != scatter.attributes.indexVectorDim)
            scatter.batchDims.push_back(indices.dims[static_cast<size_t>(d)]);
    }
    scatter.extent.assign(out.dims.size(), 1);
    scatter.shift.assign(out.dims.size(), 0);
    size_t next = 0;
    for (int d = 0; d < out.rank(); ++d) {
        if (!contains(scatter.attributes.insertedWindowDims, d) &&
            !contains(scatter.attributes.inputBatchingDims, d))
            scatter.extent[static_cast<size_t>(d)] =
                graph.type(scatter.updates)
                    .dims[static_cast<size_t>(scatter.attributes.updateWindowDims[next++])];
    }
    for (const ResolvedOffset& offset : graph.offsets(instruction))
        scatter.shift[static_cast<size_t>(offset.dim)] = offset.value;
    return scatter;
}

Indices componentAt(const Scatter& scatter, const TensorType& indices, const Indices& batch,
                    size_t component)
{
    Indices at;
    size_t next = 0;
    for (int d = 0; d < indices.rank(); ++d)
        at.push_back(d == scatter.attributes.indexVectorDim
                         ? Index{std::to_string(component), 0, true}
                         : batch[next++]);
    return at;
}

/// Declares place_d, the place of the element "at" in the window along each dimension, for the
/// index vector `batch`; returns the condition that it lies in it, and the updates' index.
std::pair<std::string, Indices> windowPlace(KernelBuilder& kernel, const Scatter& scatter,
                                            const Indices& at, const Indices& batch)
{
    const TensorType& out = kernel.graph.type(scatter.out);
    const TensorType& updates = kernel.graph.type(scatter.updates);
    std::string condition = "true";
    Indices inWindow;
    for (int d = 0; d < out.rank(); ++d) {
        const auto dim = static_cast<size_t>(d);
        std::string start;
        const auto& map = scatter.attributes.scatterDimsToOperandDims;
        if (const auto found = std::ranges::find(map, d); found != map.end()) {
            const Operand place = kernel.emit.value(
                scatter.indices, componentAt(scatter, kernel.graph.type(scatter.indices), batch,
                                             static_cast<size_t>(found - map.begin())));
            kernel.line(fmt::format("const s64 start{} = static_cast<s64>({}) - {};", d,
                                    place.at("0"), scatter.shift[dim]));
            start = fmt::format("start{}", d);
            condition += fmt::format(" && {} >= 0 && {} + {} <= {}", start, start,
                                     scatter.extent[dim], out.dims[dim]);
        }
        const auto& batching = scatter.attributes.inputBatchingDims;
        if (const auto found = std::ranges::find(batching, d); found != batching.end()) {
            const int of = scatter.attributes
                               .indicesBatchingDims[static_cast<size_t>(found - batching.begin())];
            const int position = of > scatter.attributes.indexVectorDim ? of - 1 : of;
            start = batch[static_cast<size_t>(position)].base;
        }
        if (start.empty())
            start = "0";
        kernel.line(
            fmt::format("const s64 place{} = static_cast<s64>({}) - {};", d, at[dim].base, start));
        condition += fmt::format(" && place{} >= 0 && place{} < {}", d, d, scatter.extent[dim]);
        if (!contains(scatter.attributes.insertedWindowDims, d) && !contains(batching, d))
            inWindow.push_back({fmt::format("static_cast<I>(place{})", d), 0, true});
    }
    Indices from(updates.dims.size());
    size_t nextBatch = 0;
    size_t nextWindow = 0;
    for (int d = 0; d < updates.rank(); ++d)
        from[static_cast<size_t>(d)] = contains(scatter.attributes.updateWindowDims, d)
                                           ? inWindow[nextWindow++]
                                           : batch[nextBatch++];
    return {condition, from};
}

/// One thread an element of the result, which goes through all index vectors.
KernelText plainScatter(const StageGraph& graph, int node)
{
    const Scatter scatter = scatterOf(graph, node);
    const TensorType& out = graph.type(scatter.out);
    KernelBuilder kernel(graph, node, 1);
    kernel.threadPerElement(out.elementCount());
    const Indices at = kernel.emit.split({"i", 0, true}, out.dims);
    const Operand before = kernel.emit.value(scatter.operand, at);
    kernel.line(fmt::format("{} result = {};", computeType(out.dtype), before.at("0")));
    kernel.line(fmt::format("for (I n = 0; n < {}; ++n) {{", product(scatter.batchDims)));
    const Indices batch = kernel.emit.split({"n", 0, true}, scatter.batchDims);
    const auto [condition, from] = windowPlace(kernel, scatter, at, batch);
    kernel.line(fmt::format("if ({}) {{", condition));
    const Operand update = kernel.emit.value(scatter.updates, from);
    kernel.line(fmt::format("result = {};",
                            scatter.attributes.isReplace
                                ? update.at("0")
                                : combineText(scatter.attributes.kind, "result", update.at("0"))));
    kernel.line("} }");
    kernel.storeAt(scatter.out, "i", {"result", false});
    return kernel.finish();
}

/// Whole rows of a matrix-like result, as the gradient of an embedding adds them.
bool scattersRows(const StageGraph& graph, const Scatter& scatter)
{
    const TensorType& out = graph.type(scatter.out);
    const TensorType& updates = graph.type(scatter.updates);
    if (scatter.attributes.scatterDimsToOperandDims != std::vector<int>{0} ||
        scatter.attributes.insertedWindowDims != std::vector<int>{0} ||
        !scatter.attributes.inputBatchingDims.empty() || scatter.attributes.isReplace)
        return false;
    const auto batchRank = static_cast<int>(scatter.batchDims.size());
    for (size_t i = 0; i < scatter.attributes.updateWindowDims.size(); ++i) {
        if (scatter.attributes.updateWindowDims[i] != batchRank + static_cast<int>(i))
            return false;
    }
    for (size_t d = 1; d < out.dims.size(); ++d) {
        if (scatter.extent[d] != out.dims[d])
            return false;
    }
    return updates.rank() > batchRank;
}

/// Copies the operand.
KernelText copyOperand(const StageGraph& graph, int node, const Scatter& scatter)
{
    const std::vector<int64_t>& dims = graph.type(scatter.out).dims;
    const int lanes = chooseLanes(innermost(dims), product(dims), {graph.type(scatter.out).dtype});
    KernelBuilder kernel(graph, node, lanes);
    kernel.threadPerElement(product(dims));
    const Indices at = kernel.emit.split({"i", lanes > 1 ? 1 : 0, true}, dims);
    kernel.emit.know(at, dims, "i");
    kernel.storeAt(scatter.out, "i", kernel.emit.value(scatter.operand, at));
    return kernel.finish();
}

/// One block an index vector. The first of those with the same row adds all of their updates, in
/// their order: no atomics, the same bits in every run.
KernelText rowScatter(const StageGraph& graph, int node, const Scatter& scatter)
{
    const TensorType& out = graph.type(scatter.out);
    const TensorType& updates = graph.type(scatter.updates);
    const int64_t count = product(scatter.batchDims);
    const int64_t width = out.elementCount() / out.dims[0];
    constexpr int kWidthPerBlock = 1024;
    KernelBuilder kernel(graph, node, 1);
    kernel.text.grid[0] = count;
    kernel.text.grid[1] = (width + kWidthPerBlock - 1) / kWidthPerBlock;
    kernel.text.block[0] = kThreads;
    const auto keyOf = [&](const std::string& n) {
        const Indices batch = kernel.emit.split({n, 0, true}, scatter.batchDims);
        return kernel.emit
            .value(scatter.indices, componentAt(scatter, graph.type(scatter.indices), batch, 0))
            .at("0");
    };
    kernel.line("__shared__ int found; __shared__ int hits[256]; __shared__ int counts[8];");
    kernel.line("const I self = blockIdx.x;");
    kernel.line("if (threadIdx.x == 0) found = 0;");
    kernel.line("__syncthreads();");
    const std::string mine = keyOf("self");
    kernel.line(fmt::format("const s64 row = static_cast<s64>({}) - {};", mine, scatter.shift[0]));
    kernel.line(fmt::format("if (row < 0 || row >= {}) return;", out.dims[0]));
    kernel.line("for (I n = threadIdx.x; n < self; n += 256) {");
    kernel.line(fmt::format("if ({} == {}) found = 1;", keyOf("n"), mine));
    kernel.line("}");
    kernel.line("__syncthreads();");
    kernel.line("if (found) return;");
    const std::string type = computeType(out.dtype);
    kernel.line(fmt::format("{} sum[4];", type));
    kernel.line(fmt::format("const I first = static_cast<I>(blockIdx.y) * {} + threadIdx.x;",
                            kWidthPerBlock));
    kernel.line("#pragma unroll");
    kernel.line(fmt::format("for (int j = 0; j < 4; ++j) if (first + j * 256 < {}) sum[j] = "
                            "decode({}[row * {} + first + j * 256]);",
                            width, kernel.output(scatter.out), width));
    kernel.line(
        fmt::format("for (I begin = self / 256 * 256; begin < {}; begin += 256) {{", count));
    kernel.line("const I m = begin + threadIdx.x;");
    kernel.line("bool isHit = false;");
    kernel.line(fmt::format("if (m >= self && m < {}) {{", count));
    kernel.line(fmt::format("isHit = {} == {};", keyOf("m"), mine));
    kernel.line("}");
    kernel.line("const unsigned ballot = __ballot_sync(0xffffffffu, isHit);");
    kernel.line("if (threadIdx.x % 32 == 0) counts[threadIdx.x / 32] = __popc(ballot);");
    kernel.line("__syncthreads();");
    kernel.line("int before = 0, all = 0;");
    kernel.line("for (int w = 0; w < 8; ++w) { if (w < threadIdx.x / 32) before += counts[w]; all "
                "+= counts[w]; }");
    kernel.line("if (isHit) hits[before + __popc(ballot & ((1u << (threadIdx.x % 32)) - 1))] = "
                "static_cast<int>(m);");
    kernel.line("__syncthreads();");
    kernel.line("for (int h = 0; h < all; ++h) {");
    kernel.line("const I u = hits[h];");
    kernel.line("#pragma unroll");
    kernel.line("for (int j = 0; j < 4; ++j) {");
    kernel.line("const I c = first + j * 256;");
    kernel.line(fmt::format("if (c < {}) {{", width));
    Indices from = kernel.emit.split({"u", 0, true}, scatter.batchDims);
    const Indices inner = kernel.emit.split(
        {"c", 0, true},
        {updates.dims.begin() + static_cast<std::ptrdiff_t>(scatter.batchDims.size()),
         updates.dims.end()});
    from.insert(from.end(), inner.begin(), inner.end());
    const Operand update = kernel.emit.value(scatter.updates, from);
    kernel.line(fmt::format("sum[j] = {};",
                            combineText(scatter.attributes.kind, "sum[j]", update.at("0"))));
    kernel.line("} } }");
    kernel.line("__syncthreads();");
    kernel.line("}");
    kernel.line("#pragma unroll");
    kernel.line(fmt::format("for (int j = 0; j < 4; ++j) if (first + j * 256 < {}) {}[row * {} + "
                            "first + j * 256] = Encode<{}>::of(sum[j]);",
                            width, kernel.output(scatter.out), width, storageType(out.dtype)));
    return kernel.finish();
}

} // namespace

KernelTexts scatterKernel(const StageGraph& graph, int node)
{
    const Scatter scatter = scatterOf(graph, node);
    if (graph.type(scatter.out).elementCount() == 0)
        return {};
    if (scattersRows(graph, scatter) && product(scatter.batchDims) > 0)
        return {copyOperand(graph, node, scatter), rowScatter(graph, node, scatter)};
    return {plainScatter(graph, node)};
}

/// One thread an element: its place is the number of elements that come before it.
KernelTexts sortKernel(const StageGraph& graph, int node)
{
    const Instruction& instruction = instructionOf(graph, node);
    const auto& sort = std::get<SortAttributes>(instruction.attributes);
    const BufferId keys = instruction.inputs[0];
    const TensorType& type = graph.type(keys);
    const auto along = static_cast<size_t>(sort.dim);
    KernelBuilder kernel(graph, node, 1);
    kernel.threadPerElement(type.elementCount());
    const Indices at = kernel.emit.split({"i", 0, true}, type.dims);
    const std::string key = kernel.emit.value(keys, at).at("0");
    kernel.line("I place = 0;");
    kernel.line(fmt::format("for (I j = 0; j < {}; ++j) {{", type.dims[along]));
    Indices other = at;
    other[along] = {"j", 0, true};
    const std::string rival = kernel.emit.value(keys, other).at("0");
    // NaN sorts as the largest.
    kernel.line(fmt::format("const bool n = {0} != {0}, m = {1} != {1};", key, rival));
    kernel.line(sort.isDescending
                    ? fmt::format("const bool before = n || m ? m && !n : {1} > {0};", key, rival)
                    : fmt::format("const bool before = n || m ? n && !m : {1} < {0};", key, rival));
    kernel.line(sort.isDescending
                    ? fmt::format("const bool after = n || m ? n && !m : {0} > {1};", key, rival)
                    : fmt::format("const bool after = n || m ? m && !n : {0} < {1};", key, rival));
    kernel.line(fmt::format("if (before || (!after && j < {})) ++place;", at[along].base));
    kernel.line("}");
    Indices target = at;
    target[along] = {"place", 0, true};
    for (size_t t = 0; t < instruction.inputs.size(); ++t) {
        const Operand value = kernel.emit.value(instruction.inputs[t], at);
        kernel.storeAt(instruction.outputs[t], kernel.emit.linear(target, type.dims).base, value);
    }
    return {kernel.finish()};
}

} // namespace alpa::cuda
