// Kernels: one per compute instruction, chosen and prepared when the program is loaded. Running one
// allocates nothing.
#pragma once

#include "core/base/result.h"
#include "core/graph/op.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace alpa::cpu
{

/// A DeviceOffset for one device.
struct ResolvedOffset {
    int dim = 0;
    int64_t value = 0; ///< Stride times the device's position.
    int64_t wholeSize =
        0; ///< Stride times the number of positions: the dimension's size in the whole tensor.
};

/// What a kernel is made from: an instruction with the local types of its operands and results.
struct KernelRequest {
    OpKind kind = OpKind::kOpaque;
    const Attributes* attributes = nullptr;
    std::vector<TensorType> inputs;
    std::vector<TensorType> outputs;
    std::vector<ResolvedOffset> offsets;
    int microbatches = 1; ///< For accumulate.

    template <typename T>
    const T& as() const
    {
        return std::get<T>(*attributes);
    }
};

struct KernelCall {
    const std::byte* const* inputs = nullptr;
    std::byte* const* outputs = nullptr;
    std::byte* scratch = nullptr; ///< Of at least scratchBytes, aligned to 64.
};

struct Kernel {
    std::function<void(const KernelCall&)> run;
    int64_t scratchBytes = 0;
};

/// The kernel of `request`, whose types fit its kind and attributes (verify_program). Fails with
/// kUnsupported naming the op.
Result<Kernel> makeKernel(const KernelRequest& request);

// The families; each takes the kinds that its name says.
Result<Kernel> makeElementwiseKernel(const KernelRequest& request);
Kernel makeAccumulateKernel(const KernelRequest& request);
/// Broadcast, concatenate, constant, dynamic slice and update, iota, pad, reshape, reverse, slice,
/// transpose.
Result<Kernel> makeShapeKernel(const KernelRequest& request);
Result<Kernel> makeDotKernel(const KernelRequest& request);
Result<Kernel> makeConvolutionKernel(const KernelRequest& request);
Result<Kernel> makeReduceKernel(const KernelRequest& request);
Result<Kernel> makeGatherKernel(const KernelRequest& request);
Result<Kernel> makeScatterKernel(const KernelRequest& request);
/// Reduce-window and select-and-scatter.
Result<Kernel> makeWindowKernel(const KernelRequest& request);
Result<Kernel> makeSortKernel(const KernelRequest& request);

/// Scratch is carved up in parts of this alignment.
constexpr int64_t kScratchAlignment = 64;
constexpr int64_t alignScratch(int64_t bytes)
{
    return (bytes + kScratchAlignment - 1) / kScratchAlignment * kScratchAlignment;
}

} // namespace alpa::cpu
