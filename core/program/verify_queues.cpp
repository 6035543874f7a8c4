#include "core/program/verify_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>

namespace alpa
{
namespace
{

bool isPerStep(SegmentKind kind)
{
    return kind == SegmentKind::kBegin || kind == SegmentKind::kUpdate;
}

/// Does every part [offset, offset + size) lie within `dims`, with no part empty?
bool liesInside(const std::vector<int64_t>& offsets, const std::vector<int64_t>& sizes,
                const std::vector<int64_t>& dims)
{
    if (offsets.size() != dims.size() || sizes.size() != dims.size())
        return false;
    for (size_t d = 0; d < dims.size(); ++d) {
        if (offsets[d] < 0 || sizes[d] < 1 || sizes[d] > dims[d] || offsets[d] > dims[d] - sizes[d])
            return false;
    }
    return true;
}

bool overlap(const TransferTile& a, const TransferTile& b)
{
    for (size_t d = 0; d < a.sizes.size(); ++d) {
        if (a.toOffsets[d] + a.sizes[d] <= b.toOffsets[d] ||
            b.toOffsets[d] + b.sizes[d] <= a.toOffsets[d])
            return false;
    }
    return true;
}

int64_t elementCount(const std::vector<int64_t>& sizes)
{
    int64_t count = 1;
    for (const int64_t size : sizes)
        count *= size;
    return count;
}

/// Do both ends of the tile stand for the same elements of the whole tensor?
bool isSamePlace(const Program& program, const Transfer& transfer, const TransferTile& tile)
{
    const StageProgram& from = program.stages[static_cast<size_t>(transfer.fromStage)];
    const StageProgram& to = program.stages[static_cast<size_t>(transfer.toStage)];
    const Buffer& source = from.buffers[transfer.fromBuffer.index()];
    const Buffer& target = to.buffers[transfer.toBuffer.index()];
    const Tile sourceTile = deviceTile(from.mesh, source.spec, source.globalDims, tile.from);
    const Tile targetTile = deviceTile(to.mesh, target.spec, target.globalDims, tile.to);
    for (size_t d = 0; d < tile.sizes.size(); ++d) {
        if (sourceTile.offsets[d] + tile.fromOffsets[d] !=
            targetTile.offsets[d] + tile.toOffsets[d])
            return false;
    }
    return true;
}

/// The receiver's part must be covered exactly once. Assumes that the tiles lie inside.
void checkCover(const Transfer& transfer, const Buffer& target, int device,
                const std::string& place, Findings& findings)
{
    std::vector<const TransferTile*> tiles;
    int64_t covered = 0;
    for (const TransferTile& tile : transfer.tiles) {
        if (tile.to != device)
            continue;
        covered += elementCount(tile.sizes);
        for (const TransferTile* other : tiles) {
            if (overlap(tile, *other))
                return findings.add(
                    fmt::format("{}: two tiles overlap on receiving device {}", place, device));
        }
        tiles.push_back(&tile);
    }
    if (covered != target.type.elementCount())
        findings.add(fmt::format("{}: receiving device {} gets {} of {} elements", place, device,
                                 covered, target.type.elementCount()));
}

void checkTransfer(const Program& program, size_t index, Findings& findings)
{
    const Transfer& transfer = program.transfers[index];
    const StageProgram& to = program.stages[static_cast<size_t>(transfer.toStage)];
    const Buffer& source = program.stages[static_cast<size_t>(transfer.fromStage)]
                               .buffers[transfer.fromBuffer.index()];
    const Buffer& target = to.buffers[transfer.toBuffer.index()];
    const std::string place = fmt::format("transfer t{} from stage {} to stage {}", index,
                                          transfer.fromStage, transfer.toStage);
    if (source.type.dtype != target.type.dtype || source.globalDims != target.globalDims)
        return findings.add(
            fmt::format("{}: {} of [{}] is received as {} of [{}]", place,
                        dtypeName(source.type.dtype), fmt::join(source.globalDims, ","),
                        dtypeName(target.type.dtype), fmt::join(target.globalDims, ",")));
    if (source.spec.partial != 0 || target.spec.partial != 0)
        return findings.add(place + ": a partial value cannot be sent");
    for (const TransferTile& tile : transfer.tiles) {
        if (!liesInside(tile.fromOffsets, tile.sizes, source.type.dims) ||
            !liesInside(tile.toOffsets, tile.sizes, target.type.dims))
            return findings.add(
                fmt::format("{}: the tile from device {} to device {} leaves a buffer", place,
                            tile.from, tile.to));
        if (!isSamePlace(program, transfer, tile))
            return findings.add(
                fmt::format("{}: the tile from device {} to device {} is another part of "
                            "the tensor there",
                            place, tile.from, tile.to));
    }
    for (int device = 0; device < to.mesh.deviceCount(); ++device)
        checkCover(transfer, target, device, place, findings);
}

/// The runs of one stage: once begin, every microbatch forward, then backward, then (if there is
/// such a segment) its weight gradient, once update.
void checkQueue(const Program& program, size_t stage, Findings& findings)
{
    const std::vector<QueueEntry>& queue = program.queues[stage];
    const auto count = static_cast<size_t>(program.microbatches);
    std::array<std::vector<int>, kSegmentKinds> runs;
    for (size_t kind = 0; kind < kSegmentKinds; ++kind)
        runs[kind].resize(isPerStep(static_cast<SegmentKind>(kind)) ? 1 : count, 0);
    for (size_t position = 0; position < queue.size(); ++position) {
        const QueueEntry& entry = queue[position];
        std::vector<int>& mine = runs[static_cast<size_t>(entry.kind)];
        const auto add = [&](const char* what) {
            findings.add(fmt::format("stage {}, queue position {}: {} {}", stage, position,
                                     queueEntryLabel(entry), what));
        };
        if (entry.microbatch < 0 || static_cast<size_t>(entry.microbatch) >= mine.size()) {
            add("is no microbatch of the step");
            continue;
        }
        if (++mine[static_cast<size_t>(entry.microbatch)] > 1)
            add("runs twice");
        if (entry.kind == SegmentKind::kBegin && position != 0)
            add("is not the first");
        if (entry.kind == SegmentKind::kUpdate && position + 1 != queue.size())
            add("is not the last");
        const std::vector<int>& forwards = runs[static_cast<size_t>(SegmentKind::kForward)];
        const bool hasForward =
            !program.segment(static_cast<int>(stage), SegmentKind::kForward).instructions.empty();
        if (entry.kind == SegmentKind::kBackward && hasForward &&
            forwards[static_cast<size_t>(entry.microbatch)] == 0)
            add("comes before its forward");
        const std::vector<int>& backwards = runs[static_cast<size_t>(SegmentKind::kBackward)];
        if (entry.kind == SegmentKind::kWeightGradient &&
            backwards[static_cast<size_t>(entry.microbatch)] == 0)
            add("comes before its backward");
    }
    for (size_t kind = 0; kind < kSegmentKinds; ++kind) {
        const bool hasCode = !program.stages[stage].segments[kind].instructions.empty();
        for (size_t microbatch = 0; hasCode && microbatch < runs[kind].size(); ++microbatch) {
            if (runs[kind][microbatch] == 0)
                findings.add(fmt::format("stage {}: {} never runs", stage,
                                         queueEntryLabel({static_cast<SegmentKind>(kind),
                                                          static_cast<int>(microbatch)})));
        }
    }
}

/// Stages on the same devices: each as often in their turns as it has entries.
void checkTurns(const Program& program, Findings& findings)
{
    std::vector<bool> isShared(program.stages.size(), false);
    for (size_t group = 0; group < program.shared.size(); ++group) {
        const SharedDevices& devices = program.shared[group];
        const auto add = [&](const std::string& what) {
            findings.add(fmt::format("shared devices {}: {}", group, what));
        };
        const auto isStage = [&](int stage) {
            return stage >= 0 && static_cast<size_t>(stage) < program.stages.size();
        };
        if (devices.stages.empty() || !std::ranges::all_of(devices.stages, isStage) ||
            !std::ranges::is_sorted(devices.stages))
            return add("the stages are no ascending list of the program's");
        const auto devicesOf = [&](int stage) {
            std::vector<DeviceId> sorted = program.stages[static_cast<size_t>(stage)].mesh.devices;
            std::ranges::sort(sorted);
            return sorted;
        };
        for (const int stage : devices.stages) {
            if (isShared[static_cast<size_t>(stage)])
                return add(fmt::format("stage {} shares devices twice", stage));
            isShared[static_cast<size_t>(stage)] = true;
            if (devicesOf(stage) != devicesOf(devices.stages.front()))
                add(fmt::format("stage {} is on other devices than stage {}", stage,
                                devices.stages.front()));
            const auto turns = static_cast<size_t>(std::ranges::count(devices.turns, stage));
            if (turns != program.queues[static_cast<size_t>(stage)].size())
                add(fmt::format("stage {} has {} turns for {} queue entries", stage, turns,
                                program.queues[static_cast<size_t>(stage)].size()));
        }
        for (const int stage : devices.turns) {
            if (std::ranges::find(devices.stages, stage) == devices.stages.end())
                return add(fmt::format("stage {} has a turn, but is on other devices", stage));
        }
    }
}

/// All queues at once, at the grain of sends and receives. Within a stage all devices run the same
/// code, so their collectives meet in order; sends never block. Hence the only thing that can wait
/// forever is a receive, and if this order of events exists, no timing of the devices can block.
class QueueSimulation
{
public:
    explicit QueueSimulation(const Program& program);
    void run(Findings& findings);

private:
    struct Event {
        size_t instruction = 0;
        InstructionKind kind = InstructionKind::kSend;
        TransferId transfer;
    };
    struct Position {
        size_t entry = 0;
        size_t event = 0;
    };
    using Message = std::pair<uint32_t, int>; // Transfer, microbatch.

    /// Runs the stages of some devices in turn until one must wait or all are done.
    void advance(size_t group, std::deque<size_t>& ready, Findings& findings);
    /// Runs one queue entry of a stage; false if it must wait.
    bool advanceEntry(size_t stage, std::deque<size_t>& ready, Findings& findings);
    void reportDeadlock(Findings& findings) const;
    const std::vector<Event>& eventsOf(size_t stage, SegmentKind kind) const
    {
        return events_[stage][static_cast<size_t>(kind)];
    }

    const Program& program_;
    std::vector<std::array<std::vector<Event>, kSegmentKinds>> events_;
    std::vector<SharedDevices> groups_;
    std::vector<size_t> turn_;    ///< Per group.
    std::vector<size_t> groupOf_; ///< Per stage.
    std::vector<Position> positions_;
    std::map<Message, int> sent_;
};

QueueSimulation::QueueSimulation(const Program& program)
    : program_(program)
    , events_(program.stages.size())
    , groups_(program.deviceTurns())
    , turn_(groups_.size(), 0)
    , groupOf_(program.stages.size(), 0)
    , positions_(program.stages.size())
{
    for (size_t group = 0; group < groups_.size(); ++group) {
        for (const int stage : groups_[group].stages)
            groupOf_[static_cast<size_t>(stage)] = group;
    }
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        for (size_t kind = 0; kind < kSegmentKinds; ++kind) {
            const std::vector<Instruction>& instructions =
                program.stages[stage].segments[kind].instructions;
            for (size_t index = 0; index < instructions.size(); ++index) {
                const Instruction& instruction = instructions[index];
                if (instruction.kind == InstructionKind::kSend ||
                    instruction.kind == InstructionKind::kReceive)
                    events_[stage][kind].push_back({index, instruction.kind, instruction.transfer});
            }
        }
    }
}

bool QueueSimulation::advanceEntry(size_t stage, std::deque<size_t>& ready, Findings& findings)
{
    Position& position = positions_[stage];
    const QueueEntry& entry = program_.queues[stage][position.entry];
    const std::vector<Event>& events = eventsOf(stage, entry.kind);
    for (; position.event < events.size(); ++position.event) {
        const Event& event = events[position.event];
        const Transfer& transfer = program_.transfers[event.transfer.index()];
        const auto place = [&] {
            return placeOf(program_, stage, static_cast<size_t>(entry.kind), event.instruction);
        };
        if (transfer.oncePerStep != isPerStep(entry.kind))
            findings.add(place() + (transfer.oncePerStep
                                        ? ": a transfer once per step, once per microbatch"
                                        : ": a transfer per microbatch, once per step"));
        const Message message{event.transfer.number, entry.microbatch};
        if (event.kind == InstructionKind::kSend) {
            if (++sent_[message] > 1)
                findings.add(
                    fmt::format("{}: sends microbatch {} twice", place(), entry.microbatch));
            ready.push_back(groupOf_[static_cast<size_t>(transfer.toStage)]);
            continue;
        }
        const auto found = sent_.find(message);
        if (found == sent_.end() || found->second == 0)
            return false;
        --found->second;
    }
    ++position.entry;
    position.event = 0;
    return true;
}

void QueueSimulation::advance(size_t group, std::deque<size_t>& ready, Findings& findings)
{
    const std::vector<int>& turns = groups_[group].turns;
    while (turn_[group] < turns.size() &&
           advanceEntry(static_cast<size_t>(turns[turn_[group]]), ready, findings))
        ++turn_[group];
}

void QueueSimulation::reportDeadlock(Findings& findings) const
{
    for (size_t group = 0; group < groups_.size(); ++group) {
        if (turn_[group] == groups_[group].turns.size())
            continue;
        const auto stage = static_cast<size_t>(groups_[group].turns[turn_[group]]);
        const Position& position = positions_[stage];
        const QueueEntry& entry = program_.queues[stage][position.entry];
        const Event& event = eventsOf(stage, entry.kind)[position.event];
        findings.add(fmt::format(
            "{} waits forever in {} (queue position {}): stage {} never gets to send it",
            placeOf(program_, stage, static_cast<size_t>(entry.kind), event.instruction),
            queueEntryLabel(entry), position.entry,
            program_.transfers[event.transfer.index()].fromStage));
    }
}

void QueueSimulation::run(Findings& findings)
{
    std::deque<size_t> ready;
    for (size_t group = 0; group < groups_.size(); ++group)
        ready.push_back(group);
    while (!ready.empty()) {
        const size_t group = ready.front();
        ready.pop_front();
        advance(group, ready, findings);
    }
    reportDeadlock(findings);
    for (const auto& [message, count] : sent_) {
        if (count > 0)
            findings.add(fmt::format("transfer t{}: microbatch {} is sent but never received",
                                     message.first, message.second));
    }
}

} // namespace

void checkTransfers(const Program& program, Findings& findings)
{
    for (size_t index = 0; index < program.transfers.size(); ++index)
        checkTransfer(program, index, findings);
}

void checkQueues(const Program& program, Findings& findings)
{
    for (size_t stage = 0; stage < program.stages.size(); ++stage)
        checkQueue(program, stage, findings);
    checkTurns(program, findings);
    if (findings.empty())
        QueueSimulation(program).run(findings);
}

} // namespace alpa
