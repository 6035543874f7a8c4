#include "core/program/arena_ranges.h"
#include "runtime/cuda/cuda_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace alpa::cuda
{
namespace
{

/// Elements below which a collective's launch takes longer than its data.
constexpr int64_t kSmallCount = 1 << 18;

Result<ncclDataType_t> ncclType(DType dtype)
{
    switch (dtype) {
    case DType::kPred:
    case DType::kU8:
        return ncclUint8;
    case DType::kS8:
        return ncclInt8;
    case DType::kS32:
        return ncclInt32;
    case DType::kU32:
        return ncclUint32;
    case DType::kS64:
        return ncclInt64;
    case DType::kU64:
        return ncclUint64;
    case DType::kF16:
        return ncclFloat16;
    case DType::kBF16:
        return ncclBfloat16;
    case DType::kF32:
        return ncclFloat32;
    case DType::kF64:
        return ncclFloat64;
    case DType::kS16:
    case DType::kU16:
        break;
    }
    return Error(ErrorCode::kUnsupported, "NCCL does not know 16-bit integers");
}

Result<ncclRedOp_t> ncclOperation(ReduceKind kind, DType dtype)
{
    switch (kind) {
    case ReduceKind::kAdd:
        return ncclSum;
    case ReduceKind::kMultiply:
        return ncclProd;
    case ReduceKind::kMaximum:
        return ncclMax;
    case ReduceKind::kMinimum:
        return ncclMin;
    case ReduceKind::kAnd:
        if (dtype == DType::kPred)
            return ncclMin;
        break;
    case ReduceKind::kOr:
        if (dtype == DType::kPred)
            return ncclMax;
        break;
    }
    return Error(ErrorCode::kUnsupported, "NCCL does not combine the bits of integers");
}

std::vector<int64_t> inFront(int64_t first, const std::vector<int64_t>& rest)
{
    std::vector<int64_t> all{first};
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

} // namespace

Status CudaDevice::describeCollective(const PlannedLaunch& planned, BoundCollective& bound)
{
    const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
    const TensorType& in = graph_->type(made.inputs[0]);
    const TensorType& out = graph_->type(made.outputs[0]);
    if (!driver_.hasNccl)
        return Error(ErrorCode::kNotFound,
                     "libnccl.so.2 is not found; name its folder in ALPA_CUDA_LIBRARIES");
    ASSIGN_OR_RETURN(bound.type, ncclType(in.dtype));
    const int64_t members = stage_.mesh.groupSize(made.axes);
    bound.members = static_cast<int>(members);
    const int64_t bytes = dtypeBytes(in.dtype);
    const int64_t all = std::max(in.elementCount(), out.elementCount());
    const auto dim = static_cast<size_t>(made.dim);
    // A tensor as (outer, along dim, inner).
    int64_t outer = 1;
    for (size_t d = 0; d < dim && d < in.dims.size(); ++d)
        outer *= in.dims[d];
    switch (made.collective) {
    case CollectiveKind::kAllReduce: {
        ASSIGN_OR_RETURN(bound.operation, ncclOperation(made.reduction, in.dtype));
        bound.count = in.elementCount();
        return {};
    }
    case CollectiveKind::kAllGather: {
        bound.count = in.elementCount();
        if (outer == 1)
            return {};
        const int64_t run = in.elementCount() / outer;
        bound.unpackText = copyKernel(
            {bytes, {members, outer, run}, {bound.count, run, 1}, {run, members * run, 1}, 0, 0});
        bound.gatheredBytes = alignedToArena(all * bytes);
        return {};
    }
    case CollectiveKind::kReduceScatter: {
        ASSIGN_OR_RETURN(bound.operation, ncclOperation(made.reduction, in.dtype));
        bound.count = out.elementCount();
        if (outer == 1)
            return {};
        const int64_t run = out.elementCount() / outer;
        bound.packText = copyKernel(
            {bytes, {members, outer, run}, {run, members * run, 1}, {bound.count, run, 1}, 0, 0});
        bound.packedBytes = alignedToArena(all * bytes);
        return {};
    }
    case CollectiveKind::kAllToAll: {
        const auto fromDim = static_cast<size_t>(made.fromDim);
        std::vector<int64_t> block = in.dims;
        block[dim] = out.dims[dim];
        bound.count = product(block);
        const std::vector<int64_t> packed = rowMajorStrides(block);
        const std::vector<int64_t> inStrides = rowMajorStrides(in.dims);
        const std::vector<int64_t> outStrides = rowMajorStrides(out.dims);
        const CopyShape pack{bytes,
                             inFront(members, block),
                             inFront(block[dim] * inStrides[dim], inStrides),
                             inFront(bound.count, packed),
                             0,
                             0};
        const CopyShape unpack{bytes,
                               inFront(members, block),
                               inFront(bound.count, packed),
                               inFront(block[fromDim] * outStrides[fromDim], outStrides),
                               0,
                               0};
        if (!isContiguous(pack)) {
            bound.packText = copyKernel(pack);
            bound.packedBytes = alignedToArena(all * bytes);
        }
        if (!isContiguous(unpack)) {
            bound.unpackText = copyKernel(unpack);
            bound.gatheredBytes = alignedToArena(all * bytes);
        }
        return {};
    }
    case CollectiveKind::kSendReceive:
    case CollectiveKind::kBroadcast:
        break;
    }
    return Error(ErrorCode::kUnsupported, "not a collective within a stage");
}

Status CudaDevice::joinCommunicators()
{
    std::set<AxisSet> wanted;
    for (const BoundLaunch& launch : launches_) {
        if (launch.planned->kind == PlannedLaunch::Kind::kCollective)
            wanted.insert(
                graph_->nodes()[static_cast<size_t>(launch.planned->node)].instruction->axes);
    }
    for (const AxisSet axes : wanted) {
        const std::vector<int> group = stage_.mesh.group(device_, axes);
        ASSIGN_OR_RETURN(const ncclUniqueId id,
                         shared_.hub->communicatorId(stageIndex_, axes, group[0]));
        ncclComm_t communicator = nullptr;
        RETURN_IF_ERROR(
            ncclStatus(driver_,
                       driver_.ncclCommInitRank(&communicator, static_cast<int>(group.size()), id,
                                                stage_.mesh.positionInGroup(device_, axes)),
                       "joining a group of devices"));
        communicators_[axes] = communicator;
    }
    for (BoundLaunch& launch : launches_) {
        if (launch.planned->kind == PlannedLaunch::Kind::kCollective)
            launch.collective.communicator = communicators_.at(
                graph_->nodes()[static_cast<size_t>(launch.planned->node)].instruction->axes);
    }
    return {};
}

/// A stream for what runs beside the computation, with scratch memory of its own.
Status CudaDevice::prepareSide()
{
    if (!shared_.options.overlapsCommunication)
        return {};
    gatherFollowers();
    int64_t bytes = 0;
    bool isUsed = false;
    for (BoundLaunch& launch : launches_) {
        const bool isFollower = launch.planned->beginsAfter >= 0;
        if (!isFollower && !launch.planned->isOnSide)
            continue;
        isUsed = true;
        bytes = std::max(bytes, launch.collective.packedBytes + launch.collective.gatheredBytes);
        RETURN_IF_ERROR(
            check(driver_.cuEventCreate(&launch.done, CU_EVENT_DISABLE_TIMING), "making an event"));
        mailEvents_.push_back(launch.done);
    }
    if (!isUsed)
        return {};
    RETURN_IF_ERROR(check(driver_.cuStreamCreateWithPriority(&side_, CU_STREAM_NON_BLOCKING, -1),
                          "making a stream"));
    for (CUevent* event : {&ready_, &sideDone_}) {
        RETURN_IF_ERROR(
            check(driver_.cuEventCreate(event, CU_EVENT_DISABLE_TIMING), "making an event"));
        mailEvents_.push_back(*event);
    }
    if (bytes > 0)
        RETURN_IF_ERROR(check(driver_.cuMemAlloc(&sideScratch_, static_cast<size_t>(bytes)),
                              "reserving memory for collectives"));
    return bindSide();
}

/// Which collectives begin after which launch; small ones wait for the next large one.
void CudaDevice::gatherFollowers()
{
    std::vector<size_t> order;
    for (size_t l = 0; l < launches_.size(); ++l) {
        if (launches_[l].planned->beginsAfter >= 0)
            order.push_back(l);
    }
    const auto beginOf = [&](size_t l) {
        return static_cast<size_t>(launches_[l].planned->beginsAfter);
    };
    std::ranges::stable_sort(order, {}, beginOf);
    std::vector<size_t> small;
    for (size_t i = 0; i < order.size(); ++i) {
        const BoundCollective& collective = launches_[order[i]].collective;
        small.push_back(order[i]);
        const bool isSmall = collective.count < kSmallCount && collective.pack == nullptr &&
                             collective.unpack == nullptr;
        const bool isLast = i + 1 == order.size();
        if (isSmall && !isLast)
            continue;
        std::vector<size_t>& followers = launches_[beginOf(order[i])].followers;
        followers.insert(followers.end(), small.begin(), small.end());
        small.clear();
    }
}

Status CudaDevice::bindSide()
{
    joinsAtEnd_.fill(false);
    for (size_t l = 0; l < launches_.size(); ++l) {
        const PlannedLaunch& planned = *launches_[l].planned;
        if (!planned.isOnSide)
            continue;
        launches_[static_cast<size_t>(planned.issueBefore)].issues.push_back(l);
        const auto join = static_cast<size_t>(planned.joinBefore);
        const auto segmentOf = [&](size_t launch) {
            return graph_->nodes()[static_cast<size_t>(launches_[launch].planned->node)].segment;
        };
        if (join < launches_.size() && segmentOf(join) == segmentOf(l))
            launches_[join].joins.push_back(l);
        else
            joinsAtEnd_[static_cast<size_t>(segmentOf(l))] = true;
    }
    return {};
}

Status CudaDevice::runCollective(BoundLaunch& launch, int microbatch, CUstream on,
                                 CUdeviceptr scratchMemory)
{
    const Instruction& made =
        *graph_->nodes()[static_cast<size_t>(launch.planned->node)].instruction;
    BoundCollective& bound = launch.collective;
    const CUdeviceptr input = at(launch.places[0], microbatch);
    const CUdeviceptr output = at(launch.places[1], microbatch);
    const CUdeviceptr packed = scratchMemory;
    const CUdeviceptr gathered = packed + static_cast<CUdeviceptr>(bound.packedBytes);
    const CUdeviceptr source = bound.pack != nullptr ? packed : input;
    const CUdeviceptr target = bound.unpack != nullptr ? gathered : output;
    if (bound.pack != nullptr)
        RETURN_IF_ERROR(launchCopy(bound.pack, bound.packText, input, packed, on));
    const auto pointer = [](CUdeviceptr address) { return reinterpret_cast<void*>(address); };
    const auto count = static_cast<size_t>(bound.count);
    auto* stream = reinterpret_cast<cudaStream_t>(on);
    ncclResult_t status = ncclSuccess;
    if (made.collective == CollectiveKind::kAllReduce) {
        status = driver_.ncclAllReduce(pointer(source), pointer(target), count, bound.type,
                                       bound.operation, bound.communicator, stream);
    } else if (made.collective == CollectiveKind::kAllGather) {
        status = driver_.ncclAllGather(pointer(source), pointer(target), count, bound.type,
                                       bound.communicator, stream);
    } else if (made.collective == CollectiveKind::kReduceScatter) {
        status = driver_.ncclReduceScatter(pointer(source), pointer(target), count, bound.type,
                                           bound.operation, bound.communicator, stream);
    } else {
        const auto step =
            static_cast<CUdeviceptr>(bound.count * dtypeBytes(graph_->type(made.inputs[0]).dtype));
        driver_.ncclGroupStart();
        for (int member = 0; member < bound.members; ++member) {
            const CUdeviceptr offset = step * static_cast<CUdeviceptr>(member);
            driver_.ncclSend(pointer(source + offset), count, bound.type, member,
                             bound.communicator, stream);
            driver_.ncclRecv(pointer(target + offset), count, bound.type, member,
                             bound.communicator, stream);
        }
        status = driver_.ncclGroupEnd();
    }
    RETURN_IF_ERROR(ncclStatus(driver_, status, "starting a collective"));
    if (bound.unpack != nullptr)
        return launchCopy(bound.unpack, bound.unpackText, gathered, output, on);
    return {};
}

} // namespace alpa::cuda
