#include "runtime/profile/profile_devices.h"

#include "runtime/cuda/cuda_backend.h"
#include "runtime/cuda/gemm_runner.h"
#include "runtime/cuda/kernel_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <thread>

namespace alpa
{
namespace
{

using namespace cuda;

constexpr int64_t kBufferBytes = int64_t{1} << 30;
constexpr int kWarmups = 3;
constexpr int kRepeats = 10;

/// One GPU with a stream and two buffers.
class Bench
{
public:
    Bench(LibrariesPtr libraries, int ordinal)
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
    Status check(CUresult result) const { return driverStatus(driver_, result, "profiling"); }

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

    Result<std::string> deviceName() const
    {
        char name[256] = {};
        RETURN_IF_ERROR(check(driver_.cuDeviceGetName(name, sizeof(name), gpu_)));
        return std::string(name);
    }

    CUcontext context = nullptr;
    CUstream stream = nullptr;
    CUdeviceptr a = 0, b = 0;

private:
    LibrariesPtr libraries_;
    const Libraries& driver_;
    int ordinal_;
    CUdevice gpu_ = 0;
    CUevent begin_ = nullptr, end_ = nullptr;
};

/// Fills both buffers with values that differ: constant ones flatter matrix products.
Status scramble(Bench& bench, const Libraries& driver, KernelCache& kernels)
{
    const std::string body =
        "__launch_bounds__(256) NAME(u32* p0, unsigned n)\n{\n"
        "for (unsigned i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) {\n"
        "unsigned x = i * 2654435761u; x ^= x >> 15; x *= 2246822519u; x ^= x >> 13;\n"
        // Two bf16 of magnitude one half to two, any sign.
        "p0[i] = (x & 0x807f807fu) | 0x3f003f00u;\n}\n}\n";
    ASSIGN_OR_RETURN(const auto units, kernels.compile({body}));
    CUmodule module = nullptr;
    CUfunction function = nullptr;
    RETURN_IF_ERROR(bench.check(driver.cuModuleLoadData(&module, units[0]->image.data())));
    RETURN_IF_ERROR(bench.check(driver.cuModuleGetFunction(&function, module, "k0")));
    auto count = static_cast<unsigned>(kBufferBytes / 4);
    for (CUdeviceptr memory : {bench.a, bench.b}) {
        void* arguments[] = {&memory, &count};
        RETURN_IF_ERROR(bench.check(driver.cuLaunchKernel(function, 1056, 1, 1, 256, 1, 1, 0,
                                                          bench.stream, arguments, nullptr)));
    }
    while (driver.cuStreamQuery(bench.stream) == CUDA_ERROR_NOT_READY)
        std::this_thread::yield();
    return bench.check(driver.cuModuleUnload(module));
}

/// Rate of the median of several large products, as transformers have them.
Result<double> productRate(Bench& bench, const LibrariesPtr& libraries, DType dtype)
{
    constexpr int64_t kShapes[][3] = {
        {8192, 2048, 2048}, {8192, 8192, 2048}, {8192, 2048, 8192}, {4096, 4096, 4096}};
    constexpr size_t kWorkspace = size_t{64} << 20;
    cublasLtHandle_t handle = nullptr;
    RETURN_IF_ERROR(blasStatus(libraries->cublasLtCreate(&handle), "starting cuBLASLt"));
    std::vector<double> rates;
    for (const auto& [m, n, k] : kShapes) {
        GemmShape shape;
        shape.typeA = shape.typeD = dtype;
        shape.m = m;
        shape.n = n;
        shape.k = k;
        shape.strideAm = k;
        shape.strideBk = n;
        Gemm gemm(libraries, handle, shape);
        RETURN_IF_ERROR(gemm.prepare(kWorkspace));
        const auto half = static_cast<CUdeviceptr>(kBufferBytes / 2);
        const CUdeviceptr workspace = bench.b + half;
        RETURN_IF_ERROR(gemm.tune(bench.a, bench.a + half, bench.b, workspace, bench.stream));
        ASSIGN_OR_RETURN(const Seconds time, bench.time([&] {
            return gemm.run(bench.a, bench.a + half, bench.b, false, workspace, bench.stream);
        }));
        rates.push_back(shape.flops() / time.count);
    }
    libraries->cublasLtDestroy(handle);
    std::ranges::sort(rates);
    return (rates[1] + rates[2]) / 2;
}

Status profileDevice(Bench& bench, const LibrariesPtr& libraries, DeviceKind& device)
{
    const Libraries& driver = *libraries;
    size_t freeBytes = 0;
    size_t allBytes = 0;
    RETURN_IF_ERROR(bench.check(driver.cuMemGetInfo(&freeBytes, &allBytes)));
    ASSIGN_OR_RETURN(device.name, bench.deviceName());
    device.memory = Bytes(static_cast<int64_t>(allBytes));
    KernelCache kernels(libraries, "sm_90", "");
    RETURN_IF_ERROR(scramble(bench, driver, kernels));
    ASSIGN_OR_RETURN(const Seconds copy, bench.time([&] {
        return bench.check(driver.cuMemcpyDtoDAsync(bench.b, bench.a,
                                                    static_cast<size_t>(kBufferBytes), bench.stream));
    }));
    device.memoryBandwidth = 2.0 * static_cast<double>(kBufferBytes) / copy.count;
    ASSIGN_OR_RETURN(device.kernelLaunch, bench.time([&] {
        return bench.check(driver.cuMemsetD32Async(bench.b, 0, 32, bench.stream));
    }, 1000));
    ASSIGN_OR_RETURN(device.matrixFlops16, productRate(bench, libraries, DType::kBF16));
    ASSIGN_OR_RETURN(device.matrixFlops32, productRate(bench, libraries, DType::kF32));
    return {};
}

/// One collective of `bytes` (of the full buffer) on one member.
Status collect(const Libraries& nccl, CollectiveKind kind, Bench& bench, ncclComm_t communicator,
               int members, int rank, int64_t bytes)
{
    void* from = reinterpret_cast<void*>(bench.a);
    void* to = reinterpret_cast<void*>(bench.b);
    auto* stream = reinterpret_cast<cudaStream_t>(bench.stream);
    const auto whole = static_cast<size_t>(bytes / 4);
    const size_t part = whole / static_cast<size_t>(members);
    ncclResult_t done = ncclSuccess;
    switch (kind) {
    case CollectiveKind::kAllReduce:
        done = nccl.ncclAllReduce(from, to, whole, ncclFloat32, ncclSum, communicator, stream);
        break;
    case CollectiveKind::kAllGather:
        done = nccl.ncclAllGather(from, to, part, ncclFloat32, communicator, stream);
        break;
    case CollectiveKind::kReduceScatter:
        done = nccl.ncclReduceScatter(from, to, part, ncclFloat32, ncclSum, communicator, stream);
        break;
    case CollectiveKind::kAllToAll:
        nccl.ncclGroupStart();
        for (int peer = 0; peer < members; ++peer) {
            const CUdeviceptr offset = static_cast<CUdeviceptr>(peer) * part * 4;
            nccl.ncclSend(reinterpret_cast<void*>(bench.a + offset), part, ncclFloat32, peer,
                          communicator, stream);
            nccl.ncclRecv(reinterpret_cast<void*>(bench.b + offset), part, ncclFloat32, peer,
                          communicator, stream);
        }
        done = nccl.ncclGroupEnd();
        break;
    case CollectiveKind::kSendReceive:
    case CollectiveKind::kBroadcast: // Not measured; the planner takes a send's time.
        done = rank == 0 ? nccl.ncclSend(from, whole, ncclFloat32, 1, communicator, stream)
                         : nccl.ncclRecv(to, whole, ncclFloat32, 0, communicator, stream);
        break;
    }
    return ncclStatus(nccl, done, "profiling a collective");
}

struct Plan {
    CollectiveKind kind;
    int64_t bytes;
};

std::vector<Plan> collectivePlans(int members)
{
    std::vector<Plan> plans;
    for (const CollectiveKind kind :
         {CollectiveKind::kAllReduce, CollectiveKind::kAllGather, CollectiveKind::kReduceScatter,
          CollectiveKind::kAllToAll, CollectiveKind::kSendReceive}) {
        if (kind == CollectiveKind::kSendReceive && members != 2)
            continue;
        for (int64_t bytes = int64_t{1} << 12; bytes <= kBufferBytes; bytes *= 4)
            plans.push_back({kind, bytes});
        plans.push_back({kind, kBufferBytes});
    }
    return plans;
}

/// All members run all collectives; the first one's times count.
Status profileGroup(const LibrariesPtr& libraries, int members, Cluster& cluster)
{
    const Libraries& nccl = *libraries;
    ncclUniqueId id{};
    RETURN_IF_ERROR(ncclStatus(nccl, nccl.ncclGetUniqueId(&id), "naming a group"));
    const std::vector<Plan> plans = collectivePlans(members);
    std::vector<Seconds> times(plans.size());
    std::vector<Status> results(static_cast<size_t>(members));
    {
        std::vector<std::jthread> threads;
        for (int rank = 0; rank < members; ++rank)
            threads.emplace_back([&, rank] {
                Status& result = results[static_cast<size_t>(rank)];
                Bench bench(libraries, rank);
                result = bench.open();
                ncclComm_t communicator = nullptr;
                const Status joined =
                    ncclStatus(nccl, nccl.ncclCommInitRank(&communicator, members, id, rank),
                               "joining a group");
                if (result.ok())
                    result = joined;
                for (size_t i = 0; i < plans.size() && result.ok(); ++i) {
                    const Result<Seconds> time = bench.time([&] {
                        return collect(nccl, plans[i].kind, bench, communicator, members, rank,
                                       plans[i].bytes);
                    });
                    if (!time.ok())
                        result = time.error();
                    else if (rank == 0)
                        times[i] = *time;
                }
                if (communicator != nullptr)
                    nccl.ncclCommDestroy(communicator);
            });
    }
    for (const Status& result : results)
        RETURN_IF_ERROR(result);
    for (size_t i = 0; i < plans.size(); ++i) {
        if (i > 0 && plans[i].kind == plans[i - 1].kind && plans[i].bytes == plans[i - 1].bytes)
            continue;
        cluster.measured.push_back({plans[i].kind, members, Bytes(plans[i].bytes), times[i]});
    }
    return {};
}

} // namespace

Result<Cluster> profileCudaDevices(int devices, const JobControl& control)
{
    ASSIGN_OR_RETURN(const int count, cudaDeviceCount());
    if (devices < 1 || devices > count)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("{} GPUs are to be profiled, this machine has {}", devices, count));
    ASSIGN_OR_RETURN(const LibrariesPtr libraries, loadLibraries());
    Cluster cluster;
    cluster.name = fmt::format("cuda-x{}", devices);
    cluster.devicesPerHost = devices;
    control.report("profiling one GPU", -1);
    {
        Bench bench(libraries, 0);
        RETURN_IF_ERROR(bench.open());
        RETURN_IF_ERROR(profileDevice(bench, libraries, cluster.device));
    }
    // Of no meaning with one device; a cluster file wants them.
    cluster.withinHost = {Seconds(1e-5), 3.7e11};
    cluster.betweenHosts = {Seconds(3e-5), 2.5e10};
    for (int members = 2; members <= devices; members *= 2) {
        if (control.isCancelled())
            return Error(ErrorCode::kCancelled, "the profile was cancelled");
        control.report(fmt::format("profiling groups of {}", members), -1);
        RETURN_IF_ERROR(profileGroup(libraries, members, cluster));
    }
    for (const MeasuredCollective& one : cluster.measured) {
        if (one.kind == CollectiveKind::kSendReceive && one.bytes.count == kBufferBytes)
            cluster.withinHost.bandwidth = static_cast<double>(one.bytes.count) / one.time.count;
        if (one.kind == CollectiveKind::kSendReceive && one.bytes.count == 4096)
            cluster.withinHost.latency = one.time;
    }
    return cluster;
}

} // namespace alpa
