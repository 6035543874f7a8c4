#include "runtime/cuda/kernel_builder.h"
#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa::cuda
{
namespace
{

/// Reductions of one shape.
struct Shape {
    std::vector<int64_t> dims;         ///< Of the operand.
    std::vector<size_t> kept, reduced; ///< Dimensions.
    std::vector<int64_t> keptDims, reducedDims;
    bool reducesRows = false;    ///< All reduced dimensions are inner ones.
    bool reducesColumns = false; ///< All reduced dimensions are outer ones.
};

const Instruction& instructionOf(const StageGraph& graph, int node)
{
    return *graph.nodes()[static_cast<size_t>(node)].instruction;
}

Shape shapeOf(const StageGraph& graph, int node)
{
    const Instruction& instruction = instructionOf(graph, node);
    const std::vector<int>& dims = std::get<ReduceAttributes>(instruction.attributes).dims;
    Shape shape;
    shape.dims = graph.type(instruction.inputs[0]).dims;
    std::vector<bool> order; // Of wide dimensions: reduced or not.
    for (size_t d = 0; d < shape.dims.size(); ++d) {
        const bool isReduced = std::ranges::find(dims, static_cast<int>(d)) != dims.end();
        (isReduced ? shape.reduced : shape.kept).push_back(d);
        (isReduced ? shape.reducedDims : shape.keptDims).push_back(shape.dims[d]);
        if (shape.dims[d] != 1)
            order.push_back(isReduced);
    }
    shape.reducesRows = std::ranges::is_sorted(order);
    shape.reducesColumns = std::ranges::is_sorted(order, std::greater<>());
    return shape;
}

/// The operand's index from that over kept and that over reduced dimensions.
Indices operandIndex(const Shape& shape, const Indices& kept, const Indices& reduced)
{
    Indices at(shape.dims.size());
    for (size_t i = 0; i < kept.size(); ++i)
        at[shape.kept[i]] = kept[i];
    for (size_t i = 0; i < reduced.size(); ++i)
        at[shape.reduced[i]] = reduced[i];
    return at;
}

struct Accumulator {
    std::string name, type;
    ReduceKind kind;
    DType dtype;
    BufferId out, in;
};

std::vector<Accumulator> accumulatorsOf(const StageGraph& graph, const std::vector<int>& roots)
{
    std::vector<Accumulator> found;
    for (const int root : roots) {
        const Instruction& instruction = instructionOf(graph, root);
        const DType dtype = graph.type(instruction.outputs[0]).dtype;
        found.push_back({fmt::format("acc{}", found.size()), computeType(dtype),
                         std::get<ReduceAttributes>(instruction.attributes).kind, dtype,
                         instruction.outputs[0], instruction.inputs[0]});
    }
    return found;
}

/// Adds the values at `at` to the accumulators, lanes folded into one.
void accumulateAll(KernelBuilder& kernel, const std::vector<Accumulator>& accumulators,
                   const Indices& at)
{
    for (const Accumulator& a : accumulators) {
        const Operand x = kernel.emit.value(a.in, at);
        const int lanes = kernel.emit.lanes();
        if (lanes > 1)
            kernel.line("#pragma unroll");
        kernel.line(fmt::format("for (int l = 0; l < {}; ++l) {} = {};", lanes, a.name,
                                combineText(a.kind, a.name, x.at("l"))));
    }
}

/// One warp or one block a row.
KernelText rowKernel(const StageGraph& graph, const std::vector<int>& roots, const Shape& shape,
                     int lanes, bool& fits)
{
    KernelBuilder kernel(graph, roots.front(), lanes);
    const int64_t rows = product(shape.keptDims);
    const int64_t columns = product(shape.reducedDims);
    const bool isWarp = columns / lanes <= 128 && rows > 1;
    const int threads = isWarp ? 32 : columns / lanes >= 2048 ? 512 : kThreads;
    kernel.text.block[0] = threads;
    kernel.text.block[1] = isWarp ? 8 : 1;
    kernel.text.grid[0] = isWarp ? (rows + 7) / 8 : rows;
    kernel.line(isWarp ? "const I row = static_cast<I>(blockIdx.x) * 8 + threadIdx.y;"
                       : "const I row = blockIdx.x;");
    if (isWarp)
        kernel.line(fmt::format("if (row >= {}) return;", rows));
    const std::vector<Accumulator> accumulators = accumulatorsOf(graph, roots);
    for (const Accumulator& a : accumulators)
        kernel.line(fmt::format("{} {} = {};", a.type, a.name, identityText(a.kind, a.dtype)));
    const Indices kept = kernel.emit.split({"row", 0, true}, shape.keptDims);
    kernel.line("#pragma unroll 4");
    kernel.line(fmt::format("for (I c = threadIdx.x * {}; c < {}; c += {}) {{", lanes, columns,
                            threads * lanes));
    const Indices inner = kernel.emit.split({"c", lanes > 1 ? 1 : 0, true}, shape.reducedDims);
    accumulateAll(kernel, accumulators, operandIndex(shape, kept, inner));
    kernel.line("}");
    fits = !kernel.emit.needsOneLane();
    for (const Accumulator& a : accumulators) {
        kernel.line(
            fmt::format("for (int by = 16; by > 0; by /= 2) {} = {};", a.name,
                        combineText(a.kind, a.name, fmt::format("shuffleDown({}, by)", a.name))));
        if (!isWarp) {
            const int warps = threads / 32;
            kernel.line(fmt::format("__shared__ {} w{}[{}];", a.type, a.name, warps));
            kernel.line(fmt::format("if (threadIdx.x % 32 == 0) w{}[threadIdx.x / 32] = {};",
                                    a.name, a.name));
        }
    }
    if (!isWarp)
        kernel.line("__syncthreads();");
    kernel.line("if (threadIdx.x == 0) {");
    for (const Accumulator& a : accumulators) {
        if (!isWarp)
            kernel.line(fmt::format("for (int w = 1; w < {}; ++w) {} = {};", threads / 32, a.name,
                                    combineText(a.kind, a.name, fmt::format("w{}[w]", a.name))));
        kernel.line(fmt::format("{}[row] = Encode<{}>::of({});", kernel.output(a.out),
                                storageType(a.dtype), a.name));
    }
    kernel.line("}");
    return kernel.finish();
}

/// One thread an element of the result; any dimensions.
KernelText generalKernel(const StageGraph& graph, const std::vector<int>& roots, const Shape& shape)
{
    KernelBuilder kernel(graph, roots.front(), 1);
    kernel.threadPerElement(product(shape.keptDims));
    const std::vector<Accumulator> accumulators = accumulatorsOf(graph, roots);
    for (const Accumulator& a : accumulators)
        kernel.line(fmt::format("{} {} = {};", a.type, a.name, identityText(a.kind, a.dtype)));
    const Indices kept = kernel.emit.split({"i", 0, true}, shape.keptDims);
    kernel.line(fmt::format("for (I c = 0; c < {}; ++c) {{", product(shape.reducedDims)));
    const Indices inner = kernel.emit.split({"c", 0, true}, shape.reducedDims);
    accumulateAll(kernel, accumulators, operandIndex(shape, kept, inner));
    kernel.line("}");
    for (const Accumulator& a : accumulators)
        kernel.storeAt(a.out, "i", {a.name, false});
    return kernel.finish();
}

struct Splitting {
    int64_t rows = 0, columns = 0;
    int64_t rowsPerBlock = 0;
    int64_t blocks = 0; ///< Along the rows.
};

constexpr int kColumnThreads = 32; ///< Along the columns; 8 along the rows.

/// First of two: each block sums some rows of some columns.
KernelText columnKernel(const StageGraph& graph, const std::vector<int>& roots, const Shape& shape,
                        const Splitting& split, int lanes, bool& fits)
{
    KernelBuilder kernel(graph, roots.front(), lanes);
    const int64_t columnBlocks =
        (split.columns + kColumnThreads * lanes - 1) / (kColumnThreads * lanes);
    kernel.text.block[0] = kColumnThreads;
    kernel.text.block[1] = 8;
    kernel.text.grid[0] = columnBlocks;
    kernel.text.grid[1] = split.blocks;
    kernel.line(
        fmt::format("const I column = (static_cast<I>(blockIdx.x) * {} + threadIdx.x) * {};",
                    kColumnThreads, lanes));
    const std::vector<Accumulator> accumulators = accumulatorsOf(graph, roots);
    for (const Accumulator& a : accumulators) {
        kernel.line(fmt::format("{} {}[{}];", a.type, a.name, lanes));
        kernel.line(fmt::format("for (int l = 0; l < {}; ++l) {}[l] = {};", lanes, a.name,
                                identityText(a.kind, a.dtype)));
    }
    kernel.line(fmt::format("if (column < {}) {{", split.columns));
    const Indices kept = kernel.emit.split({"column", lanes > 1 ? 1 : 0, true}, shape.keptDims);
    kernel.line(
        fmt::format("I end = (static_cast<I>(blockIdx.y) + 1) * {}; if (end > {}) end = {};",
                    split.rowsPerBlock, split.rows, split.rows));
    kernel.line("#pragma unroll 4");
    kernel.line(fmt::format("for (I r = static_cast<I>(blockIdx.y) * {} + threadIdx.y; r < end; "
                            "r += 8) {{",
                            split.rowsPerBlock));
    const Indices outer = kernel.emit.split({"r", 0, true}, shape.reducedDims);
    for (const Accumulator& a : accumulators) {
        const Operand x = kernel.emit.value(a.in, operandIndex(shape, kept, outer));
        kernel.line("#pragma unroll");
        kernel.line(fmt::format("for (int l = 0; l < {}; ++l) {}[l] = {};", lanes, a.name,
                                combineText(a.kind, a.name + "[l]", x.at("l"))));
    }
    kernel.line("}");
    kernel.line("}");
    fits = !kernel.emit.needsOneLane();
    int64_t offset = 0;
    for (const Accumulator& a : accumulators) {
        const std::string shared = "s" + a.name;
        kernel.line(
            fmt::format("__shared__ {} {}[8][{}];", a.type, shared, kColumnThreads * lanes));
        kernel.line(
            fmt::format("for (int l = 0; l < {}; ++l) {}[threadIdx.y][threadIdx.x * {} + l] "
                        "= {}[l];",
                        lanes, shared, lanes, a.name));
        kernel.line("__syncthreads();");
        kernel.line(fmt::format("for (int c = threadIdx.y * {} + threadIdx.x; c < {}; c += 256) {{",
                                kColumnThreads, kColumnThreads * lanes));
        kernel.line(fmt::format("{} sum = {}[0][c];", a.type, shared));
        kernel.line(fmt::format("for (int y = 1; y < 8; ++y) sum = {};",
                                combineText(a.kind, "sum", shared + "[y][c]")));
        kernel.line(fmt::format("const I at = static_cast<I>(blockIdx.x) * {} + c;",
                                kColumnThreads * lanes));
        kernel.line(fmt::format("if (at < {}) reinterpret_cast<{}*>(scratch + {})[static_cast<I>("
                                "blockIdx.y) * {} + at] = sum;",
                                split.columns, a.type, offset, split.columns));
        kernel.line("}");
        offset += split.columns * split.blocks * 8;
    }
    kernel.text.scratchBytes = offset;
    return kernel.finish();
}

/// Second of two: sums the blocks' sums in their order.
KernelText columnFinish(const StageGraph& graph, const std::vector<int>& roots,
                        const Splitting& split)
{
    KernelBuilder kernel(graph, roots.front(), 1);
    kernel.text.block[0] = 32;
    kernel.text.block[1] = 16;
    kernel.text.grid[0] = (split.columns + 31) / 32;
    kernel.line("const I column = static_cast<I>(blockIdx.x) * 32 + threadIdx.x;");
    int64_t offset = 0;
    for (const Accumulator& a : accumulatorsOf(graph, roots)) {
        kernel.line(fmt::format("{} {} = {};", a.type, a.name, identityText(a.kind, a.dtype)));
        kernel.line(fmt::format("if (column < {}) for (int b = threadIdx.y; b < {}; b += 16) {} = "
                                "{};",
                                split.columns, split.blocks, a.name,
                                combineText(a.kind, a.name,
                                            fmt::format("reinterpret_cast<{}*>(scratch + {})["
                                                        "static_cast<I>(b) * {} + column]",
                                                        a.type, offset, split.columns))));
        kernel.line(fmt::format("__shared__ {} s{}[16][32];", a.type, a.name));
        kernel.line(fmt::format("s{}[threadIdx.y][threadIdx.x] = {};", a.name, a.name));
        kernel.line("__syncthreads();");
        kernel.line(fmt::format("if (threadIdx.y == 0 && column < {}) {{", split.columns));
        kernel.line(
            fmt::format("for (int y = 1; y < 16; ++y) {} = {};", a.name,
                        combineText(a.kind, a.name, fmt::format("s{}[y][threadIdx.x]", a.name))));
        kernel.line(fmt::format("{}[column] = Encode<{}>::of({});", kernel.output(a.out),
                                storageType(a.dtype), a.name));
        kernel.line("}");
        offset += split.columns * split.blocks * 8;
    }
    return kernel.finish();
}

KernelTexts columnKernels(const StageGraph& graph, const std::vector<int>& roots,
                          const Shape& shape)
{
    Splitting split;
    split.rows = product(shape.reducedDims);
    split.columns = product(shape.keptDims);
    int lanes =
        chooseLanes(innermost(shape.keptDims), product(shape.dims), touchedTypes(graph, roots));
    lanes = std::min(lanes, 4); // Accumulators take registers.
    const auto make = [&](bool& fits) {
        const int64_t columnBlocks =
            (split.columns + kColumnThreads * lanes - 1) / (kColumnThreads * lanes);
        const int64_t wanted = std::max<int64_t>(1, 1056 / columnBlocks);
        split.rowsPerBlock = std::max<int64_t>(32, (split.rows + wanted - 1) / wanted);
        split.blocks = (split.rows + split.rowsPerBlock - 1) / split.rowsPerBlock;
        return columnKernel(graph, roots, shape, split, lanes, fits);
    };
    bool fits = false;
    KernelText first = make(fits);
    if (!fits) {
        lanes = 1;
        first = make(fits);
    }
    return {std::move(first), columnFinish(graph, roots, split)};
}

} // namespace

KernelTexts reduceKernel(const StageGraph& graph, const std::vector<int>& roots)
{
    const Shape shape = shapeOf(graph, roots.front());
    if (product(shape.keptDims) == 0)
        return {};
    const int64_t reduced = product(shape.reducedDims);
    if (shape.reducesRows && reduced > 16) {
        const int lanes = chooseLanes(innermost(shape.reducedDims), product(shape.dims),
                                      touchedTypes(graph, roots));
        bool fits = false;
        KernelText text = rowKernel(graph, roots, shape, lanes, fits);
        if (!fits)
            text = rowKernel(graph, roots, shape, 1, fits);
        return {std::move(text)};
    }
    if (shape.reducesColumns && reduced > 16)
        return columnKernels(graph, roots, shape);
    return {generalKernel(graph, roots, shape)};
}

} // namespace alpa::cuda
