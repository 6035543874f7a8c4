#include "core/fusion/gemm_shape.h"

#include <algorithm>
#include <numeric>

namespace alpa::fusion
{
namespace
{

struct Run {
    int64_t size = 1;
    int64_t stride = 1;
};

/// The dimensions of a view as one; nothing if they do not lie as one run.
std::optional<Run> collapse(const View& view, const std::vector<int>& dims)
{
    Run run;
    bool isFirst = true;
    for (size_t i = dims.size(); i-- > 0;) {
        const auto d = static_cast<size_t>(dims[i]);
        if (view.dims[d] == 1)
            continue;
        if (isFirst) {
            run = {view.dims[d], view.strides[d]};
            isFirst = false;
        } else if (view.strides[d] != run.stride * run.size) {
            return std::nullopt;
        } else {
            run.size *= view.dims[d];
        }
    }
    return run;
}

std::vector<int> freeDims(const View& view, const std::vector<int>& batch,
                          const std::vector<int>& contracting)
{
    std::vector<int> dims;
    for (int d = 0; d < static_cast<int>(view.dims.size()); ++d) {
        if (std::ranges::find(batch, d) == batch.end() &&
            std::ranges::find(contracting, d) == contracting.end())
            dims.push_back(d);
    }
    return dims;
}

bool isMatrix(int64_t rows, int64_t rowStride, int64_t columns, int64_t columnStride)
{
    return rows == 1 || columns == 1 || rowStride == 1 || columnStride == 1;
}

bool isSupported(DType in, DType out)
{
    if (in == DType::kF64 || in == DType::kF32)
        return in == out;
    return (in == DType::kBF16 || in == DType::kF16) && (out == in || out == DType::kF32);
}

} // namespace

GemmShape GemmShape::transposed() const
{
    GemmShape other = *this;
    other.m = n;
    other.n = m;
    other.strideAm = strideBn;
    other.strideAk = strideBk;
    other.strideBk = strideAk;
    other.strideBn = strideAm;
    std::swap(other.offsetA, other.offsetB);
    const auto exchange = [](Loop& loop) { std::swap(loop.strideA, loop.strideB); };
    exchange(other.batch);
    for (Loop& loop : other.outer)
        exchange(loop);
    return other;
}

double GemmShape::flops() const
{
    double count = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) *
                   static_cast<double>(batch.size);
    for (const Loop& loop : outer)
        count *= static_cast<double>(loop.size);
    return count;
}

std::optional<GemmShape> gemmShape(const StageGraph& graph, int node, const View& a, const View& b)
{
    const Instruction& instruction = *graph.nodes()[static_cast<size_t>(node)].instruction;
    const auto& dot = std::get<DotAttributes>(instruction.attributes);
    const TensorType& out = graph.type(instruction.outputs[0]);
    GemmShape shape;
    shape.typeA = graph.type(instruction.inputs[0]).dtype;
    shape.typeD = out.dtype;
    if (!isSupported(shape.typeA, shape.typeD) ||
        graph.type(instruction.inputs[1]).dtype != shape.typeA || out.elementCount() == 0)
        return std::nullopt;
    // The order of contracted dimensions is free: as they lie in A.
    std::vector<size_t> order(dot.lhsContracting.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, [&](size_t x, size_t y) {
        return a.strides[static_cast<size_t>(dot.lhsContracting[x])] >
               a.strides[static_cast<size_t>(dot.lhsContracting[y])];
    });
    std::vector<int> contractA;
    std::vector<int> contractB;
    for (const size_t i : order) {
        contractA.push_back(dot.lhsContracting[i]);
        contractB.push_back(dot.rhsContracting[i]);
    }
    const auto rows = collapse(a, freeDims(a, dot.lhsBatch, dot.lhsContracting));
    const auto columns = collapse(b, freeDims(b, dot.rhsBatch, dot.rhsContracting));
    const auto depthA = collapse(a, contractA);
    const auto depthB = collapse(b, contractB);
    if (!rows || !columns || !depthA || !depthB || depthA->size == 0)
        return std::nullopt;
    if (!isMatrix(rows->size, rows->stride, depthA->size, depthA->stride) ||
        !isMatrix(columns->size, columns->stride, depthB->size, depthB->stride))
        return std::nullopt;
    shape.m = rows->size;
    shape.n = columns->size;
    shape.k = depthA->size;
    shape.strideAm = rows->stride;
    shape.strideAk = depthA->stride;
    shape.strideBk = depthB->stride;
    shape.strideBn = columns->stride;
    shape.offsetA = a.offset;
    shape.offsetB = b.offset;
    // Batch dimensions: merged where all three tensors allow it.
    std::vector<GemmShape::Loop> loops;
    int64_t strideD = shape.m * shape.n;
    for (size_t i = dot.lhsBatch.size(); i-- > 0;) {
        const auto dimA = static_cast<size_t>(dot.lhsBatch[i]);
        const auto dimB = static_cast<size_t>(dot.rhsBatch[i]);
        const GemmShape::Loop loop{a.dims[dimA], a.strides[dimA], b.strides[dimB], strideD};
        strideD *= loop.size;
        if (loop.size == 1)
            continue;
        if (!loops.empty() && loop.strideA == loops.back().strideA * loops.back().size &&
            loop.strideB == loops.back().strideB * loops.back().size)
            loops.back().size *= loop.size;
        else
            loops.push_back(loop);
    }
    if (!loops.empty()) {
        const auto largest = std::ranges::max_element(
            loops, {}, [](const GemmShape::Loop& loop) { return loop.size; });
        shape.batch = *largest;
        loops.erase(largest);
        shape.outer = std::move(loops);
    }
    return shape;
}

} // namespace alpa::fusion
