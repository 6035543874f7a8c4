// Matrix products by cuBLASLt on one device.
#pragma once

#include "runtime/cuda/cuda_libraries.h"
#include "runtime/cuda/fused_stage.h"

#include <map>
#include <memory>

namespace alpa::cuda
{

/// A product bound to a chosen algorithm. Running it allocates nothing.
class Gemm
{
public:
    Gemm(LibrariesPtr libraries, cublasLtHandle_t handle, const GemmShape& shape)
        : libraries_(std::move(libraries))
        , handle_(handle)
        , shape_(shape)
    {
    }
    ~Gemm();
    Gemm(const Gemm&) = delete;
    Gemm& operator=(const Gemm&) = delete;

    /// Makes descriptors and finds algorithms. Fails with kUnsupported if the library has none.
    Status prepare(size_t workspaceBytes);
    /// Times the candidates on the given memory, whose D is overwritten, and keeps the fastest.
    Status tune(CUdeviceptr a, CUdeviceptr b, CUdeviceptr d, CUdeviceptr workspace,
                CUstream stream);
    /// `adds`: D is added to. Addresses of buffers; the shape's offsets are added.
    Status run(CUdeviceptr a, CUdeviceptr b, CUdeviceptr d, bool adds, CUdeviceptr workspace,
               CUstream stream) const;

private:
    Status describe();
    Status runWith(const cublasLtMatmulAlgo_t& algorithm, CUdeviceptr a, CUdeviceptr b,
                   CUdeviceptr d, bool adds, CUdeviceptr workspace, CUstream stream) const;

    LibrariesPtr libraries_;
    cublasLtHandle_t handle_;
    GemmShape shape_;
    cublasLtMatmulDesc_t product_ = nullptr;
    cublasLtMatrixLayout_t left_ = nullptr, right_ = nullptr, result_ = nullptr;
    std::vector<cublasLtMatmulAlgo_t> candidates_;
    size_t chosen_ = 0;
    size_t workspaceBytes_ = 0;
};

} // namespace alpa::cuda
