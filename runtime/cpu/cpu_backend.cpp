#include "runtime/cpu/cpu_backend.h"

#include "core/program/arena_ranges.h"
#include "core/program/labels.h"
#include "runtime/cpu/cpu_collectives.h"
#include "runtime/cpu/cpu_hub.h"
#include "runtime/cpu/gemm.h"
#include "runtime/cpu/kernel.h"
#include "runtime/cpu/strided.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <new>

namespace alpa
{
namespace
{

using namespace cpu;

constexpr std::align_val_t kAlignment{static_cast<size_t>(kArenaAlignment)};

struct ArenaDeleter {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, kAlignment); }
};
using Arena = std::unique_ptr<std::byte[], ArenaDeleter>;

Result<Arena> allocateArena(int64_t bytes)
{
    auto* memory = static_cast<std::byte*>(::operator new[](
        static_cast<size_t>(std::max<int64_t>(bytes, 1)), kAlignment, std::nothrow));
    if (memory == nullptr)
        return Error(ErrorCode::kOutOfMemory,
                     fmt::format("an arena of {} bytes cannot be allocated", bytes));
    return Arena(memory);
}

/// Where a buffer lies for each microbatch.
struct Address {
    int64_t offset = 0;
    int64_t slotBytes = 0;
    int slots = 1;
    int64_t of(int microbatch) const { return offset + microbatch % slots * slotBytes; }
};

/// One tile of a transfer at this device's end.
struct BoundTile {
    Mailbox* mailbox = nullptr;
    StridedCopy copy;
    int64_t start = 0; ///< In bytes, within the buffer.
};

struct BoundInstruction {
    InstructionKind kind = InstructionKind::kCompute;
    std::vector<Address> inputs, outputs;
    Kernel kernel;
    Rendezvous* rendezvous = nullptr;
    CpuCollective collective;
    std::vector<BoundTile> tiles;
};

class CpuDevice final : public Device
{
public:
    CpuDevice(const Program& program, int stage, int device,
              std::chrono::steady_clock::time_point start)
        : program_(program)
        , stage_(program.stages[static_cast<size_t>(stage)])
        , stageIndex_(stage)
        , device_(device)
        , start_(start)
    {
    }

    Status load(Hub& hub, const CpuOptions& options);
    Status run(SegmentKind segment, size_t index, int microbatch) override;
    Status zero(BufferId buffer) override;
    Status write(BufferId buffer, int microbatch, std::span<const std::byte> bytes) override;
    Status read(BufferId buffer, int microbatch, std::span<std::byte> bytes) override;
    Status finish() override { return {}; }
    void recordTime(size_t slot) override;
    Seconds recordedTime(size_t slot) const override { return times_[slot]; }
    void timeLaunches(size_t most) override { launchesLeft_ = most; }
    std::vector<TimedLaunch> takeLaunches() override;

private:
    Status runBound(SegmentKind segment, size_t index, int microbatch);
    Seconds now() const;
    Status bind(const Instruction& instruction, Hub& hub, BoundInstruction& bound);
    Status bindCompute(const Instruction& instruction, BoundInstruction& bound);
    Status bindCollective(const Instruction& instruction, Hub& hub, BoundInstruction& bound);
    void bindTransfer(const Instruction& instruction, Hub& hub, BoundInstruction& bound);
    Status runTransfer(const BoundInstruction& bound, int microbatch);
    Result<Address> addressOf(BufferId id) const;
    const TensorType& typeOf(BufferId id) const { return stage_.buffers[id.index()].type; }
    std::byte* at(const Address& address, int microbatch) const
    {
        return arena_.get() + address.of(microbatch);
    }

    const Program& program_;
    const StageProgram& stage_;
    int stageIndex_;
    int device_;
    std::chrono::steady_clock::time_point start_;
    Arena arena_;
    Arena scratch_;
    int64_t scratchBytes_ = 0;
    std::array<std::vector<BoundInstruction>, kSegmentKinds> bound_;
    std::vector<const std::byte*> inputs_; ///< Of the running kernel.
    std::vector<std::byte*> outputs_;
    std::vector<Seconds> times_;
    size_t launchesLeft_ = 0; ///< That are timed.
    std::vector<TimedLaunch> launches_;
};

Result<Address> CpuDevice::addressOf(BufferId id) const
{
    if (id.index() >= stage_.buffers.size())
        return Error(ErrorCode::kInvalidInput, "a buffer id is out of range");
    const Buffer& buffer = stage_.buffers[id.index()];
    if (buffer.offset < 0 || buffer.slots < 1 || buffer.slotBytes < buffer.type.bytes().count ||
        buffer.offset + buffer.slots * buffer.slotBytes > stage_.arenaBytes)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("buffer {} leaves the arena", bufferLabel(stage_, id)));
    return Address{buffer.offset, buffer.slotBytes, buffer.slots};
}

Status CpuDevice::bindCompute(const Instruction& instruction, BoundInstruction& bound)
{
    KernelRequest request;
    request.kind = instruction.opKind;
    request.attributes = &instruction.attributes;
    request.microbatches = program_.microbatches;
    for (const BufferId input : instruction.inputs)
        request.inputs.push_back(typeOf(input));
    for (const BufferId output : instruction.outputs)
        request.outputs.push_back(typeOf(output));
    for (const DeviceOffset& offset : instruction.offsets)
        request.offsets.push_back(
            {offset.dim, offset.stride * stage_.mesh.positionInGroup(device_, offset.axes),
             offset.stride * stage_.mesh.groupSize(offset.axes)});
    ASSIGN_OR_RETURN(bound.kernel, makeKernel(request));
    scratchBytes_ = std::max(scratchBytes_, bound.kernel.scratchBytes);
    return {};
}

Status CpuDevice::bindCollective(const Instruction& instruction, Hub& hub, BoundInstruction& bound)
{
    if (instruction.collective == CollectiveKind::kBroadcast ||
        instruction.collective == CollectiveKind::kSendReceive)
        return Error(ErrorCode::kUnsupported, "not a collective within a stage");
    const std::vector<int> group = stage_.mesh.group(device_, instruction.axes);
    bound.rendezvous =
        &hub.rendezvous(stageIndex_, instruction.axes, group[0], static_cast<int>(group.size()));
    bound.collective = CpuCollective(
        instruction, typeOf(instruction.inputs[0]), typeOf(instruction.outputs[0]),
        stage_.mesh.positionInGroup(device_, instruction.axes), static_cast<int>(group.size()));
    scratchBytes_ = std::max(scratchBytes_, bound.collective.scratchBytes());
    return {};
}

void CpuDevice::bindTransfer(const Instruction& instruction, Hub& hub, BoundInstruction& bound)
{
    const Transfer& transfer = program_.transfers[instruction.transfer.index()];
    const bool sends = instruction.kind == InstructionKind::kSend;
    const TensorType& type = typeOf(sends ? transfer.fromBuffer : transfer.toBuffer);
    const int64_t bytes = dtypeBytes(type.dtype);
    const std::vector<int64_t> strides = rowMajorStrides(type.dims);
    for (size_t index = 0; index < transfer.tiles.size(); ++index) {
        const TransferTile& tile = transfer.tiles[index];
        if ((sends ? tile.from : tile.to) != device_)
            continue;
        const std::vector<int64_t>& offsets = sends ? tile.fromOffsets : tile.toOffsets;
        const std::vector<int64_t> packed = rowMajorStrides(tile.sizes);
        BoundTile& boundTile = bound.tiles.emplace_back();
        int64_t count = 1;
        for (size_t d = 0; d < offsets.size(); ++d) {
            boundTile.start += offsets[d] * strides[d] * bytes;
            count *= tile.sizes[d];
        }
        boundTile.copy = sends ? StridedCopy(bytes, tile.sizes, strides, packed)
                               : StridedCopy(bytes, tile.sizes, packed, strides);
        boundTile.mailbox = &hub.mailbox(instruction.transfer.number, index, count * bytes);
    }
}

Status CpuDevice::bind(const Instruction& instruction, Hub& hub, BoundInstruction& bound)
{
    bound.kind = instruction.kind;
    for (const BufferId input : instruction.inputs) {
        ASSIGN_OR_RETURN(const Address address, addressOf(input));
        bound.inputs.push_back(address);
    }
    for (const BufferId output : instruction.outputs) {
        ASSIGN_OR_RETURN(const Address address, addressOf(output));
        bound.outputs.push_back(address);
    }
    inputs_.resize(std::max(inputs_.size(), bound.inputs.size()));
    outputs_.resize(std::max(outputs_.size(), bound.outputs.size()));
    switch (instruction.kind) {
    case InstructionKind::kCompute:
        return bindCompute(instruction, bound);
    case InstructionKind::kCollective:
        return bindCollective(instruction, hub, bound);
    case InstructionKind::kSend:
    case InstructionKind::kReceive:
        bindTransfer(instruction, hub, bound);
        break;
    }
    return {};
}

Status CpuDevice::load(Hub& hub, const CpuOptions& options)
{
    for (size_t segment = 0; segment < kSegmentKinds; ++segment) {
        const std::vector<Instruction>& instructions = stage_.segments[segment].instructions;
        bound_[segment].resize(instructions.size());
        for (size_t index = 0; index < instructions.size(); ++index) {
            if (const Status status = bind(instructions[index], hub, bound_[segment][index]);
                !status.ok())
                return status.error().in(
                    fmt::format("stage {}, {} instruction {} ({})", stageIndex_,
                                segmentKindName(static_cast<SegmentKind>(segment)), index,
                                instructionLabel(stage_, instructions[index])));
        }
    }
    ASSIGN_OR_RETURN(arena_, allocateArena(stage_.arenaBytes));
    ASSIGN_OR_RETURN(scratch_, allocateArena(scratchBytes_));
    if (options.poisonsArenas)
        std::memset(arena_.get(), 0xFF, static_cast<size_t>(stage_.arenaBytes));
    return {};
}

Status CpuDevice::runTransfer(const BoundInstruction& bound, int microbatch)
{
    const bool sends = bound.kind == InstructionKind::kSend;
    std::byte* buffer = at(sends ? bound.inputs[0] : bound.outputs[0], microbatch);
    for (const BoundTile& tile : bound.tiles) {
        if (sends)
            tile.mailbox->put(microbatch, [&](std::byte* message) {
                tile.copy.run(buffer + tile.start, message);
            });
        else
            RETURN_IF_ERROR(tile.mailbox->take(microbatch, [&](const std::byte* message) {
                tile.copy.run(message, buffer + tile.start);
            }));
    }
    return {};
}

Status CpuDevice::run(SegmentKind segment, size_t index, int microbatch)
{
    if (launchesLeft_ == 0)
        return runBound(segment, index, microbatch);
    --launchesLeft_;
    TimedLaunch& timed = launches_.emplace_back();
    timed.segment = segment;
    timed.instruction = index;
    timed.microbatch = microbatch;
    timed.start = now();
    Status status = runBound(segment, index, microbatch);
    timed.end = now();
    return status;
}

Status CpuDevice::runBound(SegmentKind segment, size_t index, int microbatch)
{
    const BoundInstruction& bound = bound_[static_cast<size_t>(segment)][index];
    switch (bound.kind) {
    case InstructionKind::kCompute:
        for (size_t i = 0; i < bound.inputs.size(); ++i)
            inputs_[i] = at(bound.inputs[i], microbatch);
        for (size_t i = 0; i < bound.outputs.size(); ++i)
            outputs_[i] = at(bound.outputs[i], microbatch);
        bound.kernel.run({inputs_.data(), outputs_.data(), scratch_.get()});
        return {};
    case InstructionKind::kCollective:
        return bound.collective.run(*bound.rendezvous,
                                    {segment, index, microbatch, at(bound.inputs[0], microbatch)},
                                    at(bound.outputs[0], microbatch), scratch_.get());
    case InstructionKind::kSend:
    case InstructionKind::kReceive:
        break;
    }
    return runTransfer(bound, microbatch);
}

Status CpuDevice::zero(BufferId buffer)
{
    ASSIGN_OR_RETURN(const Address address, addressOf(buffer));
    std::memset(arena_.get() + address.offset, 0,
                static_cast<size_t>(address.slots * address.slotBytes));
    return {};
}

Status CpuDevice::write(BufferId buffer, int microbatch, std::span<const std::byte> bytes)
{
    ASSIGN_OR_RETURN(const Address address, addressOf(buffer));
    CHECK(bytes.size() == static_cast<size_t>(typeOf(buffer).bytes().count),
          "the bytes are the buffer's");
    std::memcpy(at(address, microbatch), bytes.data(), bytes.size());
    return {};
}

Status CpuDevice::read(BufferId buffer, int microbatch, std::span<std::byte> bytes)
{
    ASSIGN_OR_RETURN(const Address address, addressOf(buffer));
    CHECK(bytes.size() == static_cast<size_t>(typeOf(buffer).bytes().count),
          "the bytes are the buffer's");
    std::memcpy(bytes.data(), at(address, microbatch), bytes.size());
    return {};
}

void CpuDevice::recordTime(size_t slot)
{
    if (slot >= times_.size())
        times_.resize(slot + 1);
    times_[slot] = now();
}

Seconds CpuDevice::now() const
{
    return Seconds(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count());
}

std::vector<TimedLaunch> CpuDevice::takeLaunches()
{
    launchesLeft_ = 0;
    return std::exchange(launches_, {});
}

class CpuBackend final : public Backend
{
public:
    explicit CpuBackend(const CpuOptions& options)
        : options_(options)
    {
        useOneThreadPerDevice();
    }

    Result<std::unique_ptr<Device>> load(const Program& program, int stage, int device) override
    {
        auto loaded = std::make_unique<CpuDevice>(program, stage, device, start_);
        RETURN_IF_ERROR(loaded->load(hub_, options_));
        return std::unique_ptr<Device>(std::move(loaded));
    }
    void abort() override { hub_.abort(); }

private:
    CpuOptions options_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    Hub hub_;
};

} // namespace

std::unique_ptr<Backend> makeCpuBackend(const CpuOptions& options)
{
    return std::make_unique<CpuBackend>(options);
}

} // namespace alpa
