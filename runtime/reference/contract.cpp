#include "runtime/reference/kernels.h"
#include "runtime/reference/strided.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

bool contains(const std::vector<int>& dims, int dim)
{
    return std::ranges::find(dims, dim) != dims.end();
}

/// The dimensions of `type` named in none of the two lists.
std::vector<int> freeDims(const TensorType& type, const std::vector<int>& batch,
                          const std::vector<int>& contracting)
{
    std::vector<int> dims;
    for (int d = 0; d < type.rank(); ++d) {
        if (!contains(batch, d) && !contains(contracting, d))
            dims.push_back(d);
    }
    return dims;
}

int64_t sizeOf(const TensorType& type, const std::vector<int>& dims)
{
    int64_t size = 1;
    for (const int d : dims)
        size *= type.dims[static_cast<size_t>(d)];
    return size;
}

/// The values with dimensions in the order a, b, c.
std::vector<double> permuted(const HostTensor& x, const std::vector<int>& a,
                             const std::vector<int>& b, const std::vector<int>& c)
{
    const std::vector<int64_t> strides = rowMajorStrides(x.type.dims);
    std::vector<int64_t> dims;
    Walk read;
    for (const std::vector<int>* group : {&a, &b, &c}) {
        for (const int d : *group) {
            dims.push_back(x.type.dims[static_cast<size_t>(d)]);
            read.strides.push_back(strides[static_cast<size_t>(d)]);
        }
    }
    std::vector<double> values(x.values.size());
    double* target = values.data();
    forEachOffset<1>(dims, {read},
                     [&](int64_t r) { *target++ = x.values[static_cast<size_t>(r)]; });
    return values;
}

} // namespace

double reduceIdentity(ReduceKind kind)
{
    switch (kind) {
    case ReduceKind::kAdd:
        return 0.0;
    case ReduceKind::kMultiply:
        return 1.0;
    case ReduceKind::kMaximum:
        return -std::numeric_limits<double>::infinity();
    case ReduceKind::kMinimum:
        return std::numeric_limits<double>::infinity();
    case ReduceKind::kAnd:
        return -1.0; // All bits; a predicate's result is made 0 or 1 afterwards.
    case ReduceKind::kOr:
        return 0.0;
    }
    return 0.0;
}

double reducePair(ReduceKind kind, double a, double b)
{
    switch (kind) {
    case ReduceKind::kAdd:
        return a + b;
    case ReduceKind::kMultiply:
        return a * b;
    case ReduceKind::kMaximum:
        return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b);
    case ReduceKind::kMinimum:
        return std::isnan(a) || std::isnan(b) ? std::nan("") : std::min(a, b);
    case ReduceKind::kAnd:
        return static_cast<double>(static_cast<int64_t>(a) & static_cast<int64_t>(b));
    case ReduceKind::kOr:
        return static_cast<double>(static_cast<int64_t>(a) | static_cast<int64_t>(b));
    }
    return 0.0;
}

void evaluateDot(const DotAttributes& attributes, Operands in, HostTensor& out)
{
    const TensorType& lhsType = in[0]->type;
    const TensorType& rhsType = in[1]->type;
    const std::vector<int> lhsFree =
        freeDims(lhsType, attributes.lhsBatch, attributes.lhsContracting);
    const std::vector<int> rhsFree =
        freeDims(rhsType, attributes.rhsBatch, attributes.rhsContracting);
    // lhs (B, M, K) and rhs (B, K, N), so that the inner loop runs along contiguous rows of N.
    const std::vector<double> lhs =
        permuted(*in[0], attributes.lhsBatch, lhsFree, attributes.lhsContracting);
    const std::vector<double> rhs =
        permuted(*in[1], attributes.rhsBatch, attributes.rhsContracting, rhsFree);
    const int64_t batch = sizeOf(lhsType, attributes.lhsBatch);
    const int64_t m = sizeOf(lhsType, lhsFree);
    const int64_t k = sizeOf(lhsType, attributes.lhsContracting);
    const int64_t n = sizeOf(rhsType, rhsFree);
    for (int64_t row = 0; row < batch * m; ++row) {
        double* target = out.values.data() + row * n;
        const double* left = lhs.data() + row * k;
        const double* right = rhs.data() + row / m * k * n;
        for (int64_t i = 0; i < k; ++i) {
            const double factor = left[i];
            for (int64_t j = 0; j < n; ++j)
                target[j] += factor * right[i * n + j];
        }
    }
}

void evaluateReduce(const ReduceAttributes& attributes, Operands in, HostTensor& out)
{
    const HostTensor& x = *in[0];
    std::ranges::fill(out.values, reduceIdentity(attributes.kind));
    const std::vector<int64_t> kept = rowMajorStrides(out.type.dims);
    Walk write{0, std::vector<int64_t>(x.type.dims.size(), 0)};
    size_t next = 0;
    for (int d = 0; d < x.type.rank(); ++d) {
        if (!contains(attributes.dims, d))
            write.strides[static_cast<size_t>(d)] = kept[next++];
    }
    const double* source = x.values.data();
    double* target = out.values.data();
    if (attributes.kind == ReduceKind::kAdd) {
        forEachOffset<1>(x.type.dims, {write}, [&](int64_t w) { target[w] += *source++; });
        return;
    }
    forEachOffset<1>(x.type.dims, {write}, [&](int64_t w) {
        target[w] = reducePair(attributes.kind, target[w], *source++);
    });
    if (!isFloating(out.type.dtype))
        roundValues(out.values, out.type.dtype);
}

namespace
{

/// Calls visit(resultOffset, operandOffset) for every window and every element in it that is not
/// padding.
template <typename Visit>
void forEachWindowElement(const ReduceWindowAttributes& attributes, const TensorType& x,
                          const TensorType& windows, Visit visit)
{
    const std::vector<int64_t> strides = rowMajorStrides(x.dims);
    const size_t rank = x.dims.size();
    std::vector<int64_t> index(rank, 0);
    int64_t result = 0;
    forEachOffset<1>(windows.dims, {Walk{0, rowMajorStrides(windows.dims)}}, [&](int64_t offset) {
        result = offset;
        // The part of the window that lies inside the operand is a box.
        std::vector<int64_t> box(rank, 0);
        Walk read{0, strides};
        int64_t rest = offset;
        for (size_t d = rank; d-- > 0;) {
            index[d] = rest % windows.dims[d];
            rest /= windows.dims[d];
            const int64_t first = index[d] * attributes.strides[d] - attributes.paddingLow[d];
            const int64_t begin = std::max<int64_t>(first, 0);
            const int64_t end = std::min(first + attributes.window[d], x.dims[d]);
            box[d] = std::max<int64_t>(0, end - begin);
            read.start += begin * strides[d];
        }
        forEachOffset<1>(box, {read}, [&](int64_t r) { visit(result, r); });
    });
}

} // namespace

void evaluateReduceWindow(const ReduceWindowAttributes& attributes, Operands in, HostTensor& out)
{
    std::ranges::fill(out.values, reduceIdentity(attributes.kind));
    const double* source = in[0]->values.data();
    double* target = out.values.data();
    forEachWindowElement(attributes, in[0]->type, out.type, [&](int64_t w, int64_t r) {
        target[w] = reducePair(attributes.kind, target[w], source[r]);
    });
}

void evaluateSelectAndScatter(const ReduceWindowAttributes& attributes, Operands in,
                              HostTensor& out)
{
    const HostTensor& x = *in[0];
    const HostTensor& source = *in[1];
    std::vector<int64_t> chosen(source.values.size(), -1);
    forEachWindowElement(attributes, x.type, source.type, [&](int64_t w, int64_t r) {
        int64_t& best = chosen[static_cast<size_t>(w)];
        const double candidate = x.values[static_cast<size_t>(r)];
        if (best < 0 || (attributes.kind == ReduceKind::kMinimum
                             ? candidate < x.values[static_cast<size_t>(best)]
                             : candidate > x.values[static_cast<size_t>(best)]))
            best = r;
    });
    for (size_t w = 0; w < chosen.size(); ++w) {
        if (chosen[w] >= 0)
            out.values[static_cast<size_t>(chosen[w])] += source.values[w];
    }
}

namespace
{

/// Strides of one convolution operand, regrouped: batch, feature, then the spatial dimensions.
struct ConvolutionView {
    int64_t batch = 0, feature = 0;
    std::vector<int64_t> spatial, size;
};

ConvolutionView viewOf(const TensorType& type, int batch, int feature,
                       const std::vector<int>& spatial)
{
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    ConvolutionView view{
        strides[static_cast<size_t>(batch)], strides[static_cast<size_t>(feature)], {}, {}};
    for (const int d : spatial) {
        view.spatial.push_back(strides[static_cast<size_t>(d)]);
        view.size.push_back(type.dims[static_cast<size_t>(d)]);
    }
    return view;
}

/// Of one output position: where each kernel position reads the input; pairs (input offset, kernel
/// offset).
void collectTaps(const ConvolutionAttributes& attributes, const ConvolutionView& input,
                 const ConvolutionView& kernel, const std::vector<int64_t>& position,
                 std::vector<std::pair<int64_t, int64_t>>& taps)
{
    taps.clear();
    const size_t rank = position.size();
    std::vector<int64_t> index(rank, 0);
    int64_t count = 1;
    for (const int64_t size : kernel.size)
        count *= size;
    for (int64_t flat = 0; flat < count; ++flat) {
        int64_t rest = flat;
        int64_t inputOffset = 0;
        int64_t kernelOffset = 0;
        bool isInside = true;
        for (size_t d = rank; d-- > 0;) {
            const int64_t tap = rest % kernel.size[d];
            rest /= kernel.size[d];
            const bool isReversed = !attributes.reversal.empty() && attributes.reversal[d];
            kernelOffset += (isReversed ? kernel.size[d] - 1 - tap : tap) * kernel.spatial[d];
            // Coordinate in the dilated, padded input.
            const int64_t at = position[d] * attributes.strides[d] - attributes.paddingLow[d] +
                               tap * attributes.rhsDilation[d];
            if (at < 0 || at % attributes.lhsDilation[d] != 0 ||
                at / attributes.lhsDilation[d] >= input.size[d]) {
                isInside = false;
                break;
            }
            inputOffset += at / attributes.lhsDilation[d] * input.spatial[d];
        }
        if (isInside)
            taps.emplace_back(inputOffset, kernelOffset);
    }
}

} // namespace

void evaluateConvolution(const ConvolutionAttributes& attributes, Operands in, HostTensor& out)
{
    const TensorType& inputType = in[0]->type;
    const TensorType& kernelType = in[1]->type;
    const ConvolutionView input =
        viewOf(inputType, attributes.inputBatch, attributes.inputFeature, attributes.inputSpatial);
    const ConvolutionView kernel = viewOf(kernelType, attributes.kernelOutputFeature,
                                          attributes.kernelInputFeature, attributes.kernelSpatial);
    const ConvolutionView output = viewOf(out.type, attributes.outputBatch,
                                          attributes.outputFeature, attributes.outputSpatial);
    const int64_t outBatch = out.type.dims[static_cast<size_t>(attributes.outputBatch)];
    const int64_t outFeatures = out.type.dims[static_cast<size_t>(attributes.outputFeature)];
    const int64_t groupFeatures =
        kernelType.dims[static_cast<size_t>(attributes.kernelInputFeature)];
    const int64_t inBatch = inputType.dims[static_cast<size_t>(attributes.inputBatch)];
    const int64_t perFeatureGroup = outFeatures / attributes.featureGroups;
    const int64_t perBatchGroup = outFeatures / attributes.batchGroups;
    const double* x = in[0]->values.data();
    const double* w = in[1]->values.data();
    std::vector<std::pair<int64_t, int64_t>> taps;
    const size_t rank = output.size.size();
    std::vector<int64_t> position(rank, 0);
    forEachOffset<1>(output.size, {Walk{0, output.spatial}}, [&](int64_t spatialOffset) {
        int64_t rest = spatialOffset;
        for (size_t d = 0; d < rank; ++d) {
            position[d] = rest / output.spatial[d] % output.size[d];
        }
        collectTaps(attributes, input, kernel, position, taps);
        for (int64_t b = 0; b < outBatch; ++b) {
            for (int64_t o = 0; o < outFeatures; ++o) {
                const int64_t firstFeature = o / perFeatureGroup * groupFeatures;
                const int64_t sourceBatch =
                    attributes.batchGroups == 1
                        ? b
                        : o / perBatchGroup * (inBatch / attributes.batchGroups) + b;
                const double* from = x + sourceBatch * input.batch + firstFeature * input.feature;
                const double* weights = w + o * kernel.batch;
                double sum = 0.0;
                for (const auto& [inputOffset, kernelOffset] : taps) {
                    for (int64_t f = 0; f < groupFeatures; ++f)
                        sum += from[inputOffset + f * input.feature] *
                               weights[kernelOffset + f * kernel.feature];
                }
                out.values[static_cast<size_t>(spatialOffset + b * output.batch +
                                               o * output.feature)] = sum;
            }
        }
    });
}

} // namespace alpa
