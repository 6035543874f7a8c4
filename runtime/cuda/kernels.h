// Sources of the generated kernels, one function for each family.
#pragma once

#include "runtime/cuda/fused_stage.h"

#include <string>
#include <vector>

namespace alpa::cuda
{

/// One kernel: every parameter is a pointer to a buffer; then come the scratch memory and whether
/// accumulators begin anew.
struct KernelText {
    std::string body; ///< Behind the name: parameters and code.
    std::vector<BufferId> parameters;
    int64_t grid[3] = {1, 1, 1};
    int block[3] = {1, 1, 1};
    int64_t scratchBytes = 0; ///< Shared with the kernels of the same launch.
};

/// Kernels that run one after another for the roots of one place.
using KernelTexts = std::vector<KernelText>;

/// Of a launch of kernels; none for others.
KernelTexts kernelsOf(const StageGraph& graph, const PlannedLaunch& launch);

/// Computes `roots` (stored values, stores, accumulators of equal dimensions) in one loop.
KernelTexts loopKernel(const StageGraph& graph, const std::vector<int>& roots);
/// Reductions of equal operand dimensions over equal dimensions.
KernelTexts reduceKernel(const StageGraph& graph, const std::vector<int>& roots);
/// A dot, one thread an element: for types and layouts that cuBLASLt does not take.
KernelTexts plainDotKernel(const StageGraph& graph, int node);
KernelTexts convolutionKernel(const StageGraph& graph, int node);
/// Copies the operand and adds the updates in their order.
KernelTexts scatterKernel(const StageGraph& graph, int node);
KernelTexts sortKernel(const StageGraph& graph, int node);
/// Reduce-window and select-and-scatter.
KernelTexts windowKernel(const StageGraph& graph, int node);

} // namespace alpa::cuda
