#include "runtime/cuda/cudnn_convolution.h"

#include "runtime/cuda/cudnn_graph.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace alpa::cuda
{
namespace
{

using Target = ConvolutionShape::Target;

/// Some engines ask for tens of gigabytes.
constexpr int64_t kMostWorkspace = int64_t{2} << 30;

enum Id : int64_t { kImage = 1, kFilter, kResult };

int64_t at(const std::vector<int64_t>& values, int index)
{
    return values[static_cast<size_t>(index)];
}

/// A tensor's dimensions by their roles.
ConvolutionShape::Tensor inRoles(const TensorType& type, int first, int second,
                                 const std::vector<int>& spatial)
{
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    ConvolutionShape::Tensor tensor;
    const auto add = [&](int dim) {
        tensor.dims.push_back(at(type.dims, dim));
        tensor.strides.push_back(at(strides, dim));
    };
    add(first);
    add(second);
    for (const int dim : spatial)
        add(dim);
    return tensor;
}

bool areOnes(const std::vector<int64_t>& values)
{
    return std::ranges::all_of(values, [](int64_t value) { return value == 1; });
}

/// Do the taps count backwards? Nothing if some dimensions do and others do not.
std::optional<bool> isReversed(const ConvolutionAttributes& conv, const TensorType& weights)
{
    std::optional<bool> all;
    for (size_t s = 0; s < conv.kernelSpatial.size(); ++s) {
        if (at(weights.dims, conv.kernelSpatial[s]) == 1)
            continue; // Either way.
        if (all && *all != conv.reversal[s])
            return std::nullopt;
        all = conv.reversal[s];
    }
    return all.value_or(false);
}

/// Paddings behind the image: only the number of results follows from them, so that any that gives
/// it will do. Equal ones on both sides are what most engines take. False if there are none.
bool padBehind(ConvolutionShape& shape)
{
    for (size_t s = 0; s < shape.steps.size(); ++s) {
        const int64_t taps = (shape.filter.dims[s + 2] - 1) * shape.dilations[s] + 1;
        const int64_t least = (shape.result.dims[s + 2] - 1) * shape.steps[s] + taps -
                              shape.image.dims[s + 2] - shape.before[s];
        const int64_t most = least + shape.steps[s] - 1;
        if (shape.before[s] < 0 || most < 0)
            return false;
        shape.after.push_back(std::clamp(shape.before[s], std::max<int64_t>(least, 0), most));
    }
    return true;
}

void describeResult(const ConvolutionAttributes& conv, ConvolutionShape& shape,
                    const TensorType& in, const TensorType& weights, const TensorType& out)
{
    shape.target = Target::kResult;
    shape.image = inRoles(in, conv.inputBatch, conv.inputFeature, conv.inputSpatial);
    shape.filter =
        inRoles(weights, conv.kernelOutputFeature, conv.kernelInputFeature, conv.kernelSpatial);
    shape.result = inRoles(out, conv.outputBatch, conv.outputFeature, conv.outputSpatial);
    shape.steps = conv.strides;
    shape.dilations = conv.rhsDilation;
    shape.before = conv.paddingLow;
}

/// Places of the image that a result's place reached: what is dilated here was a step there, and
/// the taps are met from their other end.
void describeImage(const ConvolutionAttributes& conv, ConvolutionShape& shape, const TensorType& in,
                   const TensorType& weights, const TensorType& out)
{
    shape.target = Target::kImage;
    shape.image = inRoles(out, conv.outputBatch, conv.outputFeature, conv.outputSpatial);
    shape.filter =
        inRoles(weights, conv.kernelInputFeature, conv.kernelOutputFeature, conv.kernelSpatial);
    shape.result = inRoles(in, conv.inputBatch, conv.inputFeature, conv.inputSpatial);
    shape.steps = conv.lhsDilation;
    shape.dilations = conv.rhsDilation;
    for (size_t s = 0; s < conv.strides.size(); ++s)
        shape.before.push_back((shape.filter.dims[s + 2] - 1) * conv.rhsDilation[s] -
                               conv.paddingLow[s]);
    shape.isMirrored = !shape.isMirrored;
}

/// Samples are summed over, and the window is the result whose gradient is known.
void describeFilter(const ConvolutionAttributes& conv, ConvolutionShape& shape,
                    const TensorType& in, const TensorType& weights, const TensorType& out)
{
    shape.target = Target::kFilter;
    shape.image = inRoles(in, conv.inputFeature, conv.inputBatch, conv.inputSpatial);
    shape.filter = inRoles(out, conv.outputFeature, conv.outputBatch, conv.outputSpatial);
    shape.result =
        inRoles(weights, conv.kernelInputFeature, conv.kernelOutputFeature, conv.kernelSpatial);
    shape.steps = conv.rhsDilation;
    shape.dilations = conv.strides;
    shape.before = conv.paddingLow;
}

/// Dimensions from the widest stride to the narrowest.
std::vector<size_t> inMemoryOrder(const ConvolutionShape::Tensor& tensor)
{
    std::vector<size_t> order(tensor.dims.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, std::greater<>(),
                             [&](size_t dim) { return tensor.strides[dim]; });
    return order;
}

/// Strides of tensors that cuDNN computes on: (sample, places, channel).
std::vector<int64_t> channelsLast(const std::vector<int64_t>& dims)
{
    std::vector<int64_t> strides(dims.size());
    int64_t stride = 1;
    strides[1] = stride;
    stride *= dims[1];
    for (size_t d = dims.size(); d-- > 2;) {
        strides[d] = stride;
        stride *= dims[d];
    }
    strides[0] = stride;
    return strides;
}

/// Where there is one element, any stride will do.
bool liesAs(const ConvolutionShape::Tensor& tensor, const std::vector<int64_t>& strides)
{
    for (size_t d = 0; d < strides.size(); ++d) {
        if (tensor.dims[d] != 1 && tensor.strides[d] != strides[d])
            return false;
    }
    return true;
}

/// Of the instruction's operands and result: what holds the convolution's result.
size_t partOfResult(Target target)
{
    if (target == Target::kResult)
        return 2;
    return target == Target::kImage ? 0 : 1;
}

cudnnDataType_t dataType(DType dtype)
{
    if (dtype == DType::kF16)
        return CUDNN_DATA_HALF;
    return dtype == DType::kBF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

/// The descriptor of an operation, and the names of its parts.
struct Names {
    cudnnBackendDescriptorType_t operation;
    cudnnBackendAttributeName_t convolution, alpha, beta, image, filter, result;
};

Names namesOf(Target target)
{
    if (target == Target::kImage)
        return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY};
    if (target == Target::kFilter)
        return {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY};
    return {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
            CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y};
}

void describe(CudnnGraph& graph, const ConvolutionShape& shape)
{
    const auto rank = static_cast<int64_t>(shape.steps.size());
    const cudnnBackendDescriptor_t how = graph.make(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    graph.set(how, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
    graph.set(how, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE,
              shape.isMirrored ? CUDNN_CONVOLUTION : CUDNN_CROSS_CORRELATION);
    graph.set(how, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, rank);
    graph.setSizes(how, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, shape.steps);
    graph.setSizes(how, CUDNN_ATTR_CONVOLUTION_DILATIONS, shape.dilations);
    graph.setSizes(how, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, shape.before);
    graph.setSizes(how, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, shape.after);
    graph.finalize(how);
    const cudnnDataType_t type = dataType(shape.dtype);
    const auto part = [&](Id id, const ConvolutionShape::Tensor& tensor) {
        return graph.tensor(id, type, tensor.dims, tensor.strides, {false, false});
    };
    const Names names = namesOf(shape.target);
    const cudnnBackendDescriptor_t made = graph.make(names.operation);
    const float one = 1;
    const float zero = 0;
    graph.set(made, names.convolution, CUDNN_TYPE_BACKEND_DESCRIPTOR, how);
    graph.set(made, names.image, CUDNN_TYPE_BACKEND_DESCRIPTOR, part(kImage, shape.image));
    graph.set(made, names.filter, CUDNN_TYPE_BACKEND_DESCRIPTOR, part(kFilter, shape.filter));
    graph.set(made, names.result, CUDNN_TYPE_BACKEND_DESCRIPTOR, part(kResult, shape.result));
    graph.set(made, names.alpha, CUDNN_TYPE_FLOAT, one);
    graph.set(made, names.beta, CUDNN_TYPE_FLOAT, zero);
    graph.finalize(made);
    graph.operations.push_back(made);
}

} // namespace

double ConvolutionShape::flops() const
{
    // Each result's element multiplies one filter.
    return 2.0 * static_cast<double>(product(result.dims)) *
           static_cast<double>(product(filter.dims) / filter.dims[0]);
}

std::optional<ConvolutionShape> convolutionShape(const StageGraph& graph, int node)
{
    const Instruction& instruction = *graph.nodes()[static_cast<size_t>(node)].instruction;
    const auto& conv = std::get<ConvolutionAttributes>(instruction.attributes);
    const TensorType& in = graph.type(instruction.inputs[0]);
    const TensorType& weights = graph.type(instruction.inputs[1]);
    const TensorType& out = graph.type(instruction.outputs[0]);
    const bool isTaken =
        in.dtype == DType::kF32 || in.dtype == DType::kBF16 || in.dtype == DType::kF16;
    const std::optional<bool> reversed = isReversed(conv, weights);
    if (!isTaken || weights.dtype != in.dtype || out.dtype != in.dtype || !reversed ||
        conv.strides.size() != 2 || in.elementCount() == 0 || weights.elementCount() == 0 ||
        out.elementCount() == 0)
        return std::nullopt;
    ConvolutionShape shape;
    shape.dtype = in.dtype;
    shape.isMirrored = *reversed;
    const auto places = [](const TensorType& type, const std::vector<int>& spatial) {
        int64_t count = 1;
        for (const int dim : spatial)
            count *= at(type.dims, dim);
        return count;
    };
    const bool isPlain = areOnes(conv.lhsDilation) && !*reversed;
    // The window of a filter's gradient is the whole result, and what it yields are few taps.
    if (isPlain && conv.featureGroups == 1 &&
        (conv.batchGroups > 1 ||
         places(weights, conv.kernelSpatial) > places(out, conv.outputSpatial)))
        describeFilter(conv, shape, in, weights, out);
    else if (isPlain && conv.batchGroups == 1)
        describeResult(conv, shape, in, weights, out);
    else if (areOnes(conv.strides) && conv.batchGroups == 1 && conv.featureGroups == 1)
        describeImage(conv, shape, in, weights, out);
    else
        return std::nullopt;
    if (!padBehind(shape))
        return std::nullopt;
    return shape;
}

bool isEvenlyPadded(const ConvolutionShape& shape) { return shape.before == shape.after; }

ConvolutionShape packedConvolution(const ConvolutionShape& shape, bool padsImage,
                                   std::vector<PartCopy>& copies)
{
    ConvolutionShape packed = shape;
    const auto pack = [&](ConvolutionShape::Tensor& tensor, size_t part, bool isPadded) {
        const ConvolutionShape::Tensor own = tensor;
        PartCopy copy;
        copy.part = part;
        copy.isResult = part == 2;
        copy.isFramed = isPadded && !copy.isResult;
        for (size_t s = 0; isPadded && s < shape.steps.size(); ++s) {
            tensor.dims[s + 2] += shape.before[s] + shape.after[s];
            packed.before[s] = packed.after[s] = 0;
        }
        tensor.strides = channelsLast(tensor.dims);
        if (liesAs(own, tensor.strides) && !isPadded)
            return;
        // In the order of what is written: the cache holds what neighbours read together.
        for (const size_t dim : inMemoryOrder(copy.isResult ? own : tensor)) {
            copy.shape.dims.push_back(own.dims[dim]);
            copy.shape.from.push_back(own.strides[dim]);
            copy.shape.to.push_back(tensor.strides[dim]);
            if (isPadded && dim >= 2)
                copy.shape.toStart += shape.before[dim - 2] * tensor.strides[dim];
        }
        if (copy.isResult) {
            std::swap(copy.shape.from, copy.shape.to);
            std::swap(copy.shape.fromStart, copy.shape.toStart);
        }
        copy.shape.bytes = dtypeBytes(shape.dtype);
        copy.bytes = copy.shape.bytes * product(tensor.dims);
        copies.push_back(std::move(copy));
    };
    pack(packed.image, shape.target == Target::kImage ? 2 : 0, padsImage);
    pack(packed.filter, shape.target == Target::kFilter ? 2 : 1, false);
    pack(packed.result, partOfResult(shape.target), false);
    return packed;
}

CudnnConvolution::CudnnConvolution(LibrariesPtr libraries, cudnnHandle_t handle,
                                   ConvolutionShape shape, bool isDeterministic)
    : libraries_(std::move(libraries))
    , handle_(handle)
    , shape_(std::move(shape))
    , isDeterministic_(isDeterministic)
{
}

CudnnConvolution::~CudnnConvolution()
{
    for (size_t i = descriptors_.size(); i-- > 0;)
        libraries_->cudnnBackendDestroyDescriptor(descriptors_[i]);
}

Status CudnnConvolution::prepare()
{
    CudnnGraph graph(*libraries_, descriptors_);
    describe(graph, shape_);
    ASSIGN_OR_RETURN(
        const CudnnGraph::Plan chosen,
        graph.choosePlan(handle_, {isDeterministic_, shape_.dtype == DType::kF32, kMostWorkspace},
                         "this convolution"));
    plan_ = chosen.plan;
    workspaceBytes_ = chosen.workspaceBytes;
    return {};
}

Status CudnnConvolution::run(CUdeviceptr lhs, CUdeviceptr rhs, CUdeviceptr out,
                             CUdeviceptr workspace)
{
    Id left = kImage;
    Id right = kFilter;
    Id made = kResult;
    if (shape_.target == Target::kImage)
        std::swap(left, made);
    if (shape_.target == Target::kFilter)
        std::swap(right, made);
    const auto pointer = [](CUdeviceptr address) { return reinterpret_cast<void*>(address); };
    return runCudnnPlan(*libraries_, handle_, plan_,
                        {{left, pointer(lhs)}, {right, pointer(rhs)}, {made, pointer(out)}},
                        workspace, "running a convolution");
}

} // namespace alpa::cuda
