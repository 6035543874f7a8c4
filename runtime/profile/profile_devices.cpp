#include "runtime/profile/profile_devices.h"

#include "runtime/cuda/cuda_backend.h"
#include "runtime/profile/profile_device.h"

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
    for (const MeasuredCollective& one : cluster.measured) {
        if (one.kind == CollectiveKind::kSendReceive && one.bytes.count == kBufferBytes)
            cluster.withinHost.bandwidth = static_cast<double>(one.bytes.count) / one.time.count;
        if (one.kind == CollectiveKind::kSendReceive && one.bytes.count == 4096)
            cluster.withinHost.latency = one.time;
    }
    return cluster;
}

} // namespace alpa
