// Attention by cuDNN's runtime-compiled graphs, through its backend interface.
#pragma once

#include "runtime/cuda/cuda_libraries.h"
#include "runtime/cuda/fused_stage.h"

#include <memory>
#include <vector>

namespace alpa::cuda
{

/// Memory of one call.
struct AttentionPointers {
    CUdeviceptr q = 0, k = 0, v = 0, o = 0, statistics = 0;
    CUdeviceptr gradO = 0, gradQ = 0, gradK = 0, gradV = 0;
    CUdeviceptr scratch = 0; ///< Of scratchBytes().
};

/// One pass (forward or backward) of one shape, as an execution plan.
class CudnnAttention
{
public:
    /// Of the sums behind the gradient of the queries: kFixed gives the same bits in every run.
    enum class SumOrder { kAny, kFixed };

    /// Without `handle`: only asks whether an H200 would take the graph, which needs no GPU.
    CudnnAttention(LibrariesPtr libraries, cudnnHandle_t handle, const AttentionShape& shape,
                   bool isBackward, SumOrder order = SumOrder::kAny);
    ~CudnnAttention();
    CudnnAttention(const CudnnAttention&) = delete;
    CudnnAttention& operator=(const CudnnAttention&) = delete;

    /// Fails with kUnsupported if no engine takes the shape.
    Status prepare();
    int64_t scratchBytes() const { return scratchBytes_; }
    /// On the handle's stream.
    Status run(const AttentionPointers& pointers);

private:
    struct Graph; ///< Descriptors under construction.
    Status buildForward(Graph& graph);
    Status buildBackward(Graph& graph);

    LibrariesPtr libraries_;
    cudnnHandle_t handle_;
    AttentionShape shape_;
    bool isBackward_;
    SumOrder order_;
    std::vector<cudnnBackendDescriptor_t> descriptors_; ///< All, to be destroyed.
    cudnnBackendDescriptor_t plan_ = nullptr;
    int64_t workspaceBytes_ = 0, scratchBytes_ = 0;
    float scale_ = 1, minusInfinity_ = 0, one_ = 1;
};

} // namespace alpa::cuda
