#include "tests/conformance/conformance_case.h"

#include <algorithm>

namespace alpa
{
namespace
{

void broadcastTranspose(ConformanceCase& c)
{
    const int rank = c.rng.between(0, 3);
    const TensorType in{c.anyType(), c.shape(rank)};
    std::vector<int64_t> out = c.shape(rank + 2, 5);
    std::vector<int> places = c.permutation(rank + 2);
    places.resize(static_cast<size_t>(rank));
    std::ranges::sort(places);
    for (size_t d = 0; d < places.size(); ++d) {
        if (in.dims[d] != 1 || c.rng.chance(0.5))
            out[static_cast<size_t>(places[d])] = in.dims[d];
    }
    c.emit(OpKind::kBroadcast, {c.input(in)}, DimsAttributes{places}, TensorType{in.dtype, out});
    const int wide = c.rng.between(1, 4);
    const ValueId x = c.input({c.anyType(), c.shape(wide, 20)});
    c.emit(OpKind::kTranspose, {x}, DimsAttributes{c.permutation(wide)});
    std::vector<int> reversed = c.permutation(wide);
    reversed.resize(static_cast<size_t>(c.rng.between(1, wide)));
    c.emit(OpKind::kReverse, {x}, DimsAttributes{reversed});
    c.emit(OpKind::kReshape, {x}, {},
           TensorType{c.graph.type(x).dtype, {c.graph.type(x).elementCount()}});
}

void slicePadConcatenate(ConformanceCase& c)
{
    const int rank = c.rng.between(1, 4);
    const TensorType type{c.anyType(), c.shape(rank)};
    const ValueId x = c.input(type);
    SliceAttributes slice;
    PadAttributes pad;
    DynamicSliceAttributes window;
    std::vector<ValueId> starts;
    for (const int64_t dim : type.dims) {
        const int size = static_cast<int>(dim);
        slice.starts.push_back(c.rng.below(size));
        slice.limits.push_back(c.rng.between(static_cast<int>(slice.starts.back()), size));
        slice.strides.push_back(c.rng.between(1, 3));
        pad.interior.push_back(c.rng.below(3));
        pad.low.push_back(c.rng.between(-1, 3));
        pad.high.push_back(c.rng.between(pad.low.back() < 0 && size == 1 ? 1 : -1, 3));
        if (size == 1 && pad.low.back() + pad.high.back() < 0)
            pad.high.back() = 1;
        window.sizes.push_back(c.rng.between(1, size));
        starts.push_back(c.indices({}, -2, size));
    }
    c.emit(OpKind::kSlice, {x}, slice);
    c.emit(OpKind::kPad, {x, c.input({type.dtype, {}})}, pad);
    std::vector<ValueId> operands{x};
    operands.insert(operands.end(), starts.begin(), starts.end());
    c.emit(OpKind::kDynamicSlice, operands, window);
    operands.insert(operands.begin() + 1, c.input({type.dtype, window.sizes}));
    c.emit(OpKind::kDynamicUpdateSlice, operands);
    const int dim = c.rng.below(rank);
    std::vector<ValueId> parts{x};
    for (int i = 0; i < c.rng.between(0, 3); ++i) {
        TensorType part = type;
        part.dims[static_cast<size_t>(dim)] = c.rng.between(1, 5);
        parts.push_back(c.input(part));
    }
    c.emit(OpKind::kConcatenate, parts, ConcatenateAttributes{dim});
}

/// Rows of a table, as embeddings look them up, and single elements by full coordinates.
void gatherScatter(ConformanceCase& c)
{
    const DType dtype = c.rng.chance(0.7) ? c.oneOf(kFloats) : DType::kS32;
    const int64_t rows = c.rng.between(2, 9);
    const int64_t width = c.rng.between(1, 9);
    const ValueId table = c.input({dtype, {rows, width}});
    const std::vector<int64_t> batch = c.shape(c.rng.between(1, 2), 6);
    std::vector<int64_t> indexDims = batch;
    indexDims.push_back(1);
    const auto rank = static_cast<int>(batch.size());
    const ValueId lookedUp = c.indices(indexDims, -2, rows + 1);
    GatherAttributes lookup;
    lookup.offsetDims = {rank};
    lookup.collapsedSliceDims = {0};
    lookup.startIndexMap = {0};
    lookup.indexVectorDim = rank;
    lookup.sliceSizes = {1, width};
    c.emit(OpKind::kGather, {table, lookedUp}, lookup);
    std::vector<int64_t> updateDims = batch;
    updateDims.push_back(width);
    ScatterAttributes add;
    add.updateWindowDims = {rank};
    add.insertedWindowDims = {0};
    add.scatterDimsToOperandDims = {0};
    add.indexVectorDim = rank;
    c.emit(OpKind::kScatter, {table, lookedUp, c.input({dtype, updateDims})}, add);
    // Full coordinates, windows of several elements, the index vector first.
    const int64_t count = c.rng.between(1, 6);
    const ValueId places = c.indices({2, count}, 0, 4);
    GatherAttributes windows;
    windows.startIndexMap = {1, 0};
    windows.indexVectorDim = 0;
    windows.sliceSizes = {c.rng.between(1, static_cast<int>(rows)),
                          c.rng.between(1, static_cast<int>(width))};
    windows.offsetDims = {0, 2};
    c.emit(OpKind::kGather, {table, places}, windows);
    ScatterAttributes largest = add;
    largest.kind = ReduceKind::kMaximum;
    largest.updateWindowDims = {};
    largest.insertedWindowDims = {0, 1};
    largest.scatterDimsToOperandDims = {1, 0};
    largest.indexVectorDim = 0;
    c.emit(OpKind::kScatter, {table, places, c.input({dtype, {count}})}, largest);
    // Batching dimensions: one lookup per row, as in a cross entropy.
    GatherAttributes pick;
    pick.collapsedSliceDims = {1};
    pick.operandBatchingDims = {0};
    pick.indicesBatchingDims = {0};
    pick.startIndexMap = {1};
    pick.indexVectorDim = 1;
    pick.sliceSizes = {1, 1};
    c.emit(OpKind::kGather, {table, c.indices({rows, 1}, 0, width - 1)}, pick);
}

constexpr ConformanceFamily kFamilies[] = {{"broadcast_transpose", broadcastTranspose},
                                           {"slice_pad_concatenate", slicePadConcatenate},
                                           {"gather_scatter", gatherScatter}};

} // namespace

std::span<const ConformanceFamily> indexingFamilies() { return kFamilies; }

} // namespace alpa
