// cuDNN's backend interface: operation graphs, the engine that runs one, and its calls.
#pragma once

#include "runtime/cuda/cuda_libraries.h"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace alpa::cuda
{

/// Descriptors under construction. The first failure is kept, and what follows it does nothing
/// useful.
class CudnnGraph
{
public:
    using Descriptor = cudnnBackendDescriptor_t;

    /// `all`: takes every descriptor made, to be destroyed by the caller.
    CudnnGraph(const Libraries& libraries, std::vector<Descriptor>& all)
        : cudnn(libraries)
        , all_(all)
    {
    }

    Descriptor make(cudnnBackendDescriptorType_t type);
    void keep(cudnnStatus_t result, const char* what);
    template <typename T>
    void set(Descriptor to, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
             const T& value)
    {
        keep(cudnn.cudnnBackendSetAttribute(to, name, type, 1, &value), "setting an attribute");
    }
    void setSizes(Descriptor to, cudnnBackendAttributeName_t name, std::span<const int64_t> values);
    void finalize(Descriptor descriptor);

    struct Kind {
        bool isVirtual = true;
        bool isByValue = false;
    };
    Descriptor tensor(int64_t id, cudnnDataType_t type, std::span<const int64_t> dims,
                      std::span<const int64_t> strides, Kind kind);

    /// Which engines will do.
    struct Demands {
        bool isDeterministic = false;
        bool hasFullPrecision = false;     ///< No products of rounded operands, as of TF32.
        int64_t mostWorkspace = INT64_MAX; ///< Bytes.
    };
    struct Plan {
        Descriptor plan = nullptr; ///< Null without a handle.
        int64_t workspaceBytes = 0;
    };
    /// The first engine that the heuristics name and that compiles. Without `handle`: only asks
    /// whether an H200 would take the graph, which needs no GPU. Fails with kUnsupported if there
    /// is none; `what` is for the message.
    Result<Plan> choosePlan(cudnnHandle_t handle, const Demands& demands, const char* what);

    const Libraries& cudnn;
    std::vector<Descriptor> operations;
    Status status;

private:
    bool meets(Descriptor configuration, const Demands& demands);

    std::vector<Descriptor>& all_;
};

/// A tensor's name and where it lies (on the GPU, or of a value on the host).
using CudnnBinding = std::pair<int64_t, void*>;
/// Runs a plan on the handle's stream.
Status runCudnnPlan(const Libraries& cudnn, cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                    const std::vector<CudnnBinding>& bindings, CUdeviceptr workspace,
                    const char* what);

} // namespace alpa::cuda
