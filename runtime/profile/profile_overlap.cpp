#include "runtime/profile/profile_overlap.h"

#include "runtime/cuda/gemm_runner.h"

#include <algorithm>
#include <cmath>

namespace alpa::profile
{
namespace
{

using namespace cuda;

/// Collectives behind each other in one timing: what a pass of a model begins.
constexpr int kCollectives = 24;
/// Computation beside them, in terms of their time alone: enough that it ends last.
constexpr double kComputation = 2.0;
/// So many that clocks are those of a step; the same for all members, whose collectives meet.
constexpr int kRuns = 20;
constexpr size_t kWorkspace = size_t{64} << 20;
/// What is left alone by collectives of a quarter of a buffer.
constexpr auto kHalf = static_cast<CUdeviceptr>(kBufferBytes / 2);
constexpr auto kOperandBytes = CUdeviceptr{32} << 20; ///< Each of the product's.
/// Behind the first operand and behind result and workspace: two copies take 0.4 of the product's
/// time (kCopiesBetween).
constexpr size_t kCopyBytes = size_t{160} << 20;
constexpr int kCopies = 2;

Status repeat(int count, const Enqueue& run, CUstream stream)
{
    for (int i = 0; i < count; ++i)
        RETURN_IF_ERROR(run(stream));
    return {};
}

/// A second stream that begins with the first one's work and is waited for by it.
class Side
{
public:
    explicit Side(const Libraries& driver)
        : driver_(driver)
    {
    }
    ~Side()
    {
        if (stream_ != nullptr)
            driver_.cuStreamDestroy(stream_);
        for (const CUevent event : {begun_, done_}) {
            if (event != nullptr)
                driver_.cuEventDestroy(event);
        }
    }
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;

    Status open(const Bench& bench)
    {
        RETURN_IF_ERROR(
            bench.check(driver_.cuStreamCreateWithPriority(&stream_, CU_STREAM_NON_BLOCKING, -1)));
        RETURN_IF_ERROR(bench.check(driver_.cuEventCreate(&begun_, CU_EVENT_DISABLE_TIMING)));
        return bench.check(driver_.cuEventCreate(&done_, CU_EVENT_DISABLE_TIMING));
    }
    Status run(const Bench& bench, const Enqueue& beside, const Enqueue& main)
    {
        RETURN_IF_ERROR(bench.check(driver_.cuEventRecord(begun_, bench.stream)));
        RETURN_IF_ERROR(bench.check(driver_.cuStreamWaitEvent(stream_, begun_, 0)));
        RETURN_IF_ERROR(beside(stream_));
        RETURN_IF_ERROR(main(bench.stream));
        RETURN_IF_ERROR(bench.check(driver_.cuEventRecord(done_, stream_)));
        return bench.check(driver_.cuStreamWaitEvent(bench.stream, done_, 0));
    }

private:
    const Libraries& driver_;
    CUstream stream_ = nullptr;
    CUevent begun_ = nullptr, done_ = nullptr;
};

} // namespace

Result<double> hiddenShare(Bench& bench, const Libraries& driver, const Enqueue& collective,
                           const Enqueue& compute)
{
    Side side(driver);
    RETURN_IF_ERROR(side.open(bench));
    const Enqueue all = [&](CUstream stream) { return repeat(kCollectives, collective, stream); };
    ASSIGN_OR_RETURN(const Seconds alone, bench.time([&] { return all(bench.stream); }, kRuns));
    ASSIGN_OR_RETURN(const Seconds one, bench.time([&] { return compute(bench.stream); }, kRuns));
    const int count = std::max(1, static_cast<int>(std::ceil(alone / one * kComputation)));
    const Enqueue work = [&](CUstream stream) { return repeat(count, compute, stream); };
    ASSIGN_OR_RETURN(const Seconds computing,
                     bench.time([&] { return work(bench.stream); }, kRuns));
    ASSIGN_OR_RETURN(const Seconds both,
                     bench.time([&] { return side.run(bench, all, work); }, kRuns));
    return std::clamp((alone + computing - both) / alone, 0.0, 1.0);
}

struct OverlapWork::Parts {
    LibrariesPtr libraries;
    Bench& bench;
    cublasLtHandle_t handle = nullptr;
    std::unique_ptr<Gemm> product{};
};

OverlapWork::OverlapWork(const LibrariesPtr& libraries, Bench& bench)
    : parts_(std::make_unique<Parts>(Parts{libraries, bench}))
{
}

OverlapWork::~OverlapWork()
{
    parts_->product.reset();
    if (parts_->handle != nullptr)
        parts_->libraries->cublasLtDestroy(parts_->handle);
}

Status OverlapWork::prepare()
{
    RETURN_IF_ERROR(
        blasStatus(parts_->libraries->cublasLtCreate(&parts_->handle), "starting cuBLASLt"));
    // A transformer's layer of 2048 channels on 8192 tokens.
    GemmShape shape;
    shape.typeA = shape.typeD = DType::kBF16;
    shape.m = 8192;
    shape.n = 8192;
    shape.k = shape.strideAm = 2048;
    shape.strideBk = shape.n;
    parts_->product = std::make_unique<Gemm>(parts_->libraries, parts_->handle, shape);
    return parts_->product->prepare(kWorkspace);
}

Status OverlapWork::run(CUstream stream) const
{
    const Bench& bench = parts_->bench;
    const CUdeviceptr left = bench.a + kHalf;
    const CUdeviceptr right = left + kHalf / 2;
    const CUdeviceptr result = bench.b + kHalf;
    const CUdeviceptr workspace = result + kHalf / 2;
    RETURN_IF_ERROR(parts_->product->run(left, right, result, false, workspace, stream));
    return repeat(
        kCopies,
        [&](CUstream on) {
            return bench.check(parts_->libraries->cuMemcpyDtoDAsync(
                workspace + kWorkspace, left + kOperandBytes, kCopyBytes, on));
        },
        stream);
}

} // namespace alpa::profile
