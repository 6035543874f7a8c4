// Inference for contractions, windows and indexing. Sections of the StableHLO specification are
// named where the conditions are theirs.
#include "core/graph/infer_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

int64_t sizeAt(const TensorType& type, int dim) { return type.dims[static_cast<size_t>(dim)]; }

Error typeError(OpKind kind, const Types& operands)
{
    std::string text = "operands do not fit:";
    for (const TensorType& operand : operands)
        text += " " + formatType(operand);
    return inferenceError(kind, text);
}

/// Number of positions of a window along one dimension; nothing when an argument is out of range.
struct WindowDim {
    int64_t size, window, stride, low, high, baseDilation = 1, windowDilation = 1;
};

std::optional<int64_t> windowPositions(const WindowDim& dim)
{
    const auto isSmall = [](int64_t number) {
        return number >= -kLargestDim && number <= kLargestDim;
    };
    if (dim.window < 1 || dim.stride < 1 || dim.baseDilation < 1 || dim.windowDilation < 1 ||
        !isSmall(dim.low) || !isSmall(dim.high) || !isSmall(dim.window))
        return std::nullopt;
    int64_t base = std::max<int64_t>(dim.size - 1, 0);
    int64_t window = dim.window - 1;
    if (__builtin_mul_overflow(base, dim.baseDilation, &base) || !isSmall(base) ||
        __builtin_mul_overflow(window, dim.windowDilation, &window) || !isSmall(window))
        return std::nullopt;
    base = (dim.size == 0 ? 0 : base + 1) + dim.low + dim.high;
    ++window;
    const int64_t positions = base < window ? 0 : (base - window) / dim.stride + 1;
    return positions <= kLargestDim ? std::optional(positions) : std::nullopt;
}

} // namespace

Result<Types> inferDot(const DotAttributes& attributes, const Types& operands,
                       const std::optional<TensorType>& declared)
{
    const OpKind kind = OpKind::kDot;
    if (operands.size() != 2 || operands[0].dtype != operands[1].dtype)
        return typeError(kind, operands);
    const TensorType& lhs = operands[0];
    const TensorType& rhs = operands[1];
    std::vector<int> left = attributes.lhsBatch;
    left.insert(left.end(), attributes.lhsContracting.begin(), attributes.lhsContracting.end());
    std::vector<int> right = attributes.rhsBatch;
    right.insert(right.end(), attributes.rhsContracting.begin(), attributes.rhsContracting.end());
    RETURN_IF_ERROR(checkDims(kind, left, lhs.rank(), "the left side"));
    RETURN_IF_ERROR(checkDims(kind, right, rhs.rank(), "the right side"));
    if (attributes.lhsBatch.size() != attributes.rhsBatch.size() || left.size() != right.size())
        return inferenceError(kind,
                              "both sides need equally many batch and contracting dimensions");
    for (size_t i = 0; i < left.size(); ++i) {
        if (sizeAt(lhs, left[i]) != sizeAt(rhs, right[i]))
            return inferenceError(kind,
                                  fmt::format("{} sizes differ, got {} and {}",
                                              i < attributes.lhsBatch.size() ? "batch" : "inner",
                                              sizeAt(lhs, left[i]), sizeAt(rhs, right[i])));
    }
    TensorType type{declared ? declared->dtype : lhs.dtype, {}};
    for (const int dim : attributes.lhsBatch)
        type.dims.push_back(sizeAt(lhs, dim));
    for (int dim = 0; dim < lhs.rank(); ++dim) {
        if (!contains(left, dim))
            type.dims.push_back(sizeAt(lhs, dim));
    }
    for (int dim = 0; dim < rhs.rank(); ++dim) {
        if (!contains(right, dim))
            type.dims.push_back(sizeAt(rhs, dim));
    }
    return Types{type};
}

namespace
{

Status checkConvolutionDims(const ConvolutionAttributes& a, int rank)
{
    const OpKind kind = OpKind::kConvolution;
    const auto check = [&](std::vector<int> spatial, int first, int second,
                           const char* what) -> Status {
        RETURN_IF_ERROR(checkLength(kind, spatial.size() + 2, rank, what));
        spatial.push_back(first);
        spatial.push_back(second);
        return checkDims(kind, spatial, rank, what);
    };
    RETURN_IF_ERROR(check(a.inputSpatial, a.inputBatch, a.inputFeature, "the input"));
    RETURN_IF_ERROR(
        check(a.kernelSpatial, a.kernelInputFeature, a.kernelOutputFeature, "the kernel"));
    RETURN_IF_ERROR(check(a.outputSpatial, a.outputBatch, a.outputFeature, "the output"));
    RETURN_IF_ERROR(checkLength(kind, a.strides.size(), rank - 2, "strides"));
    RETURN_IF_ERROR(checkLength(kind, a.paddingLow.size(), rank - 2, "padding_low"));
    RETURN_IF_ERROR(checkLength(kind, a.paddingHigh.size(), rank - 2, "padding_high"));
    RETURN_IF_ERROR(checkLength(kind, a.lhsDilation.size(), rank - 2, "lhs_dilation"));
    RETURN_IF_ERROR(checkLength(kind, a.rhsDilation.size(), rank - 2, "rhs_dilation"));
    return checkLength(kind, a.reversal.size(), rank - 2, "reversal");
}

} // namespace

Result<Types> inferConvolution(const ConvolutionAttributes& a, const Types& operands,
                               const std::optional<TensorType>& declared)
{
    const OpKind kind = OpKind::kConvolution;
    if (operands.size() != 2 || operands[0].rank() != operands[1].rank() ||
        operands[0].rank() < 2 || operands[0].dtype != operands[1].dtype)
        return typeError(kind, operands);
    const TensorType& input = operands[0];
    const TensorType& kernel = operands[1];
    RETURN_IF_ERROR(checkConvolutionDims(a, input.rank()));
    const int64_t features = sizeAt(input, a.inputFeature);
    const int64_t outputFeatures = sizeAt(kernel, a.kernelOutputFeature);
    const int64_t batch = sizeAt(input, a.inputBatch);
    if (a.featureGroups < 1 || a.batchGroups < 1 || (a.featureGroups > 1 && a.batchGroups > 1) ||
        features % a.featureGroups != 0 || outputFeatures % a.featureGroups != 0 ||
        batch % a.batchGroups != 0 || outputFeatures % a.batchGroups != 0)
        return inferenceError(
            kind, fmt::format("{} feature and {} batch groups do not fit {} input "
                              "features, {} output features, batch {}",
                              a.featureGroups, a.batchGroups, features, outputFeatures, batch));
    if (features / a.featureGroups != sizeAt(kernel, a.kernelInputFeature))
        return inferenceError(
            kind, fmt::format("the input has {} features per group, the kernel {}",
                              features / a.featureGroups, sizeAt(kernel, a.kernelInputFeature)));
    TensorType type{declared ? declared->dtype : input.dtype,
                    std::vector<int64_t>(input.dims.size())};
    type.dims[static_cast<size_t>(a.outputBatch)] = batch / a.batchGroups;
    type.dims[static_cast<size_t>(a.outputFeature)] = outputFeatures;
    for (size_t i = 0; i < a.inputSpatial.size(); ++i) {
        const std::optional<int64_t> size =
            windowPositions({.size = sizeAt(input, a.inputSpatial[i]),
                             .window = sizeAt(kernel, a.kernelSpatial[i]),
                             .stride = a.strides[i],
                             .low = a.paddingLow[i],
                             .high = a.paddingHigh[i],
                             .baseDilation = a.lhsDilation[i],
                             .windowDilation = a.rhsDilation[i]});
        if (!size)
            return inferenceError(kind, fmt::format("window {} is out of range", i));
        type.dims[static_cast<size_t>(a.outputSpatial[i])] = *size;
    }
    return Types{type};
}

namespace
{

/// What gather and scatter share: how the indices address a tensor.
struct Indexing {
    OpKind kind;
    const TensorType& tensor;
    const TensorType& indices;
    const std::vector<int>& windowDims; ///< Of the result (gather) or updates (scatter).
    const std::vector<int>& droppedDims;
    const std::vector<int>& tensorBatchDims;
    const std::vector<int>& indicesBatchDims;
    const std::vector<int>& indexMap;
    int indexVectorDim;
};

/// Conditions C1-C20 of gather, which scatter has too.
Status checkIndexing(const Indexing& x)
{
    const int indicesRank = x.indices.rank();
    if (isFloating(x.indices.dtype))
        return inferenceError(x.kind, "indices must be integers, got " + formatType(x.indices));
    if (x.indexVectorDim < 0 || x.indexVectorDim > indicesRank)
        return inferenceError(x.kind, fmt::format("index vector dimension {} of rank {}",
                                                  x.indexVectorDim, indicesRank));
    const int64_t vectorSize =
        x.indexVectorDim == indicesRank ? 1 : sizeAt(x.indices, x.indexVectorDim);
    if (static_cast<int64_t>(x.indexMap.size()) != vectorSize)
        return inferenceError(x.kind, fmt::format("{} mapped dimensions for index vectors of {}",
                                                  x.indexMap.size(), vectorSize));
    std::vector<int> dropped = x.droppedDims;
    dropped.insert(dropped.end(), x.tensorBatchDims.begin(), x.tensorBatchDims.end());
    RETURN_IF_ERROR(checkDims(x.kind, dropped, x.tensor.rank(), "collapsed and batching"));
    std::vector<int> mapped = x.indexMap;
    mapped.insert(mapped.end(), x.tensorBatchDims.begin(), x.tensorBatchDims.end());
    RETURN_IF_ERROR(checkDims(x.kind, mapped, x.tensor.rank(), "indexed and batching"));
    RETURN_IF_ERROR(checkDims(x.kind, x.indicesBatchDims, indicesRank, "indices batching"));
    if (contains(x.indicesBatchDims, x.indexVectorDim) ||
        x.indicesBatchDims.size() != x.tensorBatchDims.size())
        return inferenceError(x.kind, "batching dimensions of tensor and indices do not match");
    for (size_t i = 0; i < x.tensorBatchDims.size(); ++i) {
        if (sizeAt(x.tensor, x.tensorBatchDims[i]) != sizeAt(x.indices, x.indicesBatchDims[i]))
            return inferenceError(x.kind, "batching dimensions differ in size");
    }
    if (!isSorted(x.windowDims) || !isSorted(x.droppedDims) ||
        static_cast<size_t>(x.tensor.rank()) != x.windowDims.size() + dropped.size())
        return inferenceError(x.kind, "window dimensions must be sorted and cover the tensor");
    return {};
}

/// The sizes of the result of a gather: `windowSizes` at windowDims, those of the indices
/// elsewhere.
Result<std::vector<int64_t>> gatheredDims(const Indexing& x,
                                          const std::vector<int64_t>& windowSizes)
{
    const int vector = x.indexVectorDim < x.indices.rank() ? 1 : 0;
    const int rank = static_cast<int>(x.windowDims.size()) + x.indices.rank() - vector;
    RETURN_IF_ERROR(checkDims(x.kind, x.windowDims, rank, "window"));
    std::vector<int64_t> dims;
    size_t window = 0;
    int index = 0;
    for (int dim = 0; dim < rank; ++dim) {
        if (contains(x.windowDims, dim)) {
            dims.push_back(windowSizes[window++]);
            continue;
        }
        if (index == x.indexVectorDim)
            ++index;
        dims.push_back(sizeAt(x.indices, index++));
    }
    return dims;
}

} // namespace

Result<Types> inferGather(const GatherAttributes& a, const Types& operands)
{
    const OpKind kind = OpKind::kGather;
    if (operands.size() != 2)
        return typeError(kind, operands);
    const TensorType& tensor = operands[0];
    const Indexing indexing{kind,
                            tensor,
                            operands[1],
                            a.offsetDims,
                            a.collapsedSliceDims,
                            a.operandBatchingDims,
                            a.indicesBatchingDims,
                            a.startIndexMap,
                            a.indexVectorDim};
    RETURN_IF_ERROR(checkIndexing(indexing));
    RETURN_IF_ERROR(checkLength(kind, a.sliceSizes.size(), tensor.rank(), "slice_sizes"));
    std::vector<int64_t> windowSizes;
    for (int dim = 0; dim < tensor.rank(); ++dim) {
        const int64_t size = a.sliceSizes[static_cast<size_t>(dim)];
        const bool isDropped =
            contains(a.collapsedSliceDims, dim) || contains(a.operandBatchingDims, dim);
        if (size < 0 || size > sizeAt(tensor, dim) || (isDropped && size > 1))
            return inferenceError(kind, fmt::format("slice size {} of dimension {} of {}", size,
                                                    dim, formatType(tensor)));
        if (!isDropped)
            windowSizes.push_back(size);
    }
    ASSIGN_OR_RETURN(std::vector<int64_t> dims, gatheredDims(indexing, windowSizes));
    return Types{{tensor.dtype, std::move(dims)}};
}

Result<Types> inferScatter(const ScatterAttributes& a, const Types& operands)
{
    const OpKind kind = OpKind::kScatter;
    if (operands.size() != 3 || operands[0].dtype != operands[2].dtype)
        return typeError(kind, operands);
    const TensorType& tensor = operands[0];
    const TensorType& updates = operands[2];
    const Indexing indexing{kind,
                            tensor,
                            operands[1],
                            a.updateWindowDims,
                            a.insertedWindowDims,
                            a.inputBatchingDims,
                            a.indicesBatchingDims,
                            a.scatterDimsToOperandDims,
                            a.indexVectorDim};
    RETURN_IF_ERROR(checkIndexing(indexing));
    RETURN_IF_ERROR(checkDims(kind, a.updateWindowDims, updates.rank(), "update_window_dims"));
    // A window may be smaller than the tensor: its size is the updates' own.
    std::vector<int64_t> windowSizes;
    size_t window = 0;
    for (int dim = 0; dim < tensor.rank(); ++dim) {
        if (contains(a.insertedWindowDims, dim) || contains(a.inputBatchingDims, dim))
            continue;
        windowSizes.push_back(sizeAt(updates, a.updateWindowDims[window++]));
        if (windowSizes.back() > sizeAt(tensor, dim))
            return inferenceError(kind, fmt::format("a window of {} in dimension {} of {}",
                                                    windowSizes.back(), dim, formatType(tensor)));
    }
    ASSIGN_OR_RETURN(const std::vector<int64_t> dims, gatheredDims(indexing, windowSizes));
    if (dims != updates.dims)
        return inferenceError(kind, fmt::format("updates are {}, expected {}", formatType(updates),
                                                formatType({updates.dtype, dims})));
    return Types{tensor};
}

namespace
{

Result<TensorType> windowType(OpKind kind, const ReduceWindowAttributes& a,
                              const TensorType& operand)
{
    RETURN_IF_ERROR(checkLength(kind, a.window.size(), operand.rank(), "window"));
    RETURN_IF_ERROR(checkLength(kind, a.strides.size(), operand.rank(), "strides"));
    RETURN_IF_ERROR(checkLength(kind, a.paddingLow.size(), operand.rank(), "padding_low"));
    RETURN_IF_ERROR(checkLength(kind, a.paddingHigh.size(), operand.rank(), "padding_high"));
    TensorType type = operand;
    for (size_t dim = 0; dim < type.dims.size(); ++dim) {
        const std::optional<int64_t> size = windowPositions({.size = operand.dims[dim],
                                                             .window = a.window[dim],
                                                             .stride = a.strides[dim],
                                                             .low = a.paddingLow[dim],
                                                             .high = a.paddingHigh[dim]});
        if (!size)
            return inferenceError(kind, fmt::format("window {} is out of range", dim));
        type.dims[dim] = *size;
    }
    return type;
}

} // namespace

Result<Types> inferReduceWindow(const ReduceWindowAttributes& a, const Types& operands)
{
    if (operands.size() != 1)
        return typeError(OpKind::kReduceWindow, operands);
    ASSIGN_OR_RETURN(TensorType type, windowType(OpKind::kReduceWindow, a, operands[0]));
    return Types{std::move(type)};
}

Result<Types> inferSelectAndScatter(const ReduceWindowAttributes& a, const Types& operands)
{
    const OpKind kind = OpKind::kSelectAndScatter;
    if (operands.size() != 2)
        return typeError(kind, operands);
    ASSIGN_OR_RETURN(const TensorType source, windowType(kind, a, operands[0]));
    if (operands[1] != source)
        return inferenceError(kind, fmt::format("the source is {}, expected {}",
                                                formatType(operands[1]), formatType(source)));
    return Types{operands[0]};
}

} // namespace alpa
