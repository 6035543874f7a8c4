// Convolutions by cuDNN: which of its three directions a convolution is, and one as a plan.
#pragma once

#include "runtime/cuda/copy_kernel.h"
#include "runtime/cuda/cuda_libraries.h"
#include "runtime/cuda/fused_stage.h"

#include <memory>
#include <optional>
#include <vector>

namespace alpa::cuda
{

/// A convolution of an image with a filter to a result, or one of its two gradients. Sizes and
/// strides (in elements) in cuDNN's order: samples, channels, places of the image and the result;
/// result channels, image channels, taps of the filter. Groups are the image's channels over the
/// filter's.
struct ConvolutionShape {
    /// kImage: the image from result and filter; kFilter: the filter from image and result.
    enum class Target { kResult, kImage, kFilter };
    struct Tensor {
        std::vector<int64_t> dims, strides;
        friend auto operator<=>(const Tensor&, const Tensor&) = default;
    };
    Target target = Target::kResult;
    DType dtype = DType::kF32;
    Tensor image, filter, result;
    std::vector<int64_t> steps, dilations, before, after; ///< By spatial dimension.
    bool isMirrored = false;                              ///< Taps count backwards.
    friend auto operator<=>(const ConvolutionShape&, const ConvolutionShape&) = default;

    double flops() const;
};

/// The convolution at `node` as cuDNN knows it. Nothing for what has no such form: other types,
/// dilated images with steps, negative padding, groups in a gradient of the image.
std::optional<ConvolutionShape> convolutionShape(const StageGraph& graph, int node);

/// Do all dimensions have as much padding before as behind? Only then are all engines right: on an
/// H200, cuDNN 9 yields plainly wrong filters of 3 taps and steps of 2 for paddings of 0 and 1.
bool isEvenlyPadded(const ConvolutionShape& shape);

/// `shape` on tensors as cuDNN takes them, channels innermost, and the copies that this needs.
/// `padsImage`: the image's padding becomes a part of it: zeros around what is copied, or what the
/// copy leaves out where the image is what is computed.
ConvolutionShape packedConvolution(const ConvolutionShape& shape, bool padsImage,
                                   std::vector<PartCopy>& copies);

/// One shape as an execution plan.
class CudnnConvolution
{
public:
    /// Without `handle`: only asks whether an H200 would take the graph, which needs no GPU.
    CudnnConvolution(LibrariesPtr libraries, cudnnHandle_t handle, ConvolutionShape shape,
                     bool isDeterministic);
    ~CudnnConvolution();
    CudnnConvolution(const CudnnConvolution&) = delete;
    CudnnConvolution& operator=(const CudnnConvolution&) = delete;

    /// Fails with kUnsupported if no engine takes the shape.
    Status prepare();
    const ConvolutionShape& shape() const { return shape_; }
    int64_t workspaceBytes() const { return workspaceBytes_; }
    /// Operands and result in the order of the instruction; on the handle's stream.
    Status run(CUdeviceptr lhs, CUdeviceptr rhs, CUdeviceptr out, CUdeviceptr workspace);

private:
    LibrariesPtr libraries_;
    cudnnHandle_t handle_;
    ConvolutionShape shape_;
    bool isDeterministic_;
    std::vector<cudnnBackendDescriptor_t> descriptors_; ///< All, to be destroyed.
    cudnnBackendDescriptor_t plan_ = nullptr;
    int64_t workspaceBytes_ = 0;
};

} // namespace alpa::cuda
