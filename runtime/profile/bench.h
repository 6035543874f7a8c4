// One GPU with a stream and two buffers, for timing.
#pragma once

#include "core/base/units.h"
#include "runtime/cuda/cuda_libraries.h"

#include <algorithm>
#include <functional>
#include <string>
#include <thread>

namespace alpa::profile
{

constexpr int64_t kBufferBytes = int64_t{1} << 30;
constexpr int kWarmups = 3;
constexpr int kRepeats = 10;
/// Runs behind each other for so long show the clocks that a GPU holds at its power limit.
constexpr Seconds kSustained{0.06};
/// Copies between them, in terms of their own time: what a GPT's step reads and writes beside its
/// products (36 of 146 ms on an H200, products 94). Bursts of products are 5 to 10 % faster than a
/// step's, products without an end as much slower.
constexpr double kCopiesBetween = 0.4;

/// One GPU with a stream and two buffers.
class Bench
{
public:
    Bench(cuda::LibrariesPtr libraries, int ordinal)
        : libraries_(std::move(libraries))
        , driver_(*libraries_)
        , ordinal_(ordinal)
    {
    }
    ~Bench()
    {
        if (context == nullptr)
            return;
        driver_.cuCtxSetCurrent(context);
        for (const CUdeviceptr memory : {a, b})
            driver_.cuMemFree(memory);
        driver_.cuEventDestroy(begin_);
        driver_.cuEventDestroy(end_);
        driver_.cuStreamDestroy(stream);
        driver_.cuDevicePrimaryCtxRelease(gpu_);
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    Status open()
    {
        RETURN_IF_ERROR(check(driver_.cuDeviceGet(&gpu_, ordinal_)));
        RETURN_IF_ERROR(check(driver_.cuDevicePrimaryCtxRetain(&context, gpu_)));
        RETURN_IF_ERROR(check(driver_.cuCtxSetCurrent(context)));
        RETURN_IF_ERROR(
            check(driver_.cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0)));
        RETURN_IF_ERROR(check(driver_.cuEventCreate(&begin_, CU_EVENT_DEFAULT)));
        RETURN_IF_ERROR(check(driver_.cuEventCreate(&end_, CU_EVENT_DEFAULT)));
        for (CUdeviceptr* memory : {&a, &b}) {
            RETURN_IF_ERROR(check(driver_.cuMemAlloc(memory, static_cast<size_t>(kBufferBytes))));
            RETURN_IF_ERROR(check(driver_.cuMemsetD32Async(
                *memory, 0x3C123D45, static_cast<size_t>(kBufferBytes) / 4, stream)));
        }
        return {};
    }
    Status check(CUresult result) const { return cuda::driverStatus(driver_, result, "profiling"); }

    /// The mean time of one of several runs behind each other.
    Result<Seconds> time(const std::function<Status()>& run, int repeats = kRepeats)
    {
        for (int i = 0; i < kWarmups; ++i)
            RETURN_IF_ERROR(run());
        RETURN_IF_ERROR(check(driver_.cuEventRecord(begin_, stream)));
        for (int i = 0; i < repeats; ++i)
            RETURN_IF_ERROR(run());
        RETURN_IF_ERROR(check(driver_.cuEventRecord(end_, stream)));
        CUresult state = CUDA_ERROR_NOT_READY;
        while (state == CUDA_ERROR_NOT_READY) {
            std::this_thread::yield();
            state = driver_.cuStreamQuery(stream);
        }
        RETURN_IF_ERROR(check(state));
        float milliseconds = 0;
        RETURN_IF_ERROR(check(driver_.cuEventElapsedTime(&milliseconds, begin_, end_)));
        return Seconds(static_cast<double>(milliseconds) * 1e-3 / repeats);
    }

    /// The mean time of one of as many runs as take `span`.
    Result<Seconds> timeSustained(const std::function<Status()>& run, Seconds span = kSustained)
    {
        ASSIGN_OR_RETURN(const Seconds one, time(run));
        return time(run, std::max(kRepeats, static_cast<int>(span / one)));
    }

    /// The same among copies from the first buffer into the second, whose time is taken off.
    Result<Seconds> timeInStep(const std::function<Status()>& run)
    {
        constexpr double kBytesPerSecond = 2e12; // Near enough: read and written, an H200's 4e12.
        ASSIGN_OR_RETURN(const Seconds one, time(run));
        const auto bytes =
            static_cast<size_t>(std::clamp(one.count * kCopiesBetween * kBytesPerSecond, 65536.0,
                                           static_cast<double>(kBufferBytes / 2)));
        const auto copy = [&] { return check(driver_.cuMemcpyDtoDAsync(b, a, bytes, stream)); };
        ASSIGN_OR_RETURN(const Seconds copying, timeSustained(copy));
        ASSIGN_OR_RETURN(const Seconds both, timeSustained([&]() -> Status {
                             RETURN_IF_ERROR(run());
                             return copy();
                         }));
        return both - copying;
    }

    Result<std::string> deviceName() const
    {
        char name[256] = {};
        RETURN_IF_ERROR(check(driver_.cuDeviceGetName(name, sizeof(name), gpu_)));
        return std::string(name);
    }

    CUdevice gpu() const { return gpu_; }

    CUcontext context = nullptr;
    CUstream stream = nullptr;
    CUdeviceptr a = 0, b = 0;

private:
    cuda::LibrariesPtr libraries_;
    const cuda::Libraries& driver_;
    int ordinal_;
    CUdevice gpu_ = 0;
    CUevent begin_ = nullptr, end_ = nullptr;
};

} // namespace alpa::profile
