// DevicePrograms: what every device does in one training step, fully static. Lowering makes it,
// verify_program checks it, every backend runs exactly this. Devices of one stage share the stage's
// segments (SPMD); a device's queue says which segment runs for which microbatch.
#pragma once

#include "core/graph/graph.h"
#include "core/mesh/device_mesh.h"

#include <cstdint>
#include <string>
#include <vector>

namespace alpa
{

using BufferId = Id<struct BufferTag>;     ///< Into StageProgram::buffers.
using TransferId = Id<struct TransferTag>; ///< Into Program::transfers.

enum class BufferKind {
    kParameter,  ///< Filled before the first step, updated in place by the update segment.
    kState,      ///< The same for optimizer state.
    kBatch,      ///< Filled by the host for every microbatch.
    kGradient,   ///< Accumulators: zeroed at the start of a step.
    kActivation, ///< Made in forward, read in backward: one slot per in-flight microbatch.
    kTemporary,  ///< Lives within one segment.
};

/// One tensor (or part) in a device's arena. The address for microbatch m is offset + (m % slots) *
/// slotBytes.
struct Buffer {
    std::string name; ///< "block_0.fc.kernel", "%12"
    TensorType type;  ///< Local: of one device's part.
    std::vector<int64_t> globalDims;
    ShardingSpec spec; ///< Of the whole tensor over the stage's mesh.
    BufferKind kind = BufferKind::kTemporary;
    ValueId value; ///< In the training graph; invalid for intermediate steps of a reshard.
    int64_t offset = 0;
    int64_t slotBytes = 0; ///< Rounded up to the arena's alignment.
    int slots = 1;
};

/// Adds `stride` times the device's position along `axes` to the start index of dimension `dim`:
/// how one segment serves all devices. Iota: value offset; slice: start offset; gather and scatter:
/// subtracted from the start index of operand dimension `dim`, rows outside the local part are
/// skipped (gather yields zero).
struct DeviceOffset {
    int dim = 0;
    AxisSet axes = 0;
    int64_t stride = 0;
    friend bool operator==(const DeviceOffset&, const DeviceOffset&) = default;
};

enum class InstructionKind {
    kCompute,    ///< One op on local buffers.
    kCollective, ///< Among the device's group over `axes`.
    kSend,       ///< This device's tiles of a transfer.
    kReceive,
};

struct Instruction {
    InstructionKind kind = InstructionKind::kCompute;
    std::vector<BufferId> inputs;
    std::vector<BufferId> outputs;
    OpId op; ///< The training-graph op it belongs to; for collectives and transfers the consumer.

    // kCompute. Attributes and buffer types are local. kAccumulate adds inputs[0] / microbatches to
    // outputs[0].
    OpKind opKind = OpKind::kOpaque;
    Attributes attributes;
    std::vector<DeviceOffset> offsets;

    // kCollective. All-gather: `dim` grows; reduce-scatter: `dim` shrinks; all-to-all: fromDim
    // grows, dim shrinks.
    CollectiveKind collective = CollectiveKind::kAllReduce;
    AxisSet axes = 0;
    ReduceKind reduction = ReduceKind::kAdd;
    int dim = 0;
    int fromDim = 0;

    // kSend, kReceive.
    TransferId transfer;

    Seconds predicted;
};

/// A part of one tensor that one device sends to one of another stage.
struct TransferTile {
    int from = 0;                                       ///< Position in the sending stage's mesh.
    int to = 0;                                         ///< Position in the receiving stage's mesh.
    std::vector<int64_t> fromOffsets, toOffsets, sizes; ///< In elements of the local buffers.
};

/// A value that crosses from one stage to another, once per microbatch or once per step.
struct Transfer {
    ValueId value;
    int fromStage = 0;
    int toStage = 0;
    BufferId fromBuffer; ///< In the sending stage.
    BufferId toBuffer;   ///< In the receiving stage.
    bool oncePerStep = false;
    std::vector<TransferTile> tiles;
};

/// Straight-line code of one stage for one purpose.
struct Segment {
    std::string name; ///< "forward"
    std::vector<Instruction> instructions;
};

enum class SegmentKind {
    kBegin, ///< Once per step before the first microbatch (zero accumulators, exchange shared
            ///< parameters).
    kForward,
    kBackward,
    kWeightGradient, ///< What only gradients of parameters need, if the schedule computes these
                     ///< apart; else empty.
    kUpdate,
};
constexpr int kSegmentKinds = 5;

struct StageProgram {
    DeviceMesh mesh;
    std::vector<Buffer> buffers;
    Segment segments[kSegmentKinds];
    int64_t arenaBytes = 0;
    BufferId loss; ///< Per microbatch scalar, replicated; invalid in stages without the loss. Read
                   ///< after forward.
};

/// Run segment `kind` for `microbatch` (0 for kBegin and kUpdate).
struct QueueEntry {
    SegmentKind kind = SegmentKind::kForward;
    int microbatch = 0;
    friend bool operator==(const QueueEntry&, const QueueEntry&) = default;
};

/// Stages on the same devices take turns: the k-th run of these devices is the next queue entry of
/// turns[k].
struct SharedDevices {
    std::vector<int> stages; ///< Ascending; their meshes have the same devices.
    std::vector<int> turns;  ///< Each stage as often as its queue is long.
    friend bool operator==(const SharedDevices&, const SharedDevices&) = default;
};

struct Program {
    std::string name;
    int microbatches = 1;
    std::vector<StageProgram> stages;
    std::vector<Transfer> transfers;
    std::vector<std::vector<QueueEntry>> queues; ///< Per stage; the same for all its devices.
    std::vector<SharedDevices>
        shared; ///< Of interleaved schedules; a stage in none has devices of its own.

    int deviceCount() const;
    /// Every stage once, those that share devices together, with the order in which their queues
    /// advance.
    std::vector<SharedDevices> deviceTurns() const;
    const Segment& segment(int stage, SegmentKind kind) const
    {
        return stages[static_cast<size_t>(stage)].segments[static_cast<size_t>(kind)];
    }
};

/// The annotated per-device text: buffers with specs and bytes, instructions with collectives,
/// groups and times. `device` is a position in the stage's mesh.
std::string formatStageProgram(const Program& program, const Graph& graph, int stage, int device);
/// "all-reduce 3, all-gather 1, send 2": collectives of one step of one device per kind, and their
/// bytes.
std::string formatCollectiveCounts(const Program& program);

} // namespace alpa
