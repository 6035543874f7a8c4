#include "runtime/cuda/cudnn_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace alpa::cuda
{
namespace
{

/// What an H200 says of itself: lets cuDNN judge a graph on a machine without one.
constexpr const char* kH200Properties =
    R"({"maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64],
"regsPerBlock": 65536, "multiProcessorCount": 132, "warpSize": 32, "maxSharedMemoryPerBlock": 49152,
"maxSharedMemoryPerBlockOptin": 232448, "reservedSharedMemoryPerBlock": 1024,
"maxRegistersPerSM": 65536, "maxCtasPerSM": 32, "maxThreadsPerBlock": 1024,
"maxThreadsPerSM": 2048, "pciDeviceId": 9013, "isTccDriver": 0, "supportCoopLaunch": 1,
"smClockRateKHz": 1980000, "memClockRateKHz": 3201000, "l2CacheSize": 62914560,
"deviceName": "NVIDIA H200", "deviceVer": 900, "driverVer": 13000, "cudaDeviceId": 0,
"totalGlobalMem": 150000000000, "smVersion": 900})";

/// Candidates asked for; some may miss what is demanded.
constexpr size_t kMostCandidates = 128;

} // namespace

CudnnGraph::Descriptor CudnnGraph::make(cudnnBackendDescriptorType_t type)
{
    Descriptor made = nullptr;
    keep(cudnn.cudnnBackendCreateDescriptor(type, &made), "making a descriptor");
    if (made != nullptr)
        all_.push_back(made);
    return made;
}

void CudnnGraph::keep(cudnnStatus_t result, const char* what)
{
    if (status.ok())
        status = cudnnStatus(cudnn, result, what);
}

void CudnnGraph::setSizes(Descriptor to, cudnnBackendAttributeName_t name,
                          std::span<const int64_t> values)
{
    keep(cudnn.cudnnBackendSetAttribute(to, name, CUDNN_TYPE_INT64,
                                        static_cast<int64_t>(values.size()), values.data()),
         "setting sizes");
}

void CudnnGraph::finalize(Descriptor descriptor)
{
    keep(cudnn.cudnnBackendFinalize(descriptor), "finishing a descriptor");
}

CudnnGraph::Descriptor CudnnGraph::tensor(int64_t id, cudnnDataType_t type,
                                          std::span<const int64_t> dims,
                                          std::span<const int64_t> strides, Kind kind)
{
    Descriptor made = make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    set(made, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id);
    set(made, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type);
    const int64_t alignment = 16;
    set(made, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, alignment);
    setSizes(made, CUDNN_ATTR_TENSOR_DIMENSIONS, dims);
    setSizes(made, CUDNN_ATTR_TENSOR_STRIDES, strides);
    set(made, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, kind.isVirtual);
    set(made, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, kind.isByValue);
    finalize(made);
    return made;
}

bool CudnnGraph::meets(Descriptor configuration, const Demands& demands)
{
    if (!demands.isDeterministic && !demands.hasFullPrecision)
        return true;
    Descriptor engine = make(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    int64_t count = 0;
    if (cudnn.cudnnBackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_ENGINE,
                                       CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
                                       static_cast<void*>(&engine)) != CUDNN_STATUS_SUCCESS)
        return false;
    std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
    if (cudnn.cudnnBackendGetAttribute(
            engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
            static_cast<int64_t>(notes.size()), &count, notes.data()) != CUDNN_STATUS_SUCCESS)
        return false;
    return std::none_of(notes.begin(), notes.begin() + count, [&](auto note) {
        const bool isRounded = note == CUDNN_NUMERICAL_NOTE_TENSOR_CORE ||
                               note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS ||
                               note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION;
        return (demands.isDeterministic && note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) ||
               (demands.hasFullPrecision && isRounded);
    });
}

Result<CudnnGraph::Plan> CudnnGraph::choosePlan(cudnnHandle_t handle, const Demands& demands,
                                                const char* what)
{
    Descriptor graph = make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    keep(cudnn.cudnnBackendSetAttribute(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS,
                                        CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                        static_cast<int64_t>(operations.size()), operations.data()),
         "setting operations");
    if (handle != nullptr)
        set(graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle);
    finalize(graph);
    Descriptor heuristics = make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    set(heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, graph);
    set(heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, CUDNN_HEUR_MODE_A);
    if (handle == nullptr) {
        Descriptor device = make(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
        const std::string properties = kH200Properties;
        keep(cudnn.cudnnBackendSetAttribute(
                 device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                 static_cast<int64_t>(properties.size()), properties.data()),
             "describing a device");
        finalize(device);
        set(heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, device);
    }
    finalize(heuristics);
    RETURN_IF_ERROR(status);
    std::array<Descriptor, kMostCandidates> candidates{};
    for (Descriptor& candidate : candidates)
        candidate = make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    int64_t count = 0;
    const cudnnStatus_t found = cudnn.cudnnBackendGetAttribute(
        heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
        static_cast<int64_t>(candidates.size()), &count, static_cast<void*>(candidates.data()));
    const size_t most =
        found == CUDNN_STATUS_SUCCESS ? std::min(candidates.size(), static_cast<size_t>(count)) : 0;
    for (size_t i = 0; i < most; ++i) {
        if (!meets(candidates[i], demands))
            continue;
        if (handle == nullptr)
            return Plan{};
        Descriptor plan = make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
        set(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle);
        set(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR,
            candidates[i]);
        if (cudnn.cudnnBackendFinalize(plan) != CUDNN_STATUS_SUCCESS)
            continue;
        Plan chosen{plan, 0};
        int64_t elements = 0;
        keep(cudnn.cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
                                            CUDNN_TYPE_INT64, 1, &elements, &chosen.workspaceBytes),
             "asking for the workspace");
        RETURN_IF_ERROR(status);
        if (chosen.workspaceBytes <= demands.mostWorkspace)
            return chosen;
    }
    return Error(ErrorCode::kUnsupported, fmt::format("cuDNN has no engine for {}", what));
}

Status runCudnnPlan(const Libraries& cudnn, cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                    const std::vector<CudnnBinding>& bindings, CUdeviceptr workspace,
                    const char* what)
{
    std::vector<int64_t> ids;
    std::vector<void*> pointers;
    for (const auto& [id, pointer] : bindings) {
        ids.push_back(id);
        pointers.push_back(pointer);
    }
    cudnnBackendDescriptor_t pack = nullptr;
    RETURN_IF_ERROR(cudnnStatus(
        cudnn, cudnn.cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack),
        "binding memory"));
    void* scratch = reinterpret_cast<void*>(workspace);
    const auto count = static_cast<int64_t>(ids.size());
    cudnn.cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64,
                                   count, ids.data());
    cudnn.cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
                                   count, static_cast<const void*>(pointers.data()));
    cudnn.cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1,
                                   static_cast<const void*>(&scratch));
    cudnnStatus_t done = cudnn.cudnnBackendFinalize(pack);
    if (done == CUDNN_STATUS_SUCCESS)
        done = cudnn.cudnnBackendExecute(handle, plan, pack);
    cudnn.cudnnBackendDestroyDescriptor(pack);
    return cudnnStatus(cudnn, done, what);
}

} // namespace alpa::cuda
