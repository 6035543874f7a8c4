#include "runtime/cpu/kernel.h"
#include "runtime/cpu/reducers.h"
#include "runtime/cpu/storage.h"
#include "runtime/cpu/strided.h"

#include <cstring>

namespace alpa::cpu
{
namespace
{

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

std::vector<int64_t> pick(const std::vector<int64_t>& values, const std::vector<int>& at)
{
    std::vector<int64_t> picked;
    for (const int i : at)
        picked.push_back(values[static_cast<size_t>(i)]);
    return picked;
}

std::vector<int> others(int rank, const std::vector<int>& dims,
                        const std::vector<int>& moreDims = {})
{
    std::vector<int> rest;
    for (int d = 0; d < rank; ++d) {
        if (!contains(dims, d) && !contains(moreDims, d))
            rest.push_back(d);
    }
    return rest;
}

/// The offsets of every index over `dims` with `strides`, in row-major order.
std::vector<int64_t> offsetsOf(const std::vector<int64_t>& dims,
                               const std::vector<int64_t>& strides)
{
    std::vector<int64_t> offsets{0};
    for (size_t d = 0; d < dims.size(); ++d) {
        std::vector<int64_t> finer;
        for (const int64_t offset : offsets) {
            for (int64_t i = 0; i < dims[d]; ++i)
                finer.push_back(offset + i * strides[d]);
        }
        offsets = std::move(finer);
    }
    return offsets;
}

/// What gather and scatter share: every index vector points at the window's place in the tensor.
struct Placement {
    struct Component {
        int64_t indexOffset = 0;  ///< Of this component, from the index vector's start.
        int64_t stride = 0;       ///< Of the tensor dimension.
        int64_t last = 0;         ///< Largest start at which the window fits the local part.
        int64_t wholeLast = 0;    ///< The same in the whole tensor.
        int64_t deviceOffset = 0; ///< Where the local part begins.
    };
    std::vector<Component> components;
    std::vector<int64_t> vectorStarts;   ///< In the indices.
    std::vector<int64_t> batchingStarts; ///< In the tensor, from batching dimensions.
    DType indexType = DType::kS32;

    /// Element of the tensor where window `i` starts; -1 when it does not lie in the local part.
    int64_t start(size_t i, const std::byte* indices, bool isClamped) const
    {
        int64_t element = batchingStarts[i];
        for (const Component& component : components) {
            int64_t place = loadIndex(indexType, indices, vectorStarts[i] + component.indexOffset);
            if (isClamped)
                place = std::clamp<int64_t>(place, 0, component.wholeLast);
            place -= component.deviceOffset;
            if (place < 0 || place > component.last)
                return -1;
            element += place * component.stride;
        }
        return element;
    }
};

struct PlacementRequest {
    const TensorType& tensor;
    const TensorType& indices;
    const std::vector<int>& indexMap;
    const std::vector<int>& tensorBatching;
    const std::vector<int>& indicesBatching;
    int indexVectorDim;
    const std::vector<int64_t>& window; ///< Size along each tensor dimension.
    const std::vector<ResolvedOffset>& offsets;
};

Placement makePlacement(const PlacementRequest& request)
{
    Placement placement;
    placement.indexType = request.indices.dtype;
    const std::vector<int64_t> indexStrides = rowMajorStrides(request.indices.dims);
    const std::vector<int64_t> tensorStrides = rowMajorStrides(request.tensor.dims);
    const std::vector<int> batch = others(request.indices.rank(), {request.indexVectorDim});
    const bool hasVector = request.indexVectorDim < request.indices.rank();
    const int64_t step = hasVector ? indexStrides[static_cast<size_t>(request.indexVectorDim)] : 0;
    placement.vectorStarts =
        offsetsOf(pick(request.indices.dims, batch), pick(indexStrides, batch));
    std::vector<int64_t> batchingStrides(static_cast<size_t>(request.indices.rank()), 0);
    for (size_t i = 0; i < request.tensorBatching.size(); ++i)
        batchingStrides[static_cast<size_t>(request.indicesBatching[i])] =
            tensorStrides[static_cast<size_t>(request.tensorBatching[i])];
    placement.batchingStarts =
        offsetsOf(pick(request.indices.dims, batch), pick(batchingStrides, batch));
    for (size_t i = 0; i < request.indexMap.size(); ++i) {
        const auto d = static_cast<size_t>(request.indexMap[i]);
        Placement::Component component{static_cast<int64_t>(i) * step, tensorStrides[d],
                                       request.tensor.dims[d] - request.window[d],
                                       request.tensor.dims[d] - request.window[d], 0};
        for (const ResolvedOffset& offset : request.offsets) {
            if (static_cast<size_t>(offset.dim) != d)
                continue;
            component.deviceOffset = offset.value;
            component.wholeLast = offset.wholeSize - request.window[d];
        }
        placement.components.push_back(component);
    }
    return placement;
}

/// How the elements of a window are folded into the tensor; nullptr replaces them.
template <typename C>
void foldWindow(const StridedPair& window, const C* updates, C* target, ReduceFunction<C> fold)
{
    const StridedPair::Dim& inner = window.inner();
    window.forEachRun([&](int64_t read, int64_t write) {
        for (int64_t i = 0; i < inner.size; ++i) {
            C& element = target[write + i * inner.write];
            const C update = updates[read + i * inner.read];
            element = fold == nullptr ? update : fold(element, update);
        }
    });
}

template <typename C>
Kernel scatterKernel(const KernelRequest& request, Placement placement, const StridedPair& window,
                     std::vector<int64_t> updateStarts)
{
    const auto& scatter = request.as<ScatterAttributes>();
    const TensorType& out = request.outputs[0];
    const bool direct = isDirect<C>(out.dtype);
    const int64_t outCount = out.elementCount();
    const int64_t updateCount = request.inputs[2].elementCount();
    const int64_t sumBytes = direct ? 0 : alignScratch(outCount * static_cast<int64_t>(sizeof(C)));
    Kernel kernel;
    kernel.scratchBytes = sumBytes + (direct ? 0 : updateCount * static_cast<int64_t>(sizeof(C)));
    kernel.run = [=, placement = std::move(placement), updateStarts = std::move(updateStarts),
                  load = loadTile<C>(out.dtype), store = storeTile<C>(out.dtype),
                  fold = scatter.isReplace ? nullptr : reduceFunction<C>(scatter.kind)](
                     const KernelCall& call) {
        // Narrow types are summed in the compute type and rounded once.
        C* sums = reinterpret_cast<C*>(direct ? call.outputs[0] : call.scratch);
        const C* updates = reinterpret_cast<const C*>(call.inputs[2]);
        if (direct && call.inputs[0] != call.outputs[0])
            std::memcpy(call.outputs[0], call.inputs[0], static_cast<size_t>(outCount) * sizeof(C));
        if (!direct) {
            load(call.inputs[0], 0, outCount, sums);
            C* converted = reinterpret_cast<C*>(call.scratch + sumBytes);
            load(call.inputs[2], 0, updateCount, converted);
            updates = converted;
        }
        for (size_t i = 0; i < updateStarts.size(); ++i) {
            const int64_t start = placement.start(i, call.inputs[1], false);
            if (start >= 0)
                foldWindow(window, updates + updateStarts[i], sums + start, fold);
        }
        if (!direct)
            store(sums, outCount, call.outputs[0], 0);
    };
    return kernel;
}

} // namespace

Result<Kernel> makeGatherKernel(const KernelRequest& request)
{
    const auto& gather = request.as<GatherAttributes>();
    const TensorType& tensor = request.inputs[0];
    const TensorType& out = request.outputs[0];
    Placement placement = makePlacement(
        {tensor, request.inputs[1], gather.startIndexMap, gather.operandBatchingDims,
         gather.indicesBatchingDims, gather.indexVectorDim, gather.sliceSizes, request.offsets});
    const std::vector<int> windowDims =
        others(tensor.rank(), gather.collapsedSliceDims, gather.operandBatchingDims);
    const std::vector<int64_t> window = pick(gather.sliceSizes, windowDims);
    const std::vector<int64_t> outStrides = rowMajorStrides(out.dims);
    const std::vector<int64_t> write = pick(outStrides, gather.offsetDims);
    const std::vector<int> batch = others(out.rank(), gather.offsetDims);
    const int64_t bytes = dtypeBytes(out.dtype);
    return Kernel{
        [placement = std::move(placement), bytes,
         places = offsetsOf(pick(out.dims, batch), pick(outStrides, batch)),
         copy = StridedCopy(bytes, window, pick(rowMajorStrides(tensor.dims), windowDims), write),
         clear = StridedCopy(bytes, window, std::vector<int64_t>(window.size(), 0), write)](
            const KernelCall& call) {
            constexpr std::byte kZero[8] = {};
            for (size_t i = 0; i < places.size(); ++i) {
                const int64_t start = placement.start(i, call.inputs[1], true);
                std::byte* target = call.outputs[0] + places[i] * bytes;
                if (start >= 0)
                    copy.run(call.inputs[0] + start * bytes, target);
                else
                    clear.run(kZero, target);
            }
        }};
}

Result<Kernel> makeScatterKernel(const KernelRequest& request)
{
    const auto& scatter = request.as<ScatterAttributes>();
    const TensorType& tensor = request.outputs[0];
    const TensorType& updates = request.inputs[2];
    const std::vector<int> windowDims =
        others(tensor.rank(), scatter.insertedWindowDims, scatter.inputBatchingDims);
    const std::vector<int64_t> sizes = pick(updates.dims, scatter.updateWindowDims);
    std::vector<int64_t> window(tensor.dims.size(), 1);
    for (size_t i = 0; i < windowDims.size(); ++i)
        window[static_cast<size_t>(windowDims[i])] = sizes[i];
    Placement placement = makePlacement(
        {tensor, request.inputs[1], scatter.scatterDimsToOperandDims, scatter.inputBatchingDims,
         scatter.indicesBatchingDims, scatter.indexVectorDim, window, request.offsets});
    const std::vector<int64_t> updateStrides = rowMajorStrides(updates.dims);
    const StridedPair pair(sizes, pick(updateStrides, scatter.updateWindowDims),
                           pick(rowMajorStrides(tensor.dims), windowDims));
    const std::vector<int> batch = others(updates.rank(), scatter.updateWindowDims);
    std::vector<int64_t> starts = offsetsOf(pick(updates.dims, batch), pick(updateStrides, batch));
    return withComputeType(tensor.dtype, [&](auto element) {
        return scatterKernel<decltype(element)>(request, std::move(placement), pair,
                                                std::move(starts));
    });
}

} // namespace alpa::cpu
