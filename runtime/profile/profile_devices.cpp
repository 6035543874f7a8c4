#include "runtime/profile/profile_devices.h"

#include "runtime/cuda/cuda_backend.h"
#include "runtime/profile/profile_device.h"
#include "runtime/profile/profile_overlap.h"

#include <fmt/format.h>

#include <thread>
#include <vector>

namespace alpa
{
namespace
{

using namespace cuda;
using namespace profile;

/// One collective of `bytes` (of the full buffer) on one member.
Status profileCollective(const Libraries& nccl, CollectiveKind kind, Bench& bench,
                         ncclComm_t communicator, int members, int64_t bytes, CUstream on)
{
    void* from = reinterpret_cast<void*>(bench.a);
    void* to = reinterpret_cast<void*>(bench.b);
    auto* stream = reinterpret_cast<cudaStream_t>(on);
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
    case CollectiveKind::kSendReceive: // Not by NCCL: see profilePeers.
    case CollectiveKind::kBroadcast:   // Not measured; the planner takes a send's time.
        break;
    }
    return ncclStatus(nccl, done, "profiling a collective");
}

struct Plan {
    CollectiveKind kind;
    int64_t bytes;
};

/// From 4 KiB to a whole buffer.
std::vector<int64_t> profiledSizes()
{
    std::vector<int64_t> sizes;
    for (int64_t bytes = int64_t{1} << 12; bytes <= kBufferBytes; bytes *= 4)
        sizes.push_back(bytes);
    if (sizes.back() != kBufferBytes)
        sizes.push_back(kBufferBytes);
    return sizes;
}

std::vector<Plan> collectivePlans()
{
    std::vector<Plan> plans;
    for (const CollectiveKind kind : {CollectiveKind::kAllReduce, CollectiveKind::kAllGather,
                                      CollectiveKind::kReduceScatter, CollectiveKind::kAllToAll}) {
        for (const int64_t bytes : profiledSizes())
            plans.push_back({kind, bytes});
    }
    return plans;
}

/// One GPU of a group in its own thread.
class Member
{
public:
    Member(const LibrariesPtr& libraries, int members, int rank)
        : libraries_(libraries)
        , nccl_(*libraries)
        , members_(members)
        , bench_(libraries, rank)
        , rank_(rank)
    {
    }
    ~Member()
    {
        if (communicator_ != nullptr)
            nccl_.ncclCommDestroy(communicator_);
    }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    Status join(const ncclUniqueId& id)
    {
        const Status opened = bench_.open();
        RETURN_IF_ERROR(ncclStatus(
            nccl_, nccl_.ncclCommInitRank(&communicator_, members_, id, rank_), "joining a group"));
        return opened;
    }
    Result<Seconds> time(const Plan& plan)
    {
        return bench_.time([&] { return collect(plan.kind, plan.bytes, bench_.stream); });
    }
    /// Gradients travel beside the backward pass, updated parameters beside what reads and writes
    /// memory.
    Status overlap(DeviceKind& device)
    {
        constexpr int64_t kBytes = int64_t{32} << 20; // As one weight's gradient of large models.
        OverlapWork work(libraries_, bench_);
        RETURN_IF_ERROR(work.prepare());
        ASSIGN_OR_RETURN(
            device.reductionOverlap,
            hiddenShare(
                bench_, nccl_,
                [&](CUstream on) { return collect(CollectiveKind::kAllReduce, kBytes, on); },
                [&](CUstream on) { return work.run(on); }));
        ASSIGN_OR_RETURN(
            device.gatherOverlap,
            hiddenShare(
                bench_, nccl_,
                [&](CUstream on) { return collect(CollectiveKind::kAllGather, kBytes, on); },
                [&](CUstream on) {
                    return bench_.check(nccl_.cuMemcpyDtoDAsync(
                        bench_.b + static_cast<CUdeviceptr>(kBufferBytes / 2),
                        bench_.a + static_cast<CUdeviceptr>(kBufferBytes / 2), kBytes, on));
                }));
        return {};
    }

private:
    Status collect(CollectiveKind kind, int64_t bytes, CUstream on)
    {
        return profileCollective(nccl_, kind, bench_, communicator_, members_, bytes, on);
    }

    const LibrariesPtr& libraries_;
    const Libraries& nccl_;
    int members_;
    Bench bench_;
    int rank_;
    ncclComm_t communicator_ = nullptr;
};

/// All members run all collectives; the first one's times count.
Status profileGroup(const LibrariesPtr& libraries, int members, Cluster& cluster)
{
    const Libraries& nccl = *libraries;
    ncclUniqueId id{};
    RETURN_IF_ERROR(ncclStatus(nccl, nccl.ncclGetUniqueId(&id), "naming a group"));
    const std::vector<Plan> plans = collectivePlans();
    std::vector<Seconds> times(plans.size());
    std::vector<Status> results(static_cast<size_t>(members));
    std::vector<DeviceKind> devices(static_cast<size_t>(members), cluster.device);
    {
        std::vector<std::jthread> threads;
        for (int rank = 0; rank < members; ++rank)
            threads.emplace_back([&, rank] {
                Status& result = results[static_cast<size_t>(rank)];
                Member member(libraries, members, rank);
                result = member.join(id);
                for (size_t i = 0; i < plans.size() && result.ok(); ++i) {
                    const Result<Seconds> time = member.time(plans[i]);
                    if (!time.ok())
                        result = time.error();
                    else if (rank == 0)
                        times[i] = *time;
                }
                if (result.ok())
                    result = member.overlap(devices[static_cast<size_t>(rank)]);
            });
    }
    for (const Status& result : results)
        RETURN_IF_ERROR(result);
    for (size_t i = 0; i < plans.size(); ++i)
        cluster.measured.push_back({plans[i].kind, members, Bytes(plans[i].bytes), times[i]});
    cluster.device = devices.front();
    return {};
}

/// Copies from one GPU into another's memory, as stages send to each other.
Status profilePeers(const LibrariesPtr& libraries, Cluster& cluster)
{
    const Libraries& driver = *libraries;
    Bench target(libraries, 1);
    RETURN_IF_ERROR(target.open());
    Bench source(libraries, 0); // The last one opened is the one in use.
    RETURN_IF_ERROR(source.open());
    int canAccess = 0;
    RETURN_IF_ERROR(
        source.check(driver.cuDeviceCanAccessPeer(&canAccess, source.gpu(), target.gpu())));
    const CUresult linked = canAccess == 0 ? CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED
                                           : driver.cuCtxEnablePeerAccess(target.context, 0);
    if (linked != CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED)
        RETURN_IF_ERROR(source.check(linked));
    for (const int64_t bytes : profiledSizes()) {
        ASSIGN_OR_RETURN(const Seconds time, source.time([&] {
            return source.check(driver.cuMemcpyPeerAsync(target.b, target.context, source.a,
                                                         source.context, static_cast<size_t>(bytes),
                                                         source.stream));
        }));
        cluster.measured.push_back({CollectiveKind::kSendReceive, 2, Bytes(bytes), time});
    }
    return {};
}

} // namespace

Result<Cluster> profileCudaDevices(int devices, const std::vector<MeasuredProduct>& products,
                                   const JobControl& control)
{
    ASSIGN_OR_RETURN(const int count, cudaDeviceCount());
    if (devices < 1 || devices > count)
        return Error(
            ErrorCode::kInvalidInput,
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
        ASSIGN_OR_RETURN(cluster.device.products, timeProducts(bench, libraries, products));
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
    if (devices > 1)
        RETURN_IF_ERROR(profilePeers(libraries, cluster));
    for (const MeasuredCollective& one : cluster.measured) {
        if (one.kind == CollectiveKind::kSendReceive && one.bytes.count == kBufferBytes)
            cluster.withinHost.bandwidth = static_cast<double>(one.bytes.count) / one.time.count;
        if (one.kind == CollectiveKind::kSendReceive && one.bytes.count == 4096)
            cluster.withinHost.latency = one.time;
    }
    return cluster;
}

} // namespace alpa
