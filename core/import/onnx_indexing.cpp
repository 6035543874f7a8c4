#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

constexpr int64_t kMostClasses = int64_t{1} << 32; ///< Of a one-hot; more is damage.

/// Indices below zero count from the end.
ValueId wrapped(OnnxContext& c, ValueId indices, int64_t size)
{
    const ValueId zero = c.splat(0, c.type(indices));
    const ValueId shifted = c.binary(OpKind::kAdd, indices, static_cast<double>(size));
    return c.select(c.compare(CompareDirection::kLt, indices, zero), shifted, indices);
}

/// Known indices are wrapped while reading.
ValueId indicesOf(OnnxContext& c, size_t input, int64_t size)
{
    if (c.has(input) && c.inputs[input].known != nullptr) {
        OnnxConstant known = *c.inputs[input].known;
        for (double& value : known.values)
            value += value < 0 ? static_cast<double>(size) : 0.0;
        return c.constant(known.values, known.type);
    }
    return wrapped(c, c.x(input), size);
}

/// One known index of an axis: a slice, which splits where a gather would not.
void giveSliceAt(OnnxContext& c, ValueId x, int axis, int64_t index)
{
    const auto d = static_cast<size_t>(axis);
    const int64_t at = index < 0 ? index + c.dims(x)[d] : index;
    Sizes starts(c.dims(x).size(), 0);
    Sizes limits = c.dims(x);
    starts[d] = at;
    limits[d] = at + 1;
    Sizes sizes = c.dims(x);
    sizes.erase(sizes.begin() + axis);
    c.give(c.reshape(c.slice(x, starts, limits), sizes));
}

void convertGather(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int axis = c.axis(c.integer("axis", 0), c.rank(x));
    if (c.failed())
        return;
    const int64_t size = c.dims(x)[static_cast<size_t>(axis)];
    if (c.has(1) && c.inputs[1].known != nullptr && c.inputs[1].known->type.rank() == 0)
        return giveSliceAt(c, x, axis, c.integersOf(1)->front());
    const ValueId indices = indicesOf(c, 1, size);
    const int indexRank = c.rank(indices);
    GatherAttributes a;
    a.collapsedSliceDims = {axis};
    a.startIndexMap = {axis};
    a.indexVectorDim = indexRank;
    a.sliceSizes = c.dims(x);
    a.sliceSizes[static_cast<size_t>(axis)] = 1;
    // The dimensions of the indices take the place of the axis.
    for (int dim = 0; dim < c.rank(x) - 1; ++dim)
        a.offsetDims.push_back(dim < axis ? dim : dim + indexRank);
    c.give(c.emit(OpKind::kGather, {x, indices}, a));
}

/// Where each element comes from: its own place in every dimension but `axis`.
ValueId elementPlaces(OnnxContext& c, ValueId indices, int axis)
{
    const Sizes own = c.dims(indices);
    Sizes withVector = own;
    withVector.push_back(1);
    std::vector<ValueId> parts;
    for (int dim = 0; dim < static_cast<int>(own.size()); ++dim)
        parts.push_back(
            c.reshape(dim == axis ? indices : c.iota(dim, c.type(indices)), withVector));
    if (parts.size() == 1)
        return parts[0];
    return c.emit(OpKind::kConcatenate, parts, ConcatenateAttributes{static_cast<int>(own.size())});
}

void convertGatherElements(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int axis = c.axis(c.integer("axis", 0), c.rank(x));
    if (c.failed())
        return;
    const ValueId indices = wrapped(c, c.x(1), c.dims(x)[static_cast<size_t>(axis)]);
    const int rank = c.rank(x);
    GatherAttributes a;
    a.collapsedSliceDims.resize(static_cast<size_t>(rank));
    std::iota(a.collapsedSliceDims.begin(), a.collapsedSliceDims.end(), 0);
    a.startIndexMap = a.collapsedSliceDims;
    a.indexVectorDim = rank;
    a.sliceSizes.assign(static_cast<size_t>(rank), 1);
    c.give(c.emit(OpKind::kGather, {x, elementPlaces(c, indices, axis)}, a));
}

void convertGatherNd(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId indices = c.x(1);
    const auto batch = static_cast<int>(c.integer("batch_dims", 0));
    if (c.rank(indices) < 1 || batch < 0 || batch >= c.rank(indices))
        return c.invalid("the indices do not fit batch_dims");
    const auto depth = static_cast<int>(std::min<int64_t>(c.dims(indices).back(), c.rank(x)));
    if (batch + depth > c.rank(x))
        return c.invalid("index vectors are longer than the tensor has dimensions");
    GatherAttributes a;
    a.indexVectorDim = c.rank(indices) - 1;
    a.sliceSizes = c.dims(x);
    for (int dim = 0; dim < batch; ++dim) {
        a.operandBatchingDims.push_back(dim);
        a.indicesBatchingDims.push_back(dim);
        a.sliceSizes[static_cast<size_t>(dim)] = 1;
    }
    for (int dim = batch; dim < batch + depth; ++dim) {
        a.startIndexMap.push_back(dim);
        a.collapsedSliceDims.push_back(dim);
        a.sliceSizes[static_cast<size_t>(dim)] = 1;
    }
    const int offsets = c.rank(x) - batch - depth;
    for (int i = 0; i < offsets; ++i)
        a.offsetDims.push_back(c.rank(indices) - 1 + i);
    c.give(c.emit(OpKind::kGather, {x, indices}, a));
}

/// How updates combine with what is there; nothing for an unknown word.
bool readReduction(OnnxContext& c, ScatterAttributes& a)
{
    const std::string reduction = c.text("reduction", "none");
    a.isReplace = reduction == "none";
    a.kind = reduction == "mul"   ? ReduceKind::kMultiply
             : reduction == "max" ? ReduceKind::kMaximum
             : reduction == "min" ? ReduceKind::kMinimum
                                  : ReduceKind::kAdd;
    constexpr std::array<std::string_view, 5> kKnown = {"none", "add", "mul", "max", "min"};
    if (std::ranges::find(kKnown, reduction) != kKnown.end())
        return true;
    c.unsupported("the reduction " + reduction);
    return false;
}

void convertScatterElements(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int axis = c.axis(c.integer("axis", 0), c.rank(x));
    ScatterAttributes a;
    if (c.failed() || !readReduction(c, a))
        return;
    const ValueId indices = wrapped(c, c.x(1), c.dims(x)[static_cast<size_t>(axis)]);
    const ValueId updates = c.x(2);
    a.insertedWindowDims.resize(static_cast<size_t>(c.rank(x)));
    std::iota(a.insertedWindowDims.begin(), a.insertedWindowDims.end(), 0);
    a.scatterDimsToOperandDims = a.insertedWindowDims;
    a.indexVectorDim = c.rank(x);
    c.give(c.emit(OpKind::kScatter, {x, elementPlaces(c, indices, axis), updates}, a));
}

void convertScatterNd(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const ValueId indices = c.x(1);
    const ValueId updates = c.x(2);
    ScatterAttributes a;
    if (c.failed() || !readReduction(c, a))
        return;
    if (c.rank(indices) < 1 || c.dims(indices).back() > c.rank(x))
        return c.invalid("index vectors are longer than the tensor has dimensions");
    const auto depth = static_cast<int>(c.dims(indices).back());
    a.indexVectorDim = c.rank(indices) - 1;
    for (int dim = 0; dim < depth; ++dim) {
        a.insertedWindowDims.push_back(dim);
        a.scatterDimsToOperandDims.push_back(dim);
    }
    for (int dim = depth; dim < c.rank(x); ++dim)
        a.updateWindowDims.push_back(c.rank(indices) - 1 + dim - depth);
    c.give(c.emit(OpKind::kScatter, {x, indices, updates}, a));
}

void convertOneHot(OnnxContext& c)
{
    const ValueId indices = c.x(0);
    const auto depth = c.scalarOf(1);
    if (!depth || !(*depth >= 1) || *depth > static_cast<double>(kMostClasses))
        return c.invalid("the depth is missing");
    const int rank = c.rank(indices) + 1;
    const int axis = c.axis(c.integer("axis", -1), rank);
    if (c.failed())
        return;
    const auto count = static_cast<int64_t>(*depth);
    Sizes sizes = c.dims(indices);
    sizes.insert(sizes.begin() + axis, count);
    const ValueId spread = c.spread(wrapped(c, indices, count), {axis}, sizes);
    const ValueId isHot = c.compare(CompareDirection::kEq, spread, c.iota(axis, c.type(spread)));
    const ValueId values = c.x(2); // (2): off, on.
    const auto pick = [&](int64_t at) {
        return c.broadcastTo(c.reshape(c.slice(values, {at}, {at + 1}), {}), sizes);
    };
    const ValueId on = pick(1);
    c.give(c.select(isHot, on, pick(0)));
}

/// Sorted with its places, then the first k of both.
void convertTopK(OnnxContext& c)
{
    const ValueId x = c.x(0);
    const int axis = c.axis(c.integer("axis", -1), c.rank(x));
    const auto k = c.integersAt("k", 1);
    if (c.failed() || !k || k->size() != 1)
        return c.invalid("k is missing");
    const auto d = static_cast<size_t>(axis);
    if ((*k)[0] < 0 || (*k)[0] > c.dims(x)[d])
        return c.invalid(fmt::format("k is {} of {}", (*k)[0], c.dims(x)[d]));
    const ValueId places = c.iota(axis, {DType::kS64, c.dims(x)});
    const auto sorted =
        c.emitAll(OpKind::kSort, {x, places}, SortAttributes{axis, c.integer("largest", 1) != 0});
    const Sizes starts(c.dims(x).size(), 0);
    Sizes limits = c.dims(x);
    limits[d] = (*k)[0];
    for (const ValueId value : sorted)
        c.give(c.slice(value, starts, limits));
}

constexpr std::array kOperators = {
    OnnxOperator{"Gather", convertGather},
    OnnxOperator{"GatherElements", convertGatherElements},
    OnnxOperator{"GatherND", convertGatherNd},
    OnnxOperator{"OneHot", convertOneHot},
    OnnxOperator{"ScatterElements", convertScatterElements},
    OnnxOperator{"ScatterND", convertScatterNd},
    OnnxOperator{"TopK", convertTopK},
};

} // namespace

std::span<const OnnxOperator> onnxIndexing() { return kOperators; }

OnnxHandler findOnnxOperator(std::string_view name)
{
    for (const auto& operators :
         {onnxElementwise(), onnxShapes(), onnxContractions(), onnxConvolutions(), onnxSequences(),
          onnxWindows(), onnxReductions(), onnxIndexing(), onnxResizing(), onnxRecurrent(),
          onnxSampling(), onnxTrigonometry()}) {
        for (const OnnxOperator& known : operators) {
            if (known.name == name)
                return known.convert;
        }
    }
    return nullptr;
}

} // namespace alpa
