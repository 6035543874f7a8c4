#include "runtime/cuda/gemm_runner.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa::cuda
{
namespace
{

cudaDataType_t dataType(DType dtype)
{
    if (dtype == DType::kBF16)
        return CUDA_R_16BF;
    if (dtype == DType::kF16)
        return CUDA_R_16F;
    return dtype == DType::kF64 ? CUDA_R_64F : CUDA_R_32F;
}

/// The library is column-major: it computes D transposed, from B and A in this order.
struct ColumnMajor {
    bool isTransposed = false;
    int64_t rows = 0, columns = 0, leading = 0; ///< As stored.
};

ColumnMajor columnMajor(int64_t rows, int64_t rowStride, int64_t columns, int64_t columnStride)
{
    ColumnMajor matrix;
    matrix.isTransposed = rows > 1 && rowStride != 1;
    // With one row any stride will do; with one column the other way round.
    if (matrix.isTransposed && columns > 1 && columnStride != 1)
        matrix.isTransposed = false;
    matrix.rows = matrix.isTransposed ? columns : rows;
    matrix.columns = matrix.isTransposed ? rows : columns;
    matrix.leading = std::max(matrix.isTransposed ? rowStride : columnStride, matrix.rows);
    return matrix;
}

/// The largest power of two, up to 16 bytes, that divides all addresses.
uint32_t alignment(int64_t bytes, std::initializer_list<int64_t> elements)
{
    uint32_t best = 16;
    for (const int64_t count : elements) {
        while (count * bytes % best != 0)
            best /= 2;
    }
    return best;
}

} // namespace

Gemm::~Gemm()
{
    for (const cublasLtMatrixLayout_t layout : {left_, right_, result_}) {
        if (layout != nullptr)
            libraries_->cublasLtMatrixLayoutDestroy(layout);
    }
    if (product_ != nullptr)
        libraries_->cublasLtMatmulDescDestroy(product_);
}

Status Gemm::describe()
{
    const bool isDouble = shape_.typeD == DType::kF64;
    const cudaDataType_t in = dataType(shape_.typeA);
    RETURN_IF_ERROR(blasStatus(libraries_->cublasLtMatmulDescCreate(
                                   &product_, isDouble ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                                   isDouble ? CUDA_R_64F : CUDA_R_32F),
                               "describing a product"));
    const ColumnMajor left = columnMajor(shape_.n, shape_.strideBn, shape_.k, shape_.strideBk);
    const ColumnMajor right = columnMajor(shape_.k, shape_.strideAk, shape_.m, shape_.strideAm);
    const cublasOperation_t leftOp = left.isTransposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasOperation_t rightOp = right.isTransposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    libraries_->cublasLtMatmulDescSetAttribute(product_, CUBLASLT_MATMUL_DESC_TRANSA, &leftOp,
                                               sizeof(leftOp));
    libraries_->cublasLtMatmulDescSetAttribute(product_, CUBLASLT_MATMUL_DESC_TRANSB, &rightOp,
                                               sizeof(rightOp));
    const auto layout = [&](cublasLtMatrixLayout_t& made, cudaDataType_t type,
                            const ColumnMajor& matrix, int64_t batchStride) -> Status {
        RETURN_IF_ERROR(blasStatus(libraries_->cublasLtMatrixLayoutCreate(
                                       &made, type, static_cast<uint64_t>(matrix.rows),
                                       static_cast<uint64_t>(matrix.columns), matrix.leading),
                                   "describing a matrix"));
        const auto count = static_cast<int32_t>(shape_.batch.size);
        libraries_->cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT,
                                                     &count, sizeof(count));
        libraries_->cublasLtMatrixLayoutSetAttribute(
            made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &batchStride, sizeof(batchStride));
        return {};
    };
    RETURN_IF_ERROR(layout(left_, in, left, shape_.batch.strideB));
    RETURN_IF_ERROR(layout(right_, in, right, shape_.batch.strideA));
    return layout(result_, dataType(shape_.typeD), {false, shape_.n, shape_.m, shape_.n},
                  shape_.batch.strideD);
}

Status Gemm::prepare(size_t workspaceBytes)
{
    workspaceBytes_ = workspaceBytes;
    RETURN_IF_ERROR(describe());
    cublasLtMatmulPreference_t preference = nullptr;
    RETURN_IF_ERROR(blasStatus(libraries_->cublasLtMatmulPreferenceCreate(&preference),
                               "choosing an algorithm"));
    libraries_->cublasLtMatmulPreferenceSetAttribute(preference,
                                                     CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                     &workspaceBytes, sizeof(workspaceBytes));
    const int64_t bytes = dtypeBytes(shape_.typeA);
    int64_t outerA = 0;
    int64_t outerB = 0;
    for (const GemmShape::Loop& loop : shape_.outer) {
        outerA |= loop.strideA;
        outerB |= loop.strideB;
    }
    const uint32_t alignA = alignment(bytes, {shape_.strideBn == 1 ? 0 : shape_.strideBn,
                                              shape_.strideBk == 1 ? 0 : shape_.strideBk,
                                              shape_.batch.strideB, outerB, shape_.offsetB});
    const uint32_t alignB = alignment(bytes, {shape_.strideAm == 1 ? 0 : shape_.strideAm,
                                              shape_.strideAk == 1 ? 0 : shape_.strideAk,
                                              shape_.batch.strideA, outerA, shape_.offsetA});
    const uint32_t alignD = alignment(dtypeBytes(shape_.typeD), {shape_.n, shape_.batch.strideD});
    const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, uint32_t value) {
        libraries_->cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value,
                                                         sizeof(value));
    };
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignA);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignB);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignD);
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignD);
    cublasLtMatmulHeuristicResult_t found[8];
    int count = 0;
    const cublasStatus_t status = libraries_->cublasLtMatmulAlgoGetHeuristic(
        handle_, product_, left_, right_, result_, result_, preference, 8, found, &count);
    libraries_->cublasLtMatmulPreferenceDestroy(preference);
    for (int i = 0; status == CUBLAS_STATUS_SUCCESS && i < count; ++i) {
        if (found[i].state == CUBLAS_STATUS_SUCCESS)
            candidates_.push_back(found[i].algo);
    }
    if (candidates_.empty())
        return Error(ErrorCode::kUnsupported,
                     fmt::format("cuBLASLt has no algorithm for {} x {} x {} (status {})", shape_.m,
                                 shape_.n, shape_.k, static_cast<int>(status)));
    return {};
}

Status Gemm::runWith(const cublasLtMatmulAlgo_t& algorithm, CUdeviceptr a, CUdeviceptr b,
                     CUdeviceptr d, bool adds, CUdeviceptr workspace, CUstream stream) const
{
    const double alpha64 = shape_.alpha;
    const double beta64 = adds ? 1 : 0;
    const auto alpha32 = static_cast<float>(alpha64);
    const auto beta32 = static_cast<float>(beta64);
    const bool isDouble = shape_.typeD == DType::kF64;
    const void* alpha = isDouble ? static_cast<const void*>(&alpha64) : &alpha32;
    const void* beta = isDouble ? static_cast<const void*>(&beta64) : &beta32;
    const int64_t bytesIn = dtypeBytes(shape_.typeA);
    const int64_t bytesOut = dtypeBytes(shape_.typeD);
    int64_t calls = 1;
    for (const GemmShape::Loop& loop : shape_.outer)
        calls *= loop.size;
    for (int64_t call = 0; call < calls; ++call) {
        int64_t rest = call;
        int64_t atA = shape_.offsetA;
        int64_t atB = shape_.offsetB;
        int64_t atD = 0;
        for (const GemmShape::Loop& loop : shape_.outer) {
            const int64_t i = rest % loop.size;
            rest /= loop.size;
            atA += i * loop.strideA;
            atB += i * loop.strideB;
            atD += i * loop.strideD;
        }
        const auto pointer = [](CUdeviceptr base, int64_t offset) {
            return reinterpret_cast<void*>(base + static_cast<CUdeviceptr>(offset));
        };
        void* result = pointer(d, atD * bytesOut);
        RETURN_IF_ERROR(blasStatus(
            libraries_->cublasLtMatmul(handle_, product_, alpha, pointer(b, atB * bytesIn), left_,
                                       pointer(a, atA * bytesIn), right_, beta, result, result_,
                                       result, result_, &algorithm,
                                       reinterpret_cast<void*>(workspace), workspaceBytes_,
                                       reinterpret_cast<cudaStream_t>(stream)),
            "multiplying"));
    }
    return {};
}

Status Gemm::run(CUdeviceptr a, CUdeviceptr b, CUdeviceptr d, bool adds, CUdeviceptr workspace,
                 CUstream stream) const
{
    return runWith(candidates_[chosen_], a, b, d, adds, workspace, stream);
}

Status Gemm::tune(CUdeviceptr a, CUdeviceptr b, CUdeviceptr d, CUdeviceptr workspace,
                  CUstream stream)
{
    if (candidates_.size() < 2)
        return {};
    constexpr int kRepeats = 3;
    CUevent begin = nullptr;
    CUevent end = nullptr;
    const Libraries& driver = *libraries_;
    driver.cuEventCreate(&begin, CU_EVENT_DEFAULT);
    driver.cuEventCreate(&end, CU_EVENT_DEFAULT);
    float best = 0;
    for (size_t i = 0; i < candidates_.size(); ++i) {
        if (!runWith(candidates_[i], a, b, d, false, workspace, stream).ok())
            continue;
        driver.cuEventRecord(begin, stream);
        for (int repeat = 0; repeat < kRepeats; ++repeat)
            RETURN_IF_ERROR(runWith(candidates_[i], a, b, d, false, workspace, stream));
        driver.cuEventRecord(end, stream);
        while (driver.cuEventQuery(end) == CUDA_ERROR_NOT_READY) {
        }
        float milliseconds = 0;
        if (driver.cuEventElapsedTime(&milliseconds, begin, end) != CUDA_SUCCESS)
            continue;
        if (best == 0 || milliseconds < best) {
            best = milliseconds;
            chosen_ = i;
        }
    }
    driver.cuEventDestroy(begin);
    driver.cuEventDestroy(end);
    return {};
}

} // namespace alpa::cuda
