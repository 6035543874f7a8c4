#include "tests/conformance/conformance_case.h"
#include "tests/support/convolutions.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Batch, free and contracting dimensions in any order on either side.
void dot(ConformanceCase& c)
{
    const std::vector<int64_t> batch = c.shape(c.rng.between(0, 2), 3);
    const std::vector<int64_t> contracting = c.shape(c.rng.between(0, 2), 9);
    DotAttributes attributes;
    const DType dtype = c.rng.chance(0.8)   ? c.oneOf(kFloats)
                        : c.rng.chance(0.5) ? DType::kS32
                                            : DType::kU64;
    const auto side = [&](std::vector<int>& batchDims, std::vector<int>& contractingDims) {
        const std::vector<int64_t> free = c.shape(c.rng.between(0, 2), 9);
        std::vector<int64_t> sizes = batch;
        sizes.insert(sizes.end(), contracting.begin(), contracting.end());
        sizes.insert(sizes.end(), free.begin(), free.end());
        const auto rank = static_cast<int>(sizes.size());
        std::vector<int> order = c.permutation(rank); // order[i]: place of role i.
        if (c.rng.chance(0.4))
            std::ranges::sort(order);
        std::vector<int64_t> dims(sizes.size());
        for (size_t i = 0; i < sizes.size(); ++i) {
            dims[static_cast<size_t>(order[i])] = sizes[i];
            if (i < batch.size())
                batchDims.push_back(order[i]);
            else if (i < batch.size() + contracting.size())
                contractingDims.push_back(order[i]);
        }
        return c.input({dtype, dims}, -2, 2);
    };
    const ValueId lhs = side(attributes.lhsBatch, attributes.lhsContracting);
    const ValueId rhs = side(attributes.rhsBatch, attributes.rhsContracting);
    // Declared: only the element type counts, so the dimensions come from a first inference.
    TensorType declared{dtype, {}};
    if (dtype == DType::kBF16 && c.rng.chance(0.5))
        declared.dtype = DType::kF32;
    c.emit(OpKind::kDot, {lhs, rhs}, attributes, declared);
}

void reduce(ConformanceCase& c)
{
    const int rank = c.rng.between(1, 4);
    for (const ReduceKind kind : {ReduceKind::kAdd, ReduceKind::kMultiply, ReduceKind::kMaximum,
                                  ReduceKind::kMinimum, ReduceKind::kAnd, ReduceKind::kOr}) {
        const bool isLogical = kind == ReduceKind::kAnd || kind == ReduceKind::kOr;
        const bool isProduct = kind == ReduceKind::kMultiply;
        const DType dtype = isLogical   ? (c.rng.chance(0.5) ? DType::kPred : c.oneOf(kIntegers))
                            : isProduct ? c.oneOf(kFloats)
                                        : c.anyType();
        std::vector<int> dims = c.permutation(rank);
        dims.resize(static_cast<size_t>(c.rng.between(0, rank)));
        std::ranges::sort(dims);
        const ValueId x = c.input({dtype, c.shape(rank, rank == 1   ? 900
                                                        : isProduct ? 4
                                                                    : 12)},
                                  isProduct ? 0.8 : -2.0, isProduct ? 1.2 : 2.0);
        c.emit(OpKind::kReduce, {x}, ReduceAttributes{kind, dims});
    }
}

void convolution(ConformanceCase& c)
{
    const DType dtype = c.oneOf(kFloats);
    const int spatial = c.rng.between(1, 2);
    ConvolutionAttributes conv;
    conv.featureGroups = c.rng.chance(0.3) ? 2 : 1;
    conv.batchGroups = conv.featureGroups == 1 && c.rng.chance(0.3) ? 2 : 1;
    const std::vector<int> in = c.permutation(spatial + 2);
    const std::vector<int> kernel = c.permutation(spatial + 2);
    const std::vector<int> out = c.permutation(spatial + 2);
    conv.inputBatch = in[0];
    conv.inputFeature = in[1];
    conv.inputSpatial.assign(in.begin() + 2, in.end());
    conv.kernelInputFeature = kernel[0];
    conv.kernelOutputFeature = kernel[1];
    conv.kernelSpatial.assign(kernel.begin() + 2, kernel.end());
    conv.outputBatch = out[0];
    conv.outputFeature = out[1];
    conv.outputSpatial.assign(out.begin() + 2, out.end());
    const int64_t features = c.rng.between(1, 3);
    TensorType input{dtype, std::vector<int64_t>(in.size())};
    TensorType weights{dtype, std::vector<int64_t>(in.size())};
    input.dims[static_cast<size_t>(in[0])] = conv.batchGroups * c.rng.between(1, 3);
    input.dims[static_cast<size_t>(in[1])] = conv.featureGroups * features;
    weights.dims[static_cast<size_t>(kernel[0])] = features;
    weights.dims[static_cast<size_t>(kernel[1])] =
        conv.featureGroups * conv.batchGroups * c.rng.between(1, 3);
    for (size_t d = 2; d < in.size(); ++d) {
        input.dims[static_cast<size_t>(in[d])] = c.rng.between(4, 8);
        weights.dims[static_cast<size_t>(kernel[d])] = c.rng.between(1, 3);
        conv.strides.push_back(c.rng.between(1, 2));
        conv.paddingLow.push_back(c.rng.between(0, 2));
        conv.paddingHigh.push_back(c.rng.between(0, 2));
        conv.lhsDilation.push_back(c.rng.between(1, 2));
        conv.rhsDilation.push_back(c.rng.between(1, 2));
        conv.reversal.push_back(c.rng.chance(0.3));
    }
    c.emit(OpKind::kConvolution, {c.input(input, -1, 1), c.input(weights, -1, 1)}, conv,
           TensorType{dtype, {}});
}

/// A layer of image networks that takes every `step`-th place, and its two gradients. Channels are
/// enough for what libraries do with many; paddings differ at the two ends, as steps leave them.
void trainedConvolution(ConformanceCase& c, DType dtype, int64_t step)
{
    const int64_t samples = c.rng.between(2, 4);
    const int64_t places = c.rng.between(6, 8);
    const int64_t taps = c.rng.chance(0.8) ? 3 : c.rng.between(1, 5);
    const int64_t from = c.rng.chance(0.8) ? 32 : 8;
    const int64_t to = c.rng.chance(0.8) ? 32 : 8;
    // As "SAME" pads: the odd one goes behind.
    const int64_t made = (places + step - 1) / step;
    const int64_t padding = std::max<int64_t>((made - 1) * step + taps - places, 0);
    const int64_t low = padding / 2;
    const auto both = [](int64_t value) { return std::vector<int64_t>{value, value}; };
    const ValueId image = c.input({dtype, {samples, places, places, from}}, -1, 1);
    const ValueId filter = c.input({dtype, {taps, taps, from, to}}, -1, 1);
    const ValueId gradient = c.input({dtype, {samples, made, made, to}}, -1, 1);
    c.emit(OpKind::kConvolution, {image, filter},
           convolution2d(both(step), both(low), both(padding - low), both(1), both(1)),
           TensorType{dtype, {}});
    const int64_t reached = (made - 1) * step + 1; // Places of a padded row that are first taps.
    ConvolutionAttributes toImage =
        convolution2d(both(1), both(taps - 1 - low), both(places + low - reached), both(step),
                      both(1), {true, true});
    std::swap(toImage.kernelInputFeature, toImage.kernelOutputFeature);
    c.emit(OpKind::kConvolution, {gradient, filter}, toImage, TensorType{dtype, {}});
    ConvolutionAttributes toFilter = convolution2d(
        both(1), both(low), both(taps - 1 + reached - places - low), both(1), both(step));
    toFilter.inputBatch = 3; // Channels in the place of samples, over which it sums.
    toFilter.inputFeature = 0;
    toFilter.kernelInputFeature = 0;
    toFilter.kernelSpatial = {1, 2};
    toFilter.outputBatch = 2;
    toFilter.outputSpatial = {0, 1};
    c.emit(OpKind::kConvolution, {image, gradient}, toFilter, TensorType{dtype, {}});
}

void trainedConvolutions(ConformanceCase& c)
{
    const DType dtype = c.rng.chance(0.5) ? DType::kF32 : c.oneOf(kFloats);
    for (const int64_t step : {1, 2})
        trainedConvolution(c, dtype, step);
}

void windows(ConformanceCase& c)
{
    ReduceWindowAttributes window;
    const std::vector<int64_t> dims = c.shape(c.rng.between(1, 3), 8);
    for (const int64_t dim : dims) {
        window.window.push_back(c.rng.between(1, static_cast<int>(dim)));
        window.strides.push_back(c.rng.between(1, 3));
        window.paddingLow.push_back(c.rng.below(static_cast<int>(window.window.back())));
        window.paddingHigh.push_back(c.rng.below(static_cast<int>(window.window.back())));
    }
    const DType dtype = c.rng.chance(0.7) ? c.oneOf(kFloats) : DType::kS32;
    const ValueId x = c.input({dtype, dims});
    for (const ReduceKind kind : {ReduceKind::kAdd, ReduceKind::kMaximum, ReduceKind::kMinimum}) {
        window.kind = kind;
        c.emit(OpKind::kReduceWindow, {x}, window);
    }
    window.kind = ReduceKind::kMaximum;
    const TensorType pooled = c.graph.type(c.graph.outputs.back().value);
    c.emit(OpKind::kSelectAndScatter, {x, c.input(pooled)}, window);
}

void sort(ConformanceCase& c)
{
    const int rank = c.rng.between(1, 3);
    const std::vector<int64_t> dims = c.shape(rank, 9);
    const SortAttributes attributes{c.rng.below(rank), c.rng.chance(0.5)};
    c.emit(OpKind::kSort, {c.input({c.anyType(), dims}), c.input({c.anyType(), dims})}, attributes);
}

constexpr ConformanceFamily kFamilies[] = {{"dot", dot},
                                           {"reduce", reduce},
                                           {"convolution", convolution},
                                           {"trained_convolutions", trainedConvolutions},
                                           {"windows", windows},
                                           {"sort", sort}};

} // namespace

std::span<const ConformanceFamily> contractionFamilies() { return kFamilies; }

} // namespace alpa
