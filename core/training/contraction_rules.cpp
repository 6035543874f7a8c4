// Derivatives of contractions, reductions and windows.
#include "core/training/backward.h"

#include <algorithm>
#include <numeric>

namespace alpa
{
namespace
{

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

std::vector<int> iotaDims(size_t first, size_t count)
{
    std::vector<int> dims(count);
    std::iota(dims.begin(), dims.end(), static_cast<int>(first));
    return dims;
}

/// The dimensions of a tensor of `rank` that are neither batch nor contracting.
std::vector<int> freeDims(int rank, const std::vector<int>& batch,
                          const std::vector<int>& contracting)
{
    std::vector<int> dims;
    for (int d = 0; d < rank; ++d) {
        if (!contains(batch, d) && !contains(contracting, d))
            dims.push_back(d);
    }
    return dims;
}

/// One operand of a dot, its dimensions by use.
struct Side {
    ValueId value;
    std::vector<int> batch, contracting, free;
    std::vector<int> freeInResult; ///< Where its free dimensions are in the dot's result.
};

bool isIdentity(const std::vector<int>& permutation)
{
    return permutation == iotaDims(0, permutation.size());
}

/// The cotangent of `target`: g contracted with `other` over other's free dimensions. Both orders
/// of the product are right; the one whose result already has target's dimension order needs no
/// transpose.
ValueId dotCotangent(Backward& b, const Side& target, const Side& other, ValueId g)
{
    const std::vector<int> gBatch = iotaDims(0, target.batch.size());
    // Dimensions of `other` that survive, in the order they have there, and where each belongs in
    // target.
    std::vector<int> survivors = other.contracting;
    std::ranges::sort(survivors);
    std::vector<int> fromOther;
    for (const int d : survivors)
        fromOther.push_back(target.contracting[static_cast<size_t>(
            std::ranges::find(other.contracting, d) - other.contracting.begin())]);
    const auto permutationOf = [&](const std::vector<int>& first, const std::vector<int>& second) {
        std::vector<int> places =
            target.batch; // places[i]: target dimension of result dimension i.
        places.insert(places.end(), first.begin(), first.end());
        places.insert(places.end(), second.begin(), second.end());
        std::vector<int> permutation(places.size());
        for (size_t i = 0; i < places.size(); ++i)
            permutation[static_cast<size_t>(places[i])] = static_cast<int>(i);
        return permutation;
    };
    const DType dtype = b.graph().type(target.value).dtype;
    // Mixed precision: the product runs in the operands' type, as the forward one did.
    const ValueId left = b.build().convert(g, b.graph().type(other.value).dtype);
    std::vector<int> permutation = permutationOf(target.free, fromOther);
    ValueId product;
    if (isIdentity(permutationOf(fromOther, target.free)) && !isIdentity(permutation)) {
        permutation = permutationOf(fromOther, target.free);
        product = b.build().dot(other.value, left,
                                {other.batch, gBatch, other.free, other.freeInResult}, dtype);
    } else {
        product = b.build().dot(left, other.value,
                                {gBatch, other.batch, other.freeInResult, other.free}, dtype);
    }
    return isIdentity(permutation) ? product : b.build().transpose(product, permutation);
}

void dotRule(Backward& b, const Op& op, ValueId g)
{
    const auto& dot = std::get<DotAttributes>(op.attributes);
    Side lhs{op.operands[0], dot.lhsBatch, dot.lhsContracting, {}, {}};
    Side rhs{op.operands[1], dot.rhsBatch, dot.rhsContracting, {}, {}};
    lhs.free = freeDims(b.graph().type(lhs.value).rank(), lhs.batch, lhs.contracting);
    rhs.free = freeDims(b.graph().type(rhs.value).rank(), rhs.batch, rhs.contracting);
    lhs.freeInResult = iotaDims(lhs.batch.size(), lhs.free.size());
    rhs.freeInResult = iotaDims(lhs.batch.size() + lhs.free.size(), rhs.free.size());
    if (b.isActive(lhs.value))
        b.contribute(lhs.value, dotCotangent(b, lhs, rhs, g));
    if (b.isActive(rhs.value))
        b.contribute(rhs.value, dotCotangent(b, rhs, lhs, g));
}

int64_t at(const std::vector<int64_t>& dims, int dim) { return dims[static_cast<size_t>(dim)]; }

/// Size of a dimension of `size` with `dilation` - 1 zeros between its elements.
int64_t dilated(int64_t size, int64_t dilation) { return (size - 1) * dilation + 1; }

/// The kernel with the groups moved from its output features (O) to its input features (I / G):
/// what a convolution in the other direction needs, whose inputs are the O and whose outputs are
/// the I.
ValueId regroupedKernel(Backward& b, const ConvolutionAttributes& forward, ValueId kernel)
{
    if (forward.featureGroups == 1)
        return kernel;
    const auto in = static_cast<size_t>(forward.kernelInputFeature);
    const auto out = static_cast<size_t>(forward.kernelOutputFeature);
    std::vector<int64_t> sizes = b.dims(kernel);
    std::vector<int64_t> merged = sizes;
    sizes[out] /= forward.featureGroups;
    merged[out] = sizes[out];
    merged[in] *= forward.featureGroups;
    sizes.insert(sizes.begin() + forward.kernelOutputFeature,
                 forward.featureGroups); // (.., G, O / G, ..)
    std::vector<int> permutation;
    for (size_t d = 0; d < merged.size(); ++d) {
        if (d == in)
            permutation.push_back(forward.kernelOutputFeature);
        permutation.push_back(static_cast<int>(d < out ? d : d + 1));
    }
    GraphBuilder& build = b.build();
    return build.reshape(build.transpose(build.reshape(kernel, sizes), permutation), merged);
}

/// A convolution of the cotangent with the mirrored kernel; what was a stride becomes an input
/// dilation.
ValueId convolutionInputCotangent(Backward& b, const Op& op, ValueId g)
{
    const auto& forward = std::get<ConvolutionAttributes>(op.attributes);
    const std::vector<int64_t>& input = b.dims(op.operands[0]);
    const std::vector<int64_t>& kernel = b.dims(op.operands[1]);
    const std::vector<int64_t>& output = b.dims(g);
    ConvolutionAttributes back = forward;
    std::swap(back.kernelInputFeature, back.kernelOutputFeature);
    std::swap(back.inputBatch, back.outputBatch);
    std::swap(back.inputFeature, back.outputFeature);
    std::swap(back.inputSpatial, back.outputSpatial);
    back.strides = forward.lhsDilation;
    back.lhsDilation = forward.strides;
    back.reversal.resize(forward.strides.size(), false);
    for (size_t d = 0; d < forward.strides.size(); ++d) {
        const int64_t taps = dilated(at(kernel, forward.kernelSpatial[d]), forward.rhsDilation[d]);
        const int64_t inputSize =
            dilated(at(input, forward.inputSpatial[d]), forward.lhsDilation[d]);
        const int64_t outputSize =
            dilated(at(output, forward.outputSpatial[d]), forward.strides[d]);
        back.paddingLow[d] = taps - 1 - forward.paddingLow[d];
        back.paddingHigh[d] = inputSize + taps - 1 - outputSize - back.paddingLow[d];
        back.reversal[d] = !back.reversal[d];
    }
    return b.build().convolution(g, regroupedKernel(b, forward, op.operands[1]), back);
}

/// A convolution of the input with the cotangent, in which batch and features change roles.
ValueId convolutionKernelCotangent(Backward& b, const Op& op, ValueId g)
{
    const auto& forward = std::get<ConvolutionAttributes>(op.attributes);
    const std::vector<int64_t>& input = b.dims(op.operands[0]);
    const std::vector<int64_t>& kernel = b.dims(op.operands[1]);
    const std::vector<int64_t>& output = b.dims(g);
    ConvolutionAttributes back = forward;
    std::swap(back.inputBatch, back.inputFeature);
    back.kernelInputFeature = forward.outputBatch;
    back.kernelOutputFeature = forward.outputFeature;
    back.kernelSpatial = forward.outputSpatial;
    back.outputBatch = forward.kernelInputFeature;
    back.outputFeature = forward.kernelOutputFeature;
    back.outputSpatial = forward.kernelSpatial;
    back.featureGroups = 1;
    back.batchGroups =
        forward.featureGroups; // Each group of input features meets its own output features.
    back.strides = forward.rhsDilation;
    back.rhsDilation = forward.strides;
    back.reversal.assign(forward.strides.size(), false);
    std::vector<int> reversed;
    for (size_t d = 0; d < forward.strides.size(); ++d) {
        const int64_t taps = dilated(at(kernel, forward.kernelSpatial[d]), forward.rhsDilation[d]);
        const int64_t inputSize =
            dilated(at(input, forward.inputSpatial[d]), forward.lhsDilation[d]);
        const int64_t outputSize =
            dilated(at(output, forward.outputSpatial[d]), forward.strides[d]);
        back.paddingHigh[d] = taps - 1 + outputSize - inputSize - forward.paddingLow[d];
        if (!forward.reversal.empty() && forward.reversal[d])
            reversed.push_back(forward.kernelSpatial[d]);
    }
    const ValueId result = b.build().convolution(op.operands[0], g, back);
    return reversed.empty() ? result : b.build().reverse(result, reversed);
}

void convolutionRule(Backward& b, const Op& op, ValueId g)
{
    if (b.graph().type(op.operands[0]).elementCount() == 0) { // All padding.
        b.contribute(op.operands[1], b.build().zerosLike(op.operands[1]));
        return;
    }
    const ValueId cotangent = b.build().convert(g, b.graph().type(op.operands[0]).dtype);
    if (b.isActive(op.operands[0]))
        b.contribute(op.operands[0], convolutionInputCotangent(b, op, cotangent));
    if (b.isActive(op.operands[1]))
        b.contribute(op.operands[1], convolutionKernelCotangent(b, op, cotangent));
}

void reduceRule(Backward& b, const Op& op, ValueId g)
{
    const auto& reduce = std::get<ReduceAttributes>(op.attributes);
    const ValueId x = op.operands[0];
    if (reduce.kind == ReduceKind::kAdd) {
        b.contribute(x, b.spread(g, reduce.dims, x));
        return;
    }
    if (reduce.kind == ReduceKind::kMultiply) {
        // The product of the others is the product over the element; an element of zero is left to
        // the user, as NaN.
        b.contribute(x, b.divide(b.spread(b.multiply(g, op.results[0]), reduce.dims, x), x));
        return;
    }
    const ValueId isExtreme =
        b.build().compare(CompareDirection::kEq, x, b.spread(op.results[0], reduce.dims, x));
    const ValueId count =
        b.build().sum(b.build().convert(isExtreme, b.graph().type(x).dtype), reduce.dims);
    const ValueId share = b.spread(b.divide(g, count), reduce.dims, x);
    b.contribute(x, b.build().select(isExtreme, share, b.build().zerosLike(x)));
}

void reduceWindowRule(Backward& b, const Op& op, ValueId g)
{
    const auto& forward = std::get<ReduceWindowAttributes>(op.attributes);
    const ValueId x = op.operands[0];
    if (forward.kind != ReduceKind::kAdd) {
        b.contribute(x, b.build().emit(OpKind::kSelectAndScatter, {x, g}, forward));
        return;
    }
    // Element i is in the windows that begin in (i - window, i]: a window sum over the spread-out
    // cotangent.
    const std::vector<int64_t>& input = b.dims(x);
    const std::vector<int64_t>& windows = b.dims(g);
    std::vector<int64_t> low(input.size());
    std::vector<int64_t> high(input.size());
    std::vector<int64_t> interior(input.size());
    for (size_t d = 0; d < input.size(); ++d) {
        low[d] = forward.window[d] - 1 - forward.paddingLow[d];
        interior[d] = forward.strides[d] - 1;
        high[d] =
            input[d] + forward.window[d] - 1 - dilated(windows[d], forward.strides[d]) - low[d];
    }
    const std::vector<int64_t> zeros(input.size(), 0);
    const ValueId padding = b.build().scalar(0.0, b.graph().type(g).dtype);
    const ValueId spread = b.build().pad(g, padding, low, high, interior);
    b.contribute(x,
                 b.build().reduceWindow(spread, {.kind = ReduceKind::kAdd,
                                                 .window = forward.window,
                                                 .strides = std::vector<int64_t>(input.size(), 1),
                                                 .paddingLow = zeros,
                                                 .paddingHigh = zeros}));
}

} // namespace

DerivativeRule contractionRule(OpKind kind)
{
    if (kind == OpKind::kDot)
        return dotRule;
    if (kind == OpKind::kConvolution)
        return convolutionRule;
    if (kind == OpKind::kReduce)
        return reduceRule;
    if (kind == OpKind::kReduceWindow)
        return reduceWindowRule;
    return nullptr;
}

} // namespace alpa
