#include "core/base/text.h"
#include "core/graph/graph_text.h"
#include "core/mesh/device_mesh.h"
#include "core/program/labels.h"
#include "core/program/program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

namespace alpa
{
namespace
{

std::string_view bufferKindName(BufferKind kind)
{
    static constexpr std::array<std::string_view, 6> kNames{"parameter", "state",      "batch",
                                                            "gradient",  "activation", "temporary"};
    return kNames[static_cast<size_t>(kind)];
}

std::string joinLabels(const StageProgram& stage, const std::vector<BufferId>& ids)
{
    std::string joined;
    for (const BufferId id : ids)
        joined += fmt::format("{}{}", joined.empty() ? "" : " ", bufferLabel(stage, id));
    return joined;
}

std::string bufferLine(const StageProgram& stage, size_t index)
{
    const Buffer& buffer = stage.buffers[index];
    std::string line = fmt::format(
        "  {} {} of [{}] {} {}, {} at {}", bufferLabel(stage, BufferId(index)),
        formatType(buffer.type), fmt::join(buffer.globalDims, ","), formatSpec(buffer.spec),
        bufferKindName(buffer.kind), formatBytes(buffer.type.bytes()), buffer.offset);
    if (buffer.slots > 1)
        line += fmt::format(", {} slots of {} B", buffer.slots, buffer.slotBytes);
    return line + "\n";
}

std::string computeText(const StageProgram& stage, const Instruction& instruction)
{
    const std::string attributes = formatAttributes(instruction.attributes);
    std::string text =
        fmt::format("{} = {} {}", joinLabels(stage, instruction.outputs),
                    opKindName(instruction.opKind), joinLabels(stage, instruction.inputs));
    if (!attributes.empty())
        text += " " + attributes;
    for (const DeviceOffset& offset : instruction.offsets)
        text += fmt::format(" offset dim {} by {} along {}", offset.dim, offset.stride,
                            axesText(stage.mesh, offset.axes));
    return text;
}

std::string collectiveText(const StageProgram& stage, const Instruction& instruction, int device)
{
    std::string text = fmt::format("{} = {}", joinLabels(stage, instruction.outputs),
                                   collectiveName(instruction.collective));
    const bool reduces = instruction.collective == CollectiveKind::kAllReduce ||
                         instruction.collective == CollectiveKind::kReduceScatter;
    if (reduces)
        text += fmt::format("({})", reduceKindName(instruction.reduction));
    text += " " + joinLabels(stage, instruction.inputs);
    if (instruction.collective == CollectiveKind::kAllToAll)
        text += fmt::format(" from dim {} to dim {}", instruction.fromDim, instruction.dim);
    else if (instruction.collective != CollectiveKind::kAllReduce)
        text += fmt::format(" dim {}", instruction.dim);
    return text + fmt::format(" over {} among devices {{{}}}, {}",
                              axesText(stage.mesh, instruction.axes),
                              fmt::join(stage.mesh.group(device, instruction.axes), ", "),
                              formatBytes(instructionBytes(stage, instruction)));
}

/// "[4,8] at [0,0] to device 1 at [4,0]": one tile as its device sees it.
std::string tileText(const TransferTile& tile, InstructionKind kind)
{
    const bool sends = kind == InstructionKind::kSend;
    return fmt::format("[{}] at [{}] {} device {} at [{}]", fmt::join(tile.sizes, ","),
                       fmt::join(sends ? tile.fromOffsets : tile.toOffsets, ","),
                       sends ? "to" : "from", sends ? tile.to : tile.from,
                       fmt::join(sends ? tile.toOffsets : tile.fromOffsets, ","));
}

std::string transferText(const Program& program, const StageProgram& stage,
                         const Instruction& instruction, int device)
{
    const Transfer& transfer = program.transfers[instruction.transfer.index()];
    const bool sends = instruction.kind == InstructionKind::kSend;
    std::string text =
        sends ? fmt::format("send t{} {} to stage {}", instruction.transfer.number,
                            bufferLabel(stage, transfer.fromBuffer), transfer.toStage)
              : fmt::format("{} = receive t{} from stage {}", bufferLabel(stage, transfer.toBuffer),
                            instruction.transfer.number, transfer.fromStage);
    for (const TransferTile& tile : transfer.tiles) {
        if ((sends ? tile.from : tile.to) == device)
            text += ", " + tileText(tile, instruction.kind);
    }
    return text + ", " +
           formatBytes(transferBytes(program, instruction.transfer, instruction.kind, device));
}

std::string instructionLine(const Program& program, const Graph& graph, int stageIndex,
                            const Instruction& instruction, int device)
{
    const StageProgram& stage = program.stages[static_cast<size_t>(stageIndex)];
    std::string text;
    switch (instruction.kind) {
    case InstructionKind::kCompute:
        text = computeText(stage, instruction);
        break;
    case InstructionKind::kCollective:
        text = collectiveText(stage, instruction, device);
        break;
    case InstructionKind::kSend:
    case InstructionKind::kReceive:
        text = transferText(program, stage, instruction, device);
        break;
    }
    for (const BufferId output : instruction.outputs)
        text += " : " + formatType(stage.buffers[output.index()].type) + " " +
                formatSpec(stage.buffers[output.index()].spec);
    text += fmt::format("  # {}", formatSeconds(instruction.predicted));
    if (instruction.op.isValid() && instruction.op.index() < graph.ops.size()) {
        const std::string& scope = graph.scopePath(graph.op(instruction.op).scope);
        text += fmt::format("{}{}", scope.empty() ? "" : " ", scope);
    }
    return "  " + text + "\n";
}

std::string queueText(const std::vector<QueueEntry>& queue)
{
    std::string text = "queue:";
    for (const QueueEntry& entry : queue)
        text += " " + queueEntryLabel(entry);
    return text + "\n";
}

/// What one device of a stage communicates in one step: how often each kind, and how many bytes.
struct Traffic {
    int64_t count = 0;
    Bytes bytes;
};

std::map<std::string, Traffic> stageTraffic(const Program& program, size_t stageIndex)
{
    const StageProgram& stage = program.stages[stageIndex];
    std::array<int64_t, kSegmentKinds> runs{};
    for (const QueueEntry& entry : program.queues[stageIndex])
        ++runs[static_cast<size_t>(entry.kind)];
    std::map<std::string, Traffic> traffic;
    for (size_t kind = 0; kind < kSegmentKinds; ++kind) {
        for (const Instruction& instruction : stage.segments[kind].instructions) {
            if (instruction.kind == InstructionKind::kCompute || runs[kind] == 0)
                continue;
            const bool isCollective = instruction.kind == InstructionKind::kCollective;
            const char* transferName =
                instruction.kind == InstructionKind::kSend ? "send" : "receive";
            Traffic& entry =
                traffic[isCollective ? std::string(collectiveName(instruction.collective))
                                     : transferName];
            entry.count += runs[kind];
            entry.bytes += runs[kind] * (isCollective ? instructionBytes(stage, instruction)
                                                      : transferBytes(program, instruction.transfer,
                                                                      instruction.kind, 0));
        }
    }
    return traffic;
}

} // namespace

int Program::deviceCount() const
{
    int count = 0;
    for (const SharedDevices& devices : deviceTurns())
        count += stages[static_cast<size_t>(devices.stages.front())].mesh.deviceCount();
    return count;
}

std::vector<SharedDevices> Program::deviceTurns() const
{
    std::vector<SharedDevices> all;
    for (int stage = 0; stage < static_cast<int>(stages.size()); ++stage) {
        const auto sharing = std::ranges::find_if(shared, [&](const SharedDevices& devices) {
            return std::ranges::find(devices.stages, stage) != devices.stages.end();
        });
        if (sharing == shared.end())
            all.push_back(
                {{stage}, std::vector<int>(queues[static_cast<size_t>(stage)].size(), stage)});
        else if (sharing->stages.front() == stage)
            all.push_back(*sharing);
    }
    return all;
}

std::string formatStageProgram(const Program& program, const Graph& graph, int stage, int device)
{
    CHECK(stage >= 0 && static_cast<size_t>(stage) < program.stages.size(), "the stage exists");
    const StageProgram& code = program.stages[static_cast<size_t>(stage)];
    CHECK(device >= 0 && device < code.mesh.deviceCount(), "the device exists");
    std::string text =
        fmt::format("stage {} of \"{}\", device {} of {}: mesh {}, arena {}\nbuffers\n", stage,
                    program.name, device, code.mesh.deviceCount(), formatMesh(code.mesh),
                    formatMemory(Bytes(code.arenaBytes)));
    for (size_t index = 0; index < code.buffers.size(); ++index)
        text += bufferLine(code, index);
    for (size_t kind = 0; kind < kSegmentKinds; ++kind) {
        const Segment& segment = code.segments[kind];
        if (segment.instructions.empty())
            continue;
        text += std::string(segmentKindName(static_cast<SegmentKind>(kind))) + "\n";
        for (const Instruction& instruction : segment.instructions)
            text += instructionLine(program, graph, stage, instruction, device);
    }
    text += queueText(program.queues[static_cast<size_t>(stage)]);
    for (const SharedDevices& devices : program.shared) {
        if (std::ranges::find(devices.stages, stage) != devices.stages.end())
            text += fmt::format("shares its devices, stages in turn: {}\n",
                                fmt::join(devices.turns, " "));
    }
    return text;
}

std::string formatCollectiveCounts(const Program& program)
{
    // A fixed order, whatever the stages use.
    static constexpr std::array<std::string_view, 8> kOrder{
        "all-reduce", "all-gather",   "reduce-scatter", "all-to-all",
        "broadcast",  "send-receive", "send",           "receive"};
    std::string text;
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        const std::map<std::string, Traffic> traffic = stageTraffic(program, stage);
        std::string line;
        for (const std::string_view name : kOrder) {
            const auto found = traffic.find(std::string(name));
            if (found != traffic.end())
                line += fmt::format("{}{} {} ({})", line.empty() ? "" : ", ", name,
                                    found->second.count, formatBytes(found->second.bytes));
        }
        if (line.empty())
            line = "none";
        text +=
            program.stages.size() == 1 ? line + "\n" : fmt::format("stage {}: {}\n", stage, line);
    }
    return text;
}

} // namespace alpa
