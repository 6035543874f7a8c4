#include "runtime/cpu/gemm.h"
#include "runtime/cpu/kernel.h"
#include "runtime/cpu/storage.h"
#include "runtime/cpu/strided.h"

#include <array>

namespace alpa::cpu
{
namespace
{

/// A convolution as one matrix product per output image and group: patches (output positions,
/// kernel positions x features) times kernel (kernel positions x features, output features).
struct ConvolutionShape {
    int64_t groups = 1;
    int64_t images = 1;      ///< Output batch.
    int64_t features = 1;    ///< Input features of one group.
    int64_t outFeatures = 1; ///< Of one group.
    int64_t positions = 1;   ///< Output positions.
    int64_t taps = 1;        ///< Kernel positions.
    int64_t imageStride = 0, featureStride = 0;
    int64_t groupStride =
        0; ///< In the input: a feature group's features or a batch group's images.
    int64_t outImageStride = 0, outGroupStride = 0;
    std::vector<int64_t> outDims, kernelDims; ///< Spatial.
    /// [spatial dimension][output position * kernel size + tap]: offset into the input; -1 in
    /// padding or between dilated elements.
    std::vector<std::vector<int64_t>> taken;

    int64_t depth() const { return taps * features; }
};

std::vector<int64_t> pick(const std::vector<int64_t>& values, const std::vector<int>& at)
{
    std::vector<int64_t> picked;
    for (const int i : at)
        picked.push_back(values[static_cast<size_t>(i)]);
    return picked;
}

ConvolutionShape makeShape(const KernelRequest& request)
{
    const auto& conv = request.as<ConvolutionAttributes>();
    const TensorType& in = request.inputs[0];
    const TensorType& out = request.outputs[0];
    const auto dim = [](const TensorType& type, int d) {
        return type.dims[static_cast<size_t>(d)];
    };
    const std::vector<int64_t> inStrides = rowMajorStrides(in.dims);
    const std::vector<int64_t> outStrides = rowMajorStrides(out.dims);
    ConvolutionShape shape;
    shape.groups = std::max(conv.featureGroups, conv.batchGroups);
    shape.images = dim(out, conv.outputBatch);
    shape.features = dim(in, conv.inputFeature) / conv.featureGroups;
    shape.outFeatures = dim(out, conv.outputFeature) / shape.groups;
    shape.imageStride = inStrides[static_cast<size_t>(conv.inputBatch)];
    shape.featureStride = inStrides[static_cast<size_t>(conv.inputFeature)];
    shape.groupStride = conv.batchGroups > 1 ? shape.images * shape.imageStride
                                             : shape.features * shape.featureStride;
    shape.outImageStride = outStrides[static_cast<size_t>(conv.outputBatch)];
    shape.outGroupStride = shape.outFeatures * outStrides[static_cast<size_t>(conv.outputFeature)];
    shape.outDims = pick(out.dims, conv.outputSpatial);
    shape.kernelDims = pick(request.inputs[1].dims, conv.kernelSpatial);
    for (size_t d = 0; d < shape.outDims.size(); ++d) {
        shape.positions *= shape.outDims[d];
        shape.taps *= shape.kernelDims[d];
        const auto spatial = static_cast<size_t>(conv.inputSpatial[d]);
        std::vector<int64_t>& taken = shape.taken.emplace_back();
        for (int64_t position = 0; position < shape.outDims[d]; ++position) {
            for (int64_t tap = 0; tap < shape.kernelDims[d]; ++tap) {
                const int64_t place =
                    position * conv.strides[d] - conv.paddingLow[d] + tap * conv.rhsDilation[d];
                const bool isInside = place >= 0 && place % conv.lhsDilation[d] == 0 &&
                                      place / conv.lhsDilation[d] < in.dims[spatial];
                taken.push_back(isInside ? place / conv.lhsDilation[d] * inStrides[spatial] : -1);
            }
        }
    }
    return shape;
}

/// From the kernel operand to [group][kernel positions, reversed where asked][features][output
/// features].
StridedCopy packKernel(const KernelRequest& request, const ConvolutionShape& shape,
                       int64_t elementBytes, int64_t& start)
{
    const auto& conv = request.as<ConvolutionAttributes>();
    const std::vector<int64_t> strides = rowMajorStrides(request.inputs[1].dims);
    const int64_t outStride = strides[static_cast<size_t>(conv.kernelOutputFeature)];
    std::vector<int64_t> dims{shape.groups};
    std::vector<int64_t> read{shape.outFeatures * outStride};
    start = 0;
    for (size_t d = 0; d < shape.kernelDims.size(); ++d) {
        const int64_t stride = strides[static_cast<size_t>(conv.kernelSpatial[d])];
        const bool isReversed = d < conv.reversal.size() && conv.reversal[d];
        dims.push_back(shape.kernelDims[d]);
        read.push_back(isReversed ? -stride : stride);
        start += isReversed ? (shape.kernelDims[d] - 1) * stride : 0;
    }
    dims.insert(dims.end(), {shape.features, shape.outFeatures});
    read.insert(read.end(), {strides[static_cast<size_t>(conv.kernelInputFeature)], outStride});
    return StridedCopy(elementBytes, dims, read, rowMajorStrides(dims));
}

/// patches (positions, taps x features) of one image and group; `input` points at its first
/// element.
template <typename C>
void fillPatches(const ConvolutionShape& shape, const C* input, C* patches)
{
    for (int64_t position = 0; position < shape.positions; ++position) {
        for (int64_t tap = 0; tap < shape.taps; ++tap, patches += shape.features) {
            int64_t offset = 0;
            int64_t positionLeft = position;
            int64_t tapLeft = tap;
            for (size_t d = shape.outDims.size(); d-- > 0 && offset >= 0;) {
                const int64_t taken = shape.taken[d][static_cast<size_t>(
                    positionLeft % shape.outDims[d] * shape.kernelDims[d] +
                    tapLeft % shape.kernelDims[d])];
                positionLeft /= shape.outDims[d];
                tapLeft /= shape.kernelDims[d];
                offset = taken < 0 ? -1 : offset + taken;
            }
            if (offset < 0)
                std::fill_n(patches, shape.features, C{});
            else
                for (int64_t f = 0; f < shape.features; ++f)
                    patches[f] = input[offset + f * shape.featureStride];
        }
    }
}

template <typename C>
Kernel convolutionKernel(const KernelRequest& request)
{
    constexpr auto kBytes = static_cast<int64_t>(sizeof(C));
    const auto& conv = request.as<ConvolutionAttributes>();
    const TensorType& in = request.inputs[0];
    const TensorType& weights = request.inputs[1];
    const TensorType& out = request.outputs[0];
    const ConvolutionShape shape = makeShape(request);
    int64_t kernelStart = 0;
    const StridedCopy pack = packKernel(request, shape, kBytes, kernelStart);
    // Of one image and group: from (positions, output features) to their places in the result.
    std::vector<int64_t> blockDims = shape.outDims;
    blockDims.push_back(shape.outFeatures);
    const std::vector<int64_t> outStrides = rowMajorStrides(out.dims);
    std::vector<int64_t> write = pick(outStrides, conv.outputSpatial);
    write.push_back(outStrides[static_cast<size_t>(conv.outputFeature)]);
    const StridedCopy place(kBytes, blockDims, rowMajorStrides(blockDims), write);
    // Scratch: operands and result in the compute type, packed kernel, patches, one block of the
    // result.
    const int64_t sizes[] = {in.elementCount(),
                             weights.elementCount(),
                             out.elementCount(),
                             weights.elementCount(),
                             shape.positions * shape.depth(),
                             shape.positions * shape.outFeatures};
    std::array<int64_t, 7> at{};
    for (size_t i = 0; i < 6; ++i)
        at[i + 1] = at[i] + alignScratch(sizes[i] * kBytes);
    Kernel kernel;
    kernel.scratchBytes = at[6];
    kernel.run = [=, loadIn = loadTile<C>(in.dtype), loadWeights = loadTile<C>(weights.dtype),
                  store = storeTile<C>(out.dtype), inCount = sizes[0], weightCount = sizes[1],
                  outCount = sizes[2]](const KernelCall& call) {
        const auto part = [&](size_t i) { return reinterpret_cast<C*>(call.scratch + at[i]); };
        loadIn(call.inputs[0], 0, inCount, part(0));
        loadWeights(call.inputs[1], 0, weightCount, part(1));
        pack.run(reinterpret_cast<const std::byte*>(part(1) + kernelStart), call.scratch + at[3]);
        for (int64_t group = 0; group < shape.groups; ++group) {
            const C* matrix = part(3) + group * shape.depth() * shape.outFeatures;
            for (int64_t image = 0; image < shape.images; ++image) {
                fillPatches(shape, part(0) + group * shape.groupStride + image * shape.imageStride,
                            part(4));
                multiplyMatrices<C>({shape.positions, shape.outFeatures, shape.depth()},
                                    {part(4), std::max<int64_t>(shape.depth(), 1), false},
                                    {matrix, std::max<int64_t>(shape.outFeatures, 1), false},
                                    part(5));
                place.run(call.scratch + at[5],
                          reinterpret_cast<std::byte*>(part(2) + group * shape.outGroupStride +
                                                       image * shape.outImageStride));
            }
        }
        store(part(2), outCount, call.outputs[0], 0);
    };
    return kernel;
}

} // namespace

Result<Kernel> makeConvolutionKernel(const KernelRequest& request)
{
    const auto& conv = request.as<ConvolutionAttributes>();
    if (conv.featureGroups > 1 && conv.batchGroups > 1)
        return Error(ErrorCode::kUnsupported,
                     "convolution with feature groups and batch groups at once");
    return withComputeType(request.outputs[0].dtype, [&](auto element) {
        return convolutionKernel<decltype(element)>(request);
    });
}

} // namespace alpa::cpu
