#include "core/program/verify_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

namespace alpa
{
namespace
{

/// Bytes [start, end) of the arena.
struct Range {
    int64_t start = 0;
    int64_t end = 0;
    size_t buffer = 0;
};

Range rangeOf(const StageProgram& stage, size_t buffer)
{
    const Buffer& b = stage.buffers[buffer];
    return {b.offset, b.offset + b.slots * b.slotBytes, buffer};
}

bool overlap(const Range& a, const Range& b) { return a.start < b.end && b.start < a.end; }

void checkBuffer(const Program& program, size_t stage, size_t index, Findings& findings)
{
    const StageProgram& code = program.stages[stage];
    const Buffer& buffer = code.buffers[index];
    const auto add = [&](const std::string& message) {
        findings.add(bufferPlace(program, stage, index) + ": " + message);
    };
    std::vector<int> axisSizes;
    for (const MeshAxis& axis : code.mesh.axes)
        axisSizes.push_back(axis.size);
    if (buffer.globalDims.size() > kMaxRank || buffer.spec.rank != buffer.globalDims.size())
        return add(fmt::format("spec {} of a tensor of rank {}", formatSpec(buffer.spec),
                               buffer.globalDims.size()));
    if (buffer.spec.usedAxes() >> code.mesh.axes.size() != 0)
        return add(
            fmt::format("spec {} uses an axis that the mesh lacks", formatSpec(buffer.spec)));
    if (std::ranges::any_of(buffer.globalDims, [](int64_t dim) { return dim < 0; }) ||
        !dividesEvenly(buffer.spec, buffer.globalDims, axisSizes))
        return add(fmt::format("spec {} does not divide [{}]", formatSpec(buffer.spec),
                               fmt::join(buffer.globalDims, ",")));
    if (buffer.type.dims != localDims(buffer.spec, buffer.globalDims, axisSizes))
        add(fmt::format("local type {} is not [{}] under {}", formatType(buffer.type),
                        fmt::join(buffer.globalDims, ","), formatSpec(buffer.spec)));
    if (buffer.slots < 1 || buffer.slotBytes < buffer.type.bytes().count)
        return add(fmt::format("{} slots of {} bytes for {}", buffer.slots, buffer.slotBytes,
                               formatType(buffer.type)));
    const int64_t alignment = dtypeBytes(buffer.type.dtype);
    if (buffer.offset % alignment != 0 || (buffer.slots > 1 && buffer.slotBytes % alignment != 0))
        add(fmt::format("offset {} or slot of {} bytes is not aligned to its elements",
                        buffer.offset, buffer.slotBytes));
    // Divided, so that no product can overflow.
    if (buffer.offset < 0 || buffer.offset > code.arenaBytes ||
        (buffer.slotBytes > 0 &&
         buffer.slots > (code.arenaBytes - buffer.offset) / buffer.slotBytes))
        add(fmt::format("{} slots of {} bytes at {} leave the arena of {} bytes", buffer.slots,
                        buffer.slotBytes, buffer.offset, code.arenaBytes));
}

void checkLoss(const Program& program, size_t stage, Findings& findings)
{
    const StageProgram& code = program.stages[stage];
    if (!code.loss.isValid())
        return;
    const Buffer& loss = code.buffers[code.loss.index()];
    if (loss.type.elementCount() != 1 || !isFloating(loss.type.dtype) || !loss.spec.isReplicated())
        findings.add(fmt::format("{}: the loss is {} {}, expected a replicated floating scalar",
                                 bufferPlace(program, stage, code.loss.index()),
                                 formatType(loss.type), formatSpec(loss.spec)));
}

/// Reads of one instruction; an accumulator is read as well as written.
std::vector<BufferId> readsOf(const Instruction& instruction)
{
    std::vector<BufferId> reads = instruction.inputs;
    if (instruction.kind == InstructionKind::kCompute && instruction.opKind == OpKind::kAccumulate)
        reads.insert(reads.end(), instruction.outputs.begin(), instruction.outputs.end());
    return reads;
}

/// What one segment does with the buffers that outlive it, and where its temporaries lie.
struct SegmentUse {
    struct Touch {
        size_t buffer = 0;
        bool isReadFirst = false; ///< Its value comes from outside.
        bool isWritten = false;
        size_t instruction = 0; ///< The first that touches it.
    };
    std::vector<Touch> touches; ///< Of kActivation and kBatch.
    std::vector<size_t> temporaries;
};

/// Walks one segment: temporaries must be written before they are read and must not overlap while
/// they live.
class SegmentWalk
{
public:
    SegmentWalk(const Program& program, size_t stage, size_t segment, Findings& findings)
        : program_(program)
        , code_(program.stages[stage])
        , stage_(stage)
        , segment_(segment)
        , findings_(findings)
        , lastUse_(code_.buffers.size(), 0)
        , state_(code_.buffers.size())
    {
    }
    SegmentUse run();

private:
    enum class State { kUntouched, kLive, kDead };

    void read(size_t index, BufferId id);
    void write(size_t index, BufferId id);
    void allocate(size_t index, size_t buffer);
    void releaseShared(size_t index, const Instruction& instruction);
    void checkAliases(size_t index, const Instruction& instruction);
    SegmentUse::Touch& touch(size_t index, size_t buffer, bool isRead);
    bool isTemporary(size_t buffer) const
    {
        return code_.buffers[buffer].kind == BufferKind::kTemporary;
    }
    std::string place(size_t index) const { return placeOf(program_, stage_, segment_, index); }
    std::string label(size_t buffer) const { return bufferLabel(code_, BufferId(buffer)); }

    const Program& program_;
    const StageProgram& code_;
    size_t stage_, segment_;
    Findings& findings_;
    std::vector<size_t> lastUse_;
    std::vector<State> state_;
    std::map<int64_t, Range> live_; ///< Temporaries by start.
    std::map<size_t, size_t> touchIndex_;
    SegmentUse use_;
};

SegmentUse::Touch& SegmentWalk::touch(size_t index, size_t buffer, bool isRead)
{
    const auto [entry, isNew] = touchIndex_.try_emplace(buffer, use_.touches.size());
    if (isNew)
        use_.touches.push_back({buffer, isRead, false, index});
    return use_.touches[entry->second];
}

void SegmentWalk::read(size_t index, BufferId id)
{
    const size_t buffer = id.index();
    const BufferKind kind = code_.buffers[buffer].kind;
    if (kind == BufferKind::kActivation || kind == BufferKind::kBatch)
        touch(index, buffer, true);
    else if (isTemporary(buffer) && state_[buffer] != State::kLive)
        findings_.add(fmt::format("{}: reads temporary {} before anything writes it", place(index),
                                  label(buffer)));
}

void SegmentWalk::write(size_t index, BufferId id)
{
    const size_t buffer = id.index();
    const BufferKind kind = code_.buffers[buffer].kind;
    if (kind == BufferKind::kBatch)
        findings_.add(fmt::format("{}: writes batch input {}", place(index), label(buffer)));
    else if (kind == BufferKind::kActivation)
        touch(index, buffer, false).isWritten = true;
    else if (isTemporary(buffer) && state_[buffer] != State::kLive)
        allocate(index, buffer);
}

void SegmentWalk::allocate(size_t index, size_t buffer)
{
    const Range range = rangeOf(code_, buffer);
    auto next = live_.lower_bound(range.start);
    if (next != live_.begin() && overlap(std::prev(next)->second, range))
        --next;
    if (next != live_.end() && overlap(next->second, range))
        findings_.add(fmt::format(
            "{}: writes {} at bytes {} to {} of the arena, where {} still lives", place(index),
            label(buffer), range.start, range.end, label(next->second.buffer)));
    live_[range.start] = range;
    state_[buffer] = State::kLive;
    use_.temporaries.push_back(buffer);
}

/// Operands that end here make room for a result that lies exactly on them.
void SegmentWalk::releaseShared(size_t index, const Instruction& instruction)
{
    for (size_t i = 0; i < instruction.inputs.size(); ++i) {
        const size_t input = instruction.inputs[i].index();
        if (!isTemporary(input) || lastUse_[input] != index || state_[input] != State::kLive ||
            !mayShareMemory(instruction, i))
            continue;
        for (const BufferId output : instruction.outputs) {
            if (code_.buffers[output.index()].offset == code_.buffers[input].offset &&
                output.index() != input) {
                live_.erase(code_.buffers[input].offset);
                state_[input] = State::kDead;
            }
        }
    }
}

void SegmentWalk::checkAliases(size_t index, const Instruction& instruction)
{
    for (const BufferId output : instruction.outputs) {
        for (size_t i = 0; i < instruction.inputs.size(); ++i) {
            const Buffer& out = code_.buffers[output.index()];
            const Buffer& in = code_.buffers[instruction.inputs[i].index()];
            if (!overlap(rangeOf(code_, output.index()),
                         rangeOf(code_, instruction.inputs[i].index())))
                continue;
            const bool isExact = out.offset == in.offset && out.type.bytes() == in.type.bytes() &&
                                 out.slots == in.slots && out.slotBytes == in.slotBytes;
            if (!isExact || !mayShareMemory(instruction, i))
                findings_.add(fmt::format("{}: its result {} overlaps its operand {}", place(index),
                                          label(output.index()),
                                          label(instruction.inputs[i].index())));
        }
    }
}

SegmentUse SegmentWalk::run()
{
    const std::vector<Instruction>& instructions = code_.segments[segment_].instructions;
    for (size_t index = 0; index < instructions.size(); ++index) {
        for (const std::vector<BufferId>& ids :
             {instructions[index].inputs, instructions[index].outputs}) {
            for (const BufferId id : ids)
                lastUse_[id.index()] = index;
        }
    }
    for (size_t index = 0; index < instructions.size(); ++index) {
        const Instruction& instruction = instructions[index];
        for (const BufferId id : readsOf(instruction))
            read(index, id);
        checkAliases(index, instruction);
        releaseShared(index, instruction);
        for (const BufferId id : instruction.outputs)
            write(index, id);
        for (const std::vector<BufferId>& ids : {instruction.inputs, instruction.outputs}) {
            for (const BufferId id : ids) {
                const size_t buffer = id.index();
                if (isTemporary(buffer) && lastUse_[buffer] == index &&
                    state_[buffer] == State::kLive) {
                    live_.erase(code_.buffers[buffer].offset);
                    state_[buffer] = State::kDead;
                }
            }
        }
    }
    return std::move(use_);
}

/// Runs the queue of one stage over its segments' uses: whose value every slot holds, and until
/// when.
class StageWalk
{
public:
    StageWalk(const Program& program, size_t stage, Findings& findings);
    void run();

private:
    static constexpr int kNobody = -1;
    static constexpr int kWholeStep = -2; ///< Written in begin: valid for every microbatch.
    struct Slot {
        int owner = kNobody;
        int readsLeft = 0; ///< Segment runs that still read it.
    };

    void checkPersistentRanges();
    void checkTemporaries(size_t segment);
    void enter(size_t position);
    void fillBatch(size_t position, const SegmentUse::Touch& touch, Slot& slot, int microbatch);
    void takeSlot(size_t position, const SegmentUse::Touch& touch, Slot& slot);
    void add(size_t position, const SegmentUse::Touch& touch, const std::string& message);
    /// How many segments from `first` to the weight gradient read the buffer, per microbatch.
    int readsFrom(size_t buffer, SegmentKind first) const
    {
        int reads = 0;
        for (int kind = static_cast<int>(first);
             kind <= static_cast<int>(SegmentKind::kWeightGradient); ++kind)
            reads += static_cast<int>(readers_[buffer] >> static_cast<unsigned>(kind) & 1u);
        return reads;
    }

    const Program& program_;
    const StageProgram& code_;
    size_t stage_;
    Findings& findings_;
    std::array<SegmentUse, kSegmentKinds> uses_;
    std::vector<unsigned>
        readers_; ///< Segment kinds that read the buffer's value from outside, as bits.
    std::vector<std::vector<Slot>> slots_;
    std::vector<Range> persistent_; ///< Sorted, disjoint once checked.
    /// Activations on whose memory a segment's temporaries lie.
    std::array<std::vector<size_t>, kSegmentKinds> overlaid_;
};

StageWalk::StageWalk(const Program& program, size_t stage, Findings& findings)
    : program_(program)
    , code_(program.stages[stage])
    , stage_(stage)
    , findings_(findings)
    , readers_(code_.buffers.size(), 0)
    , slots_(code_.buffers.size())
{
    for (size_t segment = 0; segment < kSegmentKinds; ++segment) {
        uses_[segment] = SegmentWalk(program, stage, segment, findings).run();
        for (const SegmentUse::Touch& touch : uses_[segment].touches) {
            slots_[touch.buffer].resize(static_cast<size_t>(code_.buffers[touch.buffer].slots));
            if (touch.isReadFirst)
                readers_[touch.buffer] |= 1u << segment;
        }
    }
}

void StageWalk::checkPersistentRanges()
{
    for (size_t buffer = 0; buffer < code_.buffers.size(); ++buffer) {
        if (code_.buffers[buffer].kind != BufferKind::kTemporary &&
            code_.buffers[buffer].slotBytes > 0)
            persistent_.push_back(rangeOf(code_, buffer));
    }
    std::ranges::sort(persistent_, {},
                      [](const Range& range) { return std::pair(range.start, range.buffer); });
    for (size_t i = 1; i < persistent_.size(); ++i) {
        if (overlap(persistent_[i - 1], persistent_[i]))
            findings_.add(fmt::format("{}: overlaps {} in the arena",
                                      bufferPlace(program_, stage_, persistent_[i].buffer),
                                      bufferLabel(code_, BufferId(persistent_[i - 1].buffer))));
    }
}

/// Temporaries may lie on activations that are dead while the segment runs; on nothing else that
/// persists.
void StageWalk::checkTemporaries(size_t segment)
{
    std::vector<size_t>& overlaid = overlaid_[segment];
    for (const size_t temporary : uses_[segment].temporaries) {
        const Range range = rangeOf(code_, temporary);
        auto at = std::ranges::upper_bound(persistent_, range.start, {}, &Range::end);
        for (; at != persistent_.end() && overlap(*at, range); ++at) {
            const bool isTouched =
                std::ranges::any_of(uses_[segment].touches, [&](const SegmentUse::Touch& touch) {
                    return touch.buffer == at->buffer;
                });
            if (code_.buffers[at->buffer].kind != BufferKind::kActivation || isTouched)
                findings_.add(fmt::format("{}, in {}: overlaps {} in the arena",
                                          bufferPlace(program_, stage_, temporary),
                                          segmentKindName(static_cast<SegmentKind>(segment)),
                                          bufferLabel(code_, BufferId(at->buffer))));
            else
                overlaid.push_back(at->buffer);
        }
    }
    std::ranges::sort(overlaid);
    overlaid.erase(std::ranges::unique(overlaid).begin(), overlaid.end());
}

void StageWalk::add(size_t position, const SegmentUse::Touch& touch, const std::string& message)
{
    const QueueEntry& entry = program_.queues[stage_][position];
    findings_.add(
        fmt::format("{}, in {}: {} {}",
                    placeOf(program_, stage_, static_cast<size_t>(entry.kind), touch.instruction),
                    queueEntryLabel(entry), bufferLabel(code_, BufferId(touch.buffer)), message));
}

void StageWalk::takeSlot(size_t position, const SegmentUse::Touch& touch, Slot& slot)
{
    if (slot.readsLeft > 0)
        add(position, touch,
            fmt::format("takes the slot of microbatch {}, which is still in flight", slot.owner));
}

/// The host fills the batch inputs of a microbatch when its first segment starts.
void StageWalk::fillBatch(size_t position, const SegmentUse::Touch& touch, Slot& slot,
                          int microbatch)
{
    takeSlot(position, touch, slot);
    slot.owner = microbatch;
    slot.readsLeft = readsFrom(touch.buffer, SegmentKind::kForward);
}

void StageWalk::enter(size_t position)
{
    const QueueEntry& entry = program_.queues[stage_][position];
    const bool isPerMicrobatch =
        entry.kind != SegmentKind::kBegin && entry.kind != SegmentKind::kUpdate;
    for (const size_t buffer : overlaid_[static_cast<size_t>(entry.kind)]) {
        for (const Slot& slot : slots_[buffer]) {
            if (slot.readsLeft > 0 || slot.owner == kWholeStep)
                findings_.add(fmt::format("{}: temporaries of {} overwrite it while it lives",
                                          bufferPlace(program_, stage_, buffer),
                                          queueEntryLabel(entry)));
        }
    }
    for (const SegmentUse::Touch& touch : uses_[static_cast<size_t>(entry.kind)].touches) {
        std::vector<Slot>& slots = slots_[touch.buffer];
        Slot& slot = slots[static_cast<size_t>(entry.microbatch) % slots.size()];
        const bool isBatch = code_.buffers[touch.buffer].kind == BufferKind::kBatch;
        if (isBatch && isPerMicrobatch && slot.owner != entry.microbatch)
            fillBatch(position, touch, slot, entry.microbatch);
        if (touch.isReadFirst) {
            const bool isMine = isPerMicrobatch && slot.owner == entry.microbatch;
            if (!isMine && slot.owner != kWholeStep)
                add(position, touch, "is read before anything writes it for this microbatch");
            slot.readsLeft -= isMine ? 1 : 0;
        } else if (touch.isWritten) {
            takeSlot(position, touch, slot);
            slot.owner = isPerMicrobatch ? entry.microbatch : kWholeStep;
            slot.readsLeft =
                isPerMicrobatch
                    ? readsFrom(touch.buffer,
                                static_cast<SegmentKind>(static_cast<int>(entry.kind) + 1))
                    : 0;
            if (!isPerMicrobatch && slots.size() > 1)
                add(position, touch, "is written once per step, but has several slots");
        }
    }
}

void StageWalk::run()
{
    checkPersistentRanges();
    if (!findings_.empty())
        return;
    for (size_t segment = 0; segment < kSegmentKinds; ++segment)
        checkTemporaries(segment);
    for (size_t position = 0; position < program_.queues[stage_].size() && findings_.empty();
         ++position)
        enter(position);
}

} // namespace

bool mayShareMemory(const Instruction& instruction, size_t input)
{
    if (instruction.kind == InstructionKind::kCollective)
        return instruction.collective == CollectiveKind::kAllReduce;
    if (instruction.kind != InstructionKind::kCompute)
        return false;
    if (instruction.opKind == OpKind::kScatter || instruction.opKind == OpKind::kDynamicUpdateSlice)
        return input == 0;
    return isElementwise(instruction.opKind) || instruction.opKind == OpKind::kReshape;
}

void checkBuffers(const Program& program, Findings& findings)
{
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        for (size_t buffer = 0; buffer < program.stages[stage].buffers.size(); ++buffer)
            checkBuffer(program, stage, buffer, findings);
        checkLoss(program, stage, findings);
    }
}

void checkLifetimes(const Program& program, Findings& findings)
{
    for (size_t stage = 0; stage < program.stages.size(); ++stage)
        StageWalk(program, stage, findings).run();
}

} // namespace alpa
