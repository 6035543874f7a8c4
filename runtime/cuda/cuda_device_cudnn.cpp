// What a device runs by cuDNN: attentions and convolutions.
#include "core/program/arena_ranges.h"
#include "runtime/cuda/cuda_device.h"

#include <algorithm>

namespace alpa::cuda
{

/// Memory and kernels of copies, behind the `scratch` bytes of the call itself.
void CudaDevice::planCopies(BoundLaunch& launch, std::vector<PartCopy> copies, int64_t scratch)
{
    for (PartCopy& copy : copies) {
        BoundCopy& bound = launch.copies.emplace_back();
        bound.text = copyKernel(copy.shape);
        bound.offset = alignedToArena(scratch);
        scratch = bound.offset + alignedToArena(copy.bytes);
        bound.planned = std::move(copy);
    }
    scratchBytes_ = std::max(scratchBytes_, scratch);
}

Status CudaDevice::planAttention(const PlannedLaunch& planned, BoundLaunch& launch)
{
    std::vector<PartCopy> copies;
    const AttentionShape shape = packedAttention(*planned.attention, planned.isBackward, copies);
    auto& known = attentions_[{shape, planned.isBackward}];
    if (!known) {
        known = std::make_shared<CudnnAttention>(
            shared_.libraries, cudnn_, shape, planned.isBackward,
            shared_.options.isDeterministic ? CudnnAttention::SumOrder::kFixed
                                            : CudnnAttention::SumOrder::kAny);
        RETURN_IF_ERROR(known->prepare());
    }
    launch.attention = known;
    planCopies(launch, std::move(copies), known->scratchBytes());
    return {};
}

std::shared_ptr<CudnnConvolution> CudaDevice::plannedConvolution(const ConvolutionShape& shape)
{
    const auto [known, isNew] = convolutions_.try_emplace(shape);
    if (isNew) {
        auto tried = std::make_shared<CudnnConvolution>(shared_.libraries, cudnn_, shape,
                                                        shared_.options.isDeterministic);
        if (tried->prepare().ok())
            known->second = std::move(tried);
    }
    return known->second;
}

/// By cuDNN where it has an engine; else the launch keeps its own kernel.
void CudaDevice::planConvolution(const PlannedLaunch& planned, BoundLaunch& launch)
{
    const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
    if (cudnn_ == nullptr || made.kind != InstructionKind::kCompute ||
        made.opKind != OpKind::kConvolution)
        return;
    const std::optional<ConvolutionShape> shape = convolutionShape(*graph_, planned.node);
    if (!shape)
        return;
    std::vector<PartCopy> copies;
    // What engines refuse with its padding, some take with the padding as a part of the image.
    for (const bool padsImage : {false, true}) {
        if (launch.convolution || (!padsImage && !isEvenlyPadded(*shape)))
            continue;
        copies.clear();
        launch.convolution = plannedConvolution(packedConvolution(*shape, padsImage, copies));
    }
    if (launch.convolution)
        planCopies(launch, std::move(copies), launch.convolution->workspaceBytes());
}

/// What cuDNN reads or writes elsewhere than it lies.
Status CudaDevice::copyParts(BoundLaunch& launch, int microbatch, bool isResult)
{
    for (const BoundCopy& copy : launch.copies) {
        if (copy.planned.isResult != isResult)
            continue;
        const CUdeviceptr there = at(launch.places[copy.planned.part], microbatch);
        const CUdeviceptr packed = scratch() + static_cast<CUdeviceptr>(copy.offset);
        if (copy.planned.isFramed)
            RETURN_IF_ERROR(check(driver_.cuMemsetD8Async(
                                      packed, 0, static_cast<size_t>(copy.planned.bytes), stream_),
                                  "clearing a frame"));
        RETURN_IF_ERROR(launchCopy(copy.function, copy.text, isResult ? packed : there,
                                   isResult ? there : packed, stream_));
    }
    return {};
}

/// Where cuDNN reads or writes part `part` of a launch's reads and writes.
CUdeviceptr CudaDevice::partAt(const BoundLaunch& launch, size_t part, int microbatch) const
{
    for (const BoundCopy& copy : launch.copies) {
        if (copy.planned.part == part)
            return scratch() + static_cast<CUdeviceptr>(copy.offset);
    }
    return at(launch.places[part], microbatch);
}

Status CudaDevice::runAttention(BoundLaunch& launch, int microbatch)
{
    RETURN_IF_ERROR(copyParts(launch, microbatch, false));
    const auto part = [&](size_t i) { return partAt(launch, i, microbatch); };
    AttentionPointers pointers;
    pointers.q = part(0);
    pointers.k = part(1);
    pointers.v = part(2);
    pointers.o = part(3);
    pointers.scratch = scratch();
    if (launch.planned->isBackward) {
        pointers.gradO = part(4);
        pointers.statistics = part(5);
        pointers.gradQ = part(6);
        pointers.gradK = part(7);
        pointers.gradV = part(8);
    } else {
        pointers.statistics = part(4);
    }
    RETURN_IF_ERROR(launch.attention->run(pointers));
    return copyParts(launch, microbatch, true);
}

Status CudaDevice::runConvolution(BoundLaunch& launch, int microbatch)
{
    RETURN_IF_ERROR(copyParts(launch, microbatch, false));
    RETURN_IF_ERROR(launch.convolution->run(partAt(launch, 0, microbatch),
                                            partAt(launch, 1, microbatch),
                                            partAt(launch, 2, microbatch), scratch()));
    return copyParts(launch, microbatch, true);
}

} // namespace alpa::cuda
