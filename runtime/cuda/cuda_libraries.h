// NVIDIA's libraries, loaded when a CUDA backend is made: one binary serves machines with and
// without GPUs. Only headers are needed to build.
#pragma once

#include "core/base/result.h"

#include <cublasLt.h>
#include <cuda.h>
#include <cudnn_backend.h>
#include <memory>
#include <nccl.h>
#include <nvrtc.h>
#include <string>

// The headers rename functions by macros (cuMemAlloc is cuMemAlloc_v2): a list is expanded before
// it becomes member and symbol names.
#define ALPA_DRIVER_FUNCTIONS(X)                                                                   \
    X(cuInit)                                                                                      \
    X(cuDriverGetVersion)                                                                          \
    X(cuGetErrorString)                                                                            \
    X(cuDeviceGetCount)                                                                            \
    X(cuDeviceGet)                                                                                 \
    X(cuDeviceGetName)                                                                             \
    X(cuDeviceGetAttribute)                                                                        \
    X(cuDevicePrimaryCtxRetain)                                                                    \
    X(cuDevicePrimaryCtxRelease)                                                                   \
    X(cuDeviceCanAccessPeer)                                                                       \
    X(cuCtxSetCurrent)                                                                             \
    X(cuCtxEnablePeerAccess)                                                                       \
    X(cuCtxSynchronize)                                                                            \
    X(cuMemAlloc)                                                                                  \
    X(cuMemFree)                                                                                   \
    X(cuMemGetInfo)                                                                                \
    X(cuMemHostAlloc)                                                                              \
    X(cuMemFreeHost)                                                                               \
    X(cuMemcpyHtoDAsync)                                                                           \
    X(cuMemcpyDtoHAsync)                                                                           \
    X(cuMemcpyDtoDAsync)                                                                           \
    X(cuMemcpyPeerAsync)                                                                           \
    X(cuMemsetD8Async)                                                                             \
    X(cuMemsetD32Async)                                                                            \
    X(cuStreamCreateWithPriority)                                                                  \
    X(cuStreamDestroy)                                                                             \
    X(cuStreamWaitEvent)                                                                           \
    X(cuStreamQuery)                                                                               \
    X(cuStreamBeginCapture)                                                                        \
    X(cuStreamEndCapture)                                                                          \
    X(cuGraphInstantiate)                                                                          \
    X(cuGraphLaunch)                                                                               \
    X(cuGraphDestroy)                                                                              \
    X(cuGraphExecDestroy)                                                                          \
    X(cuEventCreate)                                                                               \
    X(cuEventDestroy)                                                                              \
    X(cuEventRecord)                                                                               \
    X(cuEventQuery)                                                                                \
    X(cuEventElapsedTime)                                                                          \
    X(cuModuleLoadData)                                                                            \
    X(cuModuleUnload)                                                                              \
    X(cuModuleGetFunction)                                                                         \
    X(cuLaunchKernel)

#define ALPA_NVRTC_FUNCTIONS(X)                                                                    \
    X(nvrtcVersion)                                                                                \
    X(nvrtcGetErrorString)                                                                         \
    X(nvrtcCreateProgram)                                                                          \
    X(nvrtcDestroyProgram)                                                                         \
    X(nvrtcCompileProgram)                                                                         \
    X(nvrtcGetCUBINSize)                                                                           \
    X(nvrtcGetCUBIN)                                                                               \
    X(nvrtcGetProgramLogSize)                                                                      \
    X(nvrtcGetProgramLog)

#define ALPA_CUBLASLT_FUNCTIONS(X)                                                                 \
    X(cublasLtCreate)                                                                              \
    X(cublasLtDestroy)                                                                             \
    X(cublasLtGetVersion)                                                                          \
    X(cublasLtMatmul)                                                                              \
    X(cublasLtMatmulDescCreate)                                                                    \
    X(cublasLtMatmulDescDestroy)                                                                   \
    X(cublasLtMatmulDescSetAttribute)                                                              \
    X(cublasLtMatrixLayoutCreate)                                                                  \
    X(cublasLtMatrixLayoutDestroy)                                                                 \
    X(cublasLtMatrixLayoutSetAttribute)                                                            \
    X(cublasLtMatmulPreferenceCreate)                                                              \
    X(cublasLtMatmulPreferenceDestroy)                                                             \
    X(cublasLtMatmulPreferenceSetAttribute)                                                        \
    X(cublasLtMatmulAlgoGetHeuristic)

#define ALPA_NCCL_FUNCTIONS(X)                                                                     \
    X(ncclGetVersion)                                                                              \
    X(ncclGetUniqueId)                                                                             \
    X(ncclCommInitRank)                                                                            \
    X(ncclCommDestroy)                                                                             \
    X(ncclCommAbort)                                                                               \
    X(ncclCommGetAsyncError)                                                                       \
    X(ncclGetErrorString)                                                                          \
    X(ncclAllReduce)                                                                               \
    X(ncclAllGather)                                                                               \
    X(ncclReduceScatter)                                                                           \
    X(ncclSend)                                                                                    \
    X(ncclRecv)                                                                                    \
    X(ncclGroupStart)                                                                              \
    X(ncclGroupEnd)

#define ALPA_CUDNN_FUNCTIONS(X)                                                                    \
    X(cudnnGetVersion)                                                                             \
    X(cudnnGetErrorString)                                                                         \
    X(cudnnCreate)                                                                                 \
    X(cudnnDestroy)                                                                                \
    X(cudnnSetStream)                                                                              \
    X(cudnnBackendCreateDescriptor)                                                                \
    X(cudnnBackendDestroyDescriptor)                                                               \
    X(cudnnBackendSetAttribute)                                                                    \
    X(cudnnBackendGetAttribute)                                                                    \
    X(cudnnBackendFinalize)                                                                        \
    X(cudnnBackendExecute)

namespace alpa::cuda
{

/// Function tables, under the functions' own names. Complete when a Libraries exists, but for
/// cuDNN.
struct Libraries {
#define ALPA_MEMBER(name) decltype(&::name) name = nullptr;
    ALPA_DRIVER_FUNCTIONS(ALPA_MEMBER)
    ALPA_NVRTC_FUNCTIONS(ALPA_MEMBER)
    ALPA_CUBLASLT_FUNCTIONS(ALPA_MEMBER)
    ALPA_NCCL_FUNCTIONS(ALPA_MEMBER)
    ALPA_CUDNN_FUNCTIONS(ALPA_MEMBER)
#undef ALPA_MEMBER
    bool hasCudnn = false;
    bool hasNccl = false;
};

using LibrariesPtr = std::shared_ptr<const Libraries>;

/// Loads the driver, NVRTC and cuBLASLt, and NCCL and cuDNN where they are. Searches the loader's
/// path, the folders of $ALPA_CUDA_LIBRARIES (separated by ':'), $CUDA_HOME/lib64, /usr/local/cuda
/// and what Python's wheels install below $VIRTUAL_ENV. Fails with kNotFound saying what is
/// missing: no driver is the normal state of a machine without a GPU. NCCL starts with NVLink
/// multicast off (NCCL_NVLS_ENABLE=0): it can put a host's GPUs out of service. Fails with
/// kInvalidInput if the environment demands it on.
Result<LibrariesPtr> loadLibraries();
/// NVRTC alone, for compiling without a GPU.
Result<LibrariesPtr> loadCompiler();
/// Sets what NCCL reads when it is loaded: NVLink multicast off, collectives of several
/// communicators in program order. Fails with kInvalidInput if the environment demands multicast.
Status prepareNccl();
/// NCCL alone, prepared and loaded as by loadLibraries.
Result<LibrariesPtr> loadCollectives();
/// cuDNN alone, for asking whether it takes a graph.
Result<LibrariesPtr> loadGraphJudge();

/// "CUDA: out of memory while allocating 12 GiB"; kOutOfMemory or kDevice.
Status driverStatus(const Libraries& libraries, CUresult result, const std::string& what);
Status blasStatus(cublasStatus_t result, const std::string& what);
Status ncclStatus(const Libraries& libraries, ncclResult_t result, const std::string& what);
Status cudnnStatus(const Libraries& libraries, cudnnStatus_t result, const std::string& what);

} // namespace alpa::cuda
