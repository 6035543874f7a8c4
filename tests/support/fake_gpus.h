// NVIDIA's libraries without a GPU: every call succeeds and does nothing, but for memory, which is
// the host's, and for the faults that a test asks for.
#pragma once

#include "runtime/cuda/cuda_libraries.h"

#include <atomic>
#include <cstdlib>

namespace alpa
{

/// What goes wrong, and on which GPU. One at a time: the libraries call plain functions.
struct FakeFaults {
    std::atomic<int> gpus{1};
    std::atomic<size_t> largestAllocation{SIZE_MAX};
    std::atomic<int> brokenGpu{-1};  ///< Its stream reports a bad address once work was launched.
    std::atomic<int> hangingGpu{-1}; ///< Its stream never ends once a collective was launched.
    std::atomic<int> deafGpu{-1};    ///< Its communicators report a lost peer.
    // What was called.
    std::atomic<int> graphLaunches{0}, kernelLaunches{0};
    static FakeFaults& current()
    {
        static FakeFaults faults;
        return faults;
    }
};

namespace fake
{

inline thread_local int gpu = 0; ///< Whose context is current.
inline thread_local bool hasLaunched = false, hasCollected = false, isCapturing = false;

template <typename Result, typename... Arguments>
void succeed(Result (*&function)(Arguments...))
{
    function = [](Arguments...) -> Result { return Result{}; };
}

inline void addMemory(cuda::Libraries& libraries)
{
    libraries.cuMemAlloc = [](CUdeviceptr* memory, size_t bytes) {
        if (bytes > FakeFaults::current().largestAllocation)
            return CUDA_ERROR_OUT_OF_MEMORY;
        *memory = reinterpret_cast<CUdeviceptr>(std::malloc(bytes));
        return CUDA_SUCCESS;
    };
    libraries.cuMemFree = [](CUdeviceptr memory) {
        std::free(reinterpret_cast<void*>(memory));
        return CUDA_SUCCESS;
    };
    libraries.cuMemHostAlloc = [](void** memory, size_t bytes, unsigned) {
        *memory = std::calloc(1, bytes);
        return CUDA_SUCCESS;
    };
    libraries.cuMemFreeHost = [](void* memory) {
        std::free(memory);
        return CUDA_SUCCESS;
    };
    libraries.cuMemGetInfo = [](size_t* free, size_t* all) {
        *free = *all = FakeFaults::current().largestAllocation;
        return CUDA_SUCCESS;
    };
}

/// Events hold when they were recorded: one more each time.
inline void addEvents(cuda::Libraries& libraries)
{
    static std::atomic<int> clock{0};
    libraries.cuEventCreate = [](CUevent* event, unsigned) {
        *event = reinterpret_cast<CUevent>(new int(0));
        return CUDA_SUCCESS;
    };
    libraries.cuEventDestroy = [](CUevent event) {
        delete reinterpret_cast<int*>(event);
        return CUDA_SUCCESS;
    };
    libraries.cuEventRecord = [](CUevent event, CUstream) {
        *reinterpret_cast<int*>(event) = ++clock;
        return CUDA_SUCCESS;
    };
    libraries.cuEventElapsedTime = [](float* milliseconds, CUevent begin, CUevent end) {
        *milliseconds =
            static_cast<float>(*reinterpret_cast<int*>(end) - *reinterpret_cast<int*>(begin));
        return CUDA_SUCCESS;
    };
}

inline void addDevices(cuda::Libraries& libraries)
{
    libraries.cuDeviceGetCount = [](int* count) {
        *count = FakeFaults::current().gpus;
        return CUDA_SUCCESS;
    };
    libraries.cuDeviceGet = [](CUdevice* device, int ordinal) {
        *device = ordinal;
        return CUDA_SUCCESS;
    };
    libraries.cuDeviceGetAttribute = [](int* value, CUdevice_attribute, CUdevice) {
        *value = 9;
        return CUDA_SUCCESS;
    };
    libraries.cuDevicePrimaryCtxRetain = [](CUcontext* context, CUdevice device) {
        *context = reinterpret_cast<CUcontext>(static_cast<intptr_t>(device) + 1);
        return CUDA_SUCCESS;
    };
    libraries.cuCtxSetCurrent = [](CUcontext context) {
        gpu = static_cast<int>(reinterpret_cast<intptr_t>(context)) - 1;
        return CUDA_SUCCESS;
    };
    libraries.cuGetErrorString = [](CUresult, const char** text) {
        *text = "as the test asked";
        return CUDA_SUCCESS;
    };
}

inline void addWork(cuda::Libraries& libraries)
{
    libraries.cuLaunchKernel = [](CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned,
                                  unsigned, unsigned, CUstream, void**, void**) {
        hasLaunched = true;
        ++FakeFaults::current().kernelLaunches;
        return CUDA_SUCCESS;
    };
    libraries.cuStreamQuery = [](CUstream) {
        const FakeFaults& faults = FakeFaults::current();
        if (hasLaunched && faults.brokenGpu == gpu)
            return CUDA_ERROR_ILLEGAL_ADDRESS;
        return hasCollected && (faults.hangingGpu == gpu || faults.deafGpu == gpu)
                   ? CUDA_ERROR_NOT_READY
                   : CUDA_SUCCESS;
    };
    libraries.cuStreamBeginCapture = [](CUstream, CUstreamCaptureMode) {
        isCapturing = true;
        return CUDA_SUCCESS;
    };
    libraries.cuStreamEndCapture = [](CUstream, CUgraph* graph) {
        *graph = reinterpret_cast<CUgraph>(1);
        return std::exchange(isCapturing, false) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    };
    libraries.cuGraphInstantiate = [](CUgraphExec* made, CUgraph, unsigned long long) {
        *made = reinterpret_cast<CUgraphExec>(1);
        return CUDA_SUCCESS;
    };
    libraries.cuGraphLaunch = [](CUgraphExec, CUstream) {
        ++FakeFaults::current().graphLaunches;
        return CUDA_SUCCESS;
    };
}

inline void addCollectives(cuda::Libraries& libraries)
{
    libraries.ncclAllReduce = [](const void*, void*, size_t, ncclDataType_t, ncclRedOp_t,
                                 ncclComm_t, cudaStream_t) {
        hasCollected = true;
        return ncclSuccess;
    };
    libraries.ncclCommGetAsyncError = [](ncclComm_t, ncclResult_t* problem) {
        *problem = FakeFaults::current().deafGpu == gpu ? ncclRemoteError : ncclSuccess;
        return ncclSuccess;
    };
    libraries.ncclGetErrorString = [](ncclResult_t) { return "a peer is gone"; };
}

} // namespace fake

inline cuda::LibrariesPtr fakeLibraries()
{
    const auto libraries = std::make_shared<cuda::Libraries>();
#define ALPA_SUCCEED(name) fake::succeed(libraries->name);
    ALPA_DRIVER_FUNCTIONS(ALPA_SUCCEED)
    ALPA_NVRTC_FUNCTIONS(ALPA_SUCCEED)
    ALPA_CUBLASLT_FUNCTIONS(ALPA_SUCCEED)
    ALPA_NCCL_FUNCTIONS(ALPA_SUCCEED)
    ALPA_CUDNN_FUNCTIONS(ALPA_SUCCEED)
#undef ALPA_SUCCEED
    fake::addMemory(*libraries);
    fake::addDevices(*libraries);
    fake::addEvents(*libraries);
    fake::addWork(*libraries);
    fake::addCollectives(*libraries);
    libraries->hasNccl = true;
    return libraries;
}

} // namespace alpa
