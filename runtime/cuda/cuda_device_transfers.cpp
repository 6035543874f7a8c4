// Messages between the stages' devices: copies into mailboxes that the receiver owns.
#include "core/program/arena_ranges.h"
#include "runtime/cuda/cuda_device.h"

#include <algorithm>

namespace alpa::cuda
{
namespace
{

/// Messages that a transfer's receiver has room for.
constexpr int kMostSlots = 8;

} // namespace

void CudaDevice::describeTiles(const PlannedLaunch& planned, std::vector<BoundTile>& tiles)
{
    const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
    const Transfer& transfer = program_.transfers[made.transfer.index()];
    const bool sends = made.kind == InstructionKind::kSend;
    const TensorType& type = graph_->type(sends ? transfer.fromBuffer : transfer.toBuffer);
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    for (size_t index = 0; index < transfer.tiles.size(); ++index) {
        const TransferTile& tile = transfer.tiles[index];
        if ((sends ? tile.from : tile.to) != device_)
            continue;
        const std::vector<int64_t>& offsets = sends ? tile.fromOffsets : tile.toOffsets;
        int64_t start = 0;
        for (size_t d = 0; d < offsets.size(); ++d)
            start += offsets[d] * strides[d];
        BoundTile& bound = tiles.emplace_back();
        bound.mailbox = &shared_.hub->mailbox(made.transfer.number, index);
        bound.bytes = product(tile.sizes) * dtypeBytes(type.dtype);
        const std::vector<int64_t> packed = rowMajorStrides(tile.sizes);
        bound.copy = {dtypeBytes(type.dtype),   tile.sizes,        sends ? strides : packed,
                      sends ? packed : strides, sends ? start : 0, sends ? 0 : start};
        if (!isContiguous(bound.copy))
            bound.text = copyKernel(bound.copy);
    }
}

/// Room for the messages that this device receives, and direct links to the other GPUs.
Status CudaDevice::provideMailboxes()
{
    if (program_.transfers.empty())
        return {};
    for (int other = 0; other < shared_.deviceCount; ++other) {
        CUdevice gpu = 0;
        CUcontext context = nullptr;
        int canAccess = 0;
        if (other == ordinal_ || driver_.cuDeviceGet(&gpu, other) != CUDA_SUCCESS ||
            driver_.cuDeviceCanAccessPeer(&canAccess, gpu_, gpu) != CUDA_SUCCESS ||
            canAccess == 0 || other >= program_.deviceCount() ||
            driver_.cuDevicePrimaryCtxRetain(&context, gpu) != CUDA_SUCCESS)
            continue;
        const CUresult enabled = driver_.cuCtxEnablePeerAccess(context, 0);
        if (enabled != CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED)
            RETURN_IF_ERROR(check(enabled, "linking two GPUs"));
    }
    std::vector<std::pair<BoundTile*, int>> boxes;
    int64_t bytes = 0;
    for (BoundLaunch& launch : launches_) {
        if (launch.planned->kind != PlannedLaunch::Kind::kReceive)
            continue;
        const Instruction& made =
            *graph_->nodes()[static_cast<size_t>(launch.planned->node)].instruction;
        const bool isOnce = program_.transfers[made.transfer.index()].oncePerStep;
        const int slots = isOnce ? 1 : std::min(program_.microbatches, kMostSlots);
        for (BoundTile& tile : launch.tiles) {
            boxes.emplace_back(&tile, slots);
            bytes += slots * alignedToArena(tile.bytes);
        }
    }
    if (bytes == 0)
        return {};
    RETURN_IF_ERROR(
        check(driver_.cuMemAlloc(&mail_, static_cast<size_t>(bytes)), "reserving message memory"));
    CUdeviceptr next = mail_;
    for (const auto& [tile, count] : boxes) {
        std::vector<Mailbox::Slot> slots(static_cast<size_t>(count));
        for (Mailbox::Slot& slot : slots) {
            slot.memory = next;
            slot.context = context_;
            next += static_cast<CUdeviceptr>(alignedToArena(tile->bytes));
            RETURN_IF_ERROR(check(driver_.cuEventCreate(&slot.taken, CU_EVENT_DISABLE_TIMING),
                                  "making an event"));
            mailEvents_.push_back(slot.taken);
        }
        tile->mailbox->provide(std::move(slots));
    }
    return {};
}

/// Parameters that other stages share are sent beside the first microbatches, which read them too.
bool CudaDevice::isSentBeside(const BoundLaunch& launch) const
{
    const Node& node = graph_->nodes()[static_cast<size_t>(launch.planned->node)];
    return carrier_ != nullptr && node.segment == SegmentKind::kBegin &&
           graph_->kind(launch.planned->reads[0]) == BufferKind::kParameter &&
           std::ranges::all_of(launch.tiles,
                               [](const BoundTile& tile) { return tile.function == nullptr; });
}

Status CudaDevice::prepareCarrier()
{
    const auto& begin = stage_.segments[static_cast<size_t>(SegmentKind::kBegin)].instructions;
    if (!shared_.options.overlapsCommunication ||
        std::ranges::none_of(
            begin, [](const Instruction& made) { return made.kind == InstructionKind::kSend; }))
        return {};
    RETURN_IF_ERROR(check(driver_.cuStreamCreateWithPriority(&carrier_, CU_STREAM_NON_BLOCKING, 0),
                          "making a stream"));
    for (CUevent* event : {&mayCarry_, &carried_}) {
        RETURN_IF_ERROR(
            check(driver_.cuEventCreate(event, CU_EVENT_DISABLE_TIMING), "making an event"));
        mailEvents_.push_back(*event);
    }
    return {};
}

Status CudaDevice::runSend(BoundLaunch& launch, int microbatch)
{
    if (!isSentBeside(launch))
        return sendOn(stream_, launch, microbatch);
    RETURN_IF_ERROR(check(driver_.cuEventRecord(mayCarry_, stream_), "recording an event"));
    RETURN_IF_ERROR(check(driver_.cuStreamWaitEvent(carrier_, mayCarry_, 0), "waiting"));
    RETURN_IF_ERROR(sendOn(carrier_, launch, microbatch));
    isCarrying_ = true;
    return check(driver_.cuEventRecord(carried_, carrier_), "recording an event");
}

/// The update writes what is sent beside.
Status CudaDevice::awaitCarrier(SegmentKind segment)
{
    if (segment != SegmentKind::kUpdate || !std::exchange(isCarrying_, false))
        return {};
    return check(driver_.cuStreamWaitEvent(stream_, carried_, 0), "waiting");
}

Status CudaDevice::sendOn(CUstream stream, BoundLaunch& launch, int microbatch)
{
    for (BoundTile& tile : launch.tiles) {
        bool isReused = false;
        ASSIGN_OR_RETURN(const Mailbox::Slot slot, tile.mailbox->beginPut(isReused));
        if (isReused)
            RETURN_IF_ERROR(check(driver_.cuStreamWaitEvent(stream, slot.taken, 0), "waiting"));
        CUdeviceptr source = at(launch.places[0], microbatch) +
                             static_cast<CUdeviceptr>(tile.copy.fromStart * tile.copy.bytes);
        if (tile.function != nullptr) {
            RETURN_IF_ERROR(launchCopy(tile.function, tile.text, at(launch.places[0], microbatch),
                                       scratch(), stream));
            source = scratch();
        }
        RETURN_IF_ERROR(check(driver_.cuMemcpyPeerAsync(slot.memory, slot.context, source, context_,
                                                        static_cast<size_t>(tile.bytes), stream),
                              "sending to another GPU"));
        // An event of this device for each slot, made at its first use.
        RETURN_IF_ERROR(tile.mailbox->post(driver_, stream, mailEvents_));
    }
    return {};
}

Status CudaDevice::runReceive(BoundLaunch& launch, int microbatch)
{
    for (BoundTile& tile : launch.tiles) {
        ASSIGN_OR_RETURN(const Mailbox::Slot slot, tile.mailbox->beginTake());
        RETURN_IF_ERROR(check(driver_.cuStreamWaitEvent(stream_, slot.posted, 0), "waiting"));
        const CUdeviceptr target = at(launch.places[0], microbatch);
        if (tile.function != nullptr)
            RETURN_IF_ERROR(launchCopy(tile.function, tile.text, slot.memory, target, stream_));
        else
            RETURN_IF_ERROR(
                check(driver_.cuMemcpyDtoDAsync(
                          target + static_cast<CUdeviceptr>(tile.copy.toStart * tile.copy.bytes),
                          slot.memory, static_cast<size_t>(tile.bytes), stream_),
                      "taking a message"));
        RETURN_IF_ERROR(check(driver_.cuEventRecord(slot.taken, stream_), "recording"));
        tile.mailbox->endTake();
    }
    return {};
}

} // namespace alpa::cuda
