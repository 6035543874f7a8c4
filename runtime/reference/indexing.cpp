#include "runtime/reference/kernels.h"
#include "runtime/reference/strided.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace alpa
{
namespace
{

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

/// What gather and scatter share: index vectors point at places of a tensor, windows lie there.
struct IndexedPlaces {
    std::vector<int> indexMap; ///< Component i of an index vector is along this tensor dimension.
    std::vector<int> tensorBatching, indicesBatching;
    int indexVectorDim = 0;
};

/// Calls visit(batchIndex, starts) for each index vector; starts has one entry per tensor
/// dimension, not clamped. batchIndex runs over the indices' dimensions without the index vector,
/// in row-major order.
template <typename Visit>
void forEachIndexVector(const IndexedPlaces& places, const HostTensor& indices, size_t tensorRank,
                        Visit visit)
{
    const std::vector<int64_t> strides = rowMajorStrides(indices.type.dims);
    std::vector<int64_t> dims;
    Walk read;
    std::vector<int> axisOf(indices.type.dims.size(), -1); // Indices dimension -> position in dims.
    for (int d = 0; d < indices.type.rank(); ++d) {
        if (d == places.indexVectorDim)
            continue;
        axisOf[static_cast<size_t>(d)] = static_cast<int>(dims.size());
        dims.push_back(indices.type.dims[static_cast<size_t>(d)]);
        read.strides.push_back(strides[static_cast<size_t>(d)]);
    }
    const bool hasVector = places.indexVectorDim < indices.type.rank();
    const int64_t step = hasVector ? strides[static_cast<size_t>(places.indexVectorDim)] : 0;
    const std::vector<int64_t> flatStrides = rowMajorStrides(dims);
    int64_t flat = 0;
    std::vector<int64_t> starts(tensorRank, 0);
    forEachOffset<1>(dims, {read}, [&](int64_t offset) {
        std::ranges::fill(starts, 0);
        for (size_t i = 0; i < places.indexMap.size(); ++i)
            starts[static_cast<size_t>(places.indexMap[i])] = static_cast<int64_t>(
                indices.values[static_cast<size_t>(offset + static_cast<int64_t>(i) * step)]);
        for (size_t i = 0; i < places.tensorBatching.size(); ++i) {
            const auto axis =
                static_cast<size_t>(axisOf[static_cast<size_t>(places.indicesBatching[i])]);
            starts[static_cast<size_t>(places.tensorBatching[i])] =
                flat / flatStrides[axis] % dims[axis];
        }
        visit(flat, starts);
        ++flat;
    });
}

/// Splits the dimensions of a gather's result or a scatter's updates: `window` has the given
/// positions, the rest are batch dimensions. Returns offsets of every batch index, in row-major
/// order.
std::vector<int64_t> batchOffsets(const TensorType& type, const std::vector<int>& windowDims)
{
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    std::vector<int64_t> dims;
    Walk walk;
    for (int d = 0; d < type.rank(); ++d) {
        if (contains(windowDims, d))
            continue;
        dims.push_back(type.dims[static_cast<size_t>(d)]);
        walk.strides.push_back(strides[static_cast<size_t>(d)]);
    }
    std::vector<int64_t> offsets;
    forEachOffset<1>(dims, {walk}, [&](int64_t offset) { offsets.push_back(offset); });
    return offsets;
}

/// The window's dimensions in the tensor, those not collapsed, inserted or batching.
std::vector<int> windowTensorDims(size_t rank, const std::vector<int>& collapsed,
                                  const std::vector<int>& batching)
{
    std::vector<int> dims;
    for (int d = 0; d < static_cast<int>(rank); ++d) {
        if (!contains(collapsed, d) && !contains(batching, d))
            dims.push_back(d);
    }
    return dims;
}

std::vector<int64_t> pick(const std::vector<int64_t>& values, const std::vector<int>& at)
{
    std::vector<int64_t> picked;
    for (const int i : at)
        picked.push_back(values[static_cast<size_t>(i)]);
    return picked;
}

} // namespace

void evaluateGather(const GatherAttributes& attributes, Operands in, HostTensor& out)
{
    const HostTensor& x = *in[0];
    const size_t rank = x.type.dims.size();
    const std::vector<int64_t> strides = rowMajorStrides(x.type.dims);
    const std::vector<int> windowDims =
        windowTensorDims(rank, attributes.collapsedSliceDims, attributes.operandBatchingDims);
    const std::vector<int64_t> windowSizes = pick(attributes.sliceSizes, windowDims);
    const std::vector<int64_t> readStrides = pick(strides, windowDims);
    const std::vector<int64_t> writeStrides =
        pick(rowMajorStrides(out.type.dims), attributes.offsetDims);
    const std::vector<int64_t> batches = batchOffsets(out.type, attributes.offsetDims);
    const IndexedPlaces places{attributes.startIndexMap, attributes.operandBatchingDims,
                               attributes.indicesBatchingDims, attributes.indexVectorDim};
    forEachIndexVector(places, *in[1], rank, [&](int64_t flat, const std::vector<int64_t>& starts) {
        int64_t start = 0;
        for (size_t d = 0; d < rank; ++d)
            start += std::clamp<int64_t>(starts[d], 0, x.type.dims[d] - attributes.sliceSizes[d]) *
                     strides[d];
        forEachOffset<2>(
            windowSizes,
            {Walk{start, readStrides}, Walk{batches[static_cast<size_t>(flat)], writeStrides}},
            [&](int64_t r, int64_t w) {
                out.values[static_cast<size_t>(w)] = x.values[static_cast<size_t>(r)];
            });
    });
}

void evaluateScatter(const ScatterAttributes& attributes, Operands in, HostTensor& out)
{
    out.values = in[0]->values;
    const HostTensor& updates = *in[2];
    const size_t rank = out.type.dims.size();
    const std::vector<int64_t> strides = rowMajorStrides(out.type.dims);
    const std::vector<int> windowDims =
        windowTensorDims(rank, attributes.insertedWindowDims, attributes.inputBatchingDims);
    const std::vector<int64_t> windowSizes = pick(updates.type.dims, attributes.updateWindowDims);
    const std::vector<int64_t> writeStrides = pick(strides, windowDims);
    const std::vector<int64_t> readStrides =
        pick(rowMajorStrides(updates.type.dims), attributes.updateWindowDims);
    const std::vector<int64_t> batches = batchOffsets(updates.type, attributes.updateWindowDims);
    std::vector<int64_t> extent(rank, 1);
    for (size_t i = 0; i < windowDims.size(); ++i)
        extent[static_cast<size_t>(windowDims[i])] = windowSizes[i];
    const IndexedPlaces places{attributes.scatterDimsToOperandDims, attributes.inputBatchingDims,
                               attributes.indicesBatchingDims, attributes.indexVectorDim};
    forEachIndexVector(places, *in[1], rank, [&](int64_t flat, const std::vector<int64_t>& starts) {
        int64_t start = 0;
        for (size_t d = 0; d < rank; ++d) {
            if (starts[d] < 0 || starts[d] + extent[d] > out.type.dims[d])
                return; // A window that sticks out is dropped as a whole, as XLA does.
            start += starts[d] * strides[d];
        }
        forEachOffset<2>(
            windowSizes,
            {Walk{batches[static_cast<size_t>(flat)], readStrides}, Walk{start, writeStrides}},
            [&](int64_t r, int64_t w) {
                double& target = out.values[static_cast<size_t>(w)];
                const double update = updates.values[static_cast<size_t>(r)];
                target =
                    attributes.isReplace ? update : reducePair(attributes.kind, target, update);
            });
    });
}

void evaluateSort(const SortAttributes& attributes, Operands in, std::vector<HostTensor>& out)
{
    const TensorType& type = in[0]->type;
    std::vector<int64_t> dims = type.dims;
    const std::vector<int64_t> strides = rowMajorStrides(dims);
    const auto along = static_cast<size_t>(attributes.dim);
    const int64_t length = dims[along];
    const int64_t step = strides[along];
    dims[along] = 1;
    std::vector<int64_t> order(static_cast<size_t>(length));
    forEachOffset<1>(dims, {Walk{0, strides}}, [&](int64_t start) {
        const auto at = [&](const HostTensor& tensor, int64_t i) {
            return tensor.values[static_cast<size_t>(start + i * step)];
        };
        std::iota(order.begin(), order.end(), int64_t{0});
        std::ranges::stable_sort(order, [&](int64_t a, int64_t b) {
            const double x = at(*in[0], a);
            const double y = at(*in[0], b);
            if (std::isnan(x) ||
                std::isnan(y)) // NaN sorts as the largest, which keeps the order strict and weak.
                return attributes.isDescending ? std::isnan(x) && !std::isnan(y)
                                               : !std::isnan(x) && std::isnan(y);
            return attributes.isDescending ? x > y : x < y;
        });
        for (size_t t = 0; t < out.size(); ++t) {
            for (int64_t i = 0; i < length; ++i)
                out[t].values[static_cast<size_t>(start + i * step)] =
                    at(*in[t], order[static_cast<size_t>(i)]);
        }
    });
}

} // namespace alpa
