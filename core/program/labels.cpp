#include "core/program/labels.h"

#include <fmt/format.h>

#include <array>

namespace alpa
{

SegmentKind segmentOf(Phase phase)
{
    switch (phase) {
    case Phase::kForward:
        return SegmentKind::kForward;
    case Phase::kBackward:
        return SegmentKind::kBackward;
    case Phase::kUpdate:
        break;
    }
    return SegmentKind::kUpdate;
}

std::string_view segmentKindName(SegmentKind kind)
{
    static constexpr std::array<std::string_view, kSegmentKinds> kNames{
        "begin", "forward", "backward", "weight gradient", "update"};
    return kNames[static_cast<size_t>(kind)];
}

std::string queueEntryLabel(const QueueEntry& entry)
{
    switch (entry.kind) {
    case SegmentKind::kBegin:
        return "begin";
    case SegmentKind::kForward:
        return fmt::format("F{}", entry.microbatch);
    case SegmentKind::kBackward:
        return fmt::format("B{}", entry.microbatch);
    case SegmentKind::kWeightGradient:
        return fmt::format("W{}", entry.microbatch);
    case SegmentKind::kUpdate:
        return "update";
    }
    return "?";
}

std::string bufferLabel(const StageProgram& stage, BufferId id)
{
    if (id.index() >= stage.buffers.size())
        return "b?";
    const std::string& name = stage.buffers[id.index()].name;
    return name.empty() ? fmt::format("b{}", id.number) : name;
}

std::string axesText(const DeviceMesh& mesh, AxisSet axes)
{
    std::string text;
    for (size_t axis = 0; axis < mesh.axes.size(); ++axis) {
        if (hasAxis(axes, static_cast<int>(axis)))
            text += fmt::format("{}{}", text.empty() ? "" : ".", mesh.axes[axis].name);
    }
    return text.empty() ? "no axis" : text;
}

std::string instructionLabel(const StageProgram& stage, const Instruction& instruction)
{
    const std::string operand =
        instruction.outputs.empty()
            ? ""
            : fmt::format(" {}", bufferLabel(stage, instruction.outputs[0]));
    switch (instruction.kind) {
    case InstructionKind::kCompute:
        return fmt::format("{}{}", opKindName(instruction.opKind), operand);
    case InstructionKind::kCollective:
        return fmt::format("{}{}", collectiveName(instruction.collective), operand);
    case InstructionKind::kSend:
        return fmt::format("send t{}", instruction.transfer.number);
    case InstructionKind::kReceive:
        return fmt::format("receive t{}", instruction.transfer.number);
    }
    return "?";
}

Bytes instructionBytes(const StageProgram& stage, const Instruction& instruction)
{
    const bool gathers = instruction.collective == CollectiveKind::kAllGather;
    Bytes bytes;
    for (const BufferId id : gathers ? instruction.outputs : instruction.inputs)
        bytes += stage.buffers[id.index()].type.bytes();
    return bytes;
}

Bytes transferBytes(const Program& program, TransferId id, InstructionKind kind, int device)
{
    const Transfer& transfer = program.transfers[id.index()];
    const StageProgram& sender = program.stages[static_cast<size_t>(transfer.fromStage)];
    const int64_t elementBytes = dtypeBytes(sender.buffers[transfer.fromBuffer.index()].type.dtype);
    int64_t bytes = 0;
    for (const TransferTile& tile : transfer.tiles) {
        if ((kind == InstructionKind::kSend ? tile.from : tile.to) != device)
            continue;
        int64_t count = elementBytes;
        for (const int64_t size : tile.sizes)
            count *= size;
        bytes += count;
    }
    return Bytes(bytes);
}

} // namespace alpa
