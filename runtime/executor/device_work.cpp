// What runs on a device's thread: loading, the turns of a step, collecting.
#include "runtime/executor/program_run.h"

namespace alpa
{

bool ProgramRun::arriveAndWait()
{
    std::unique_lock lock(mutex_);
    const int mine = phase_;
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return phase_ != mine || isStopped_; });
    return !isStopped_;
}

void ProgramRun::fail(const Worker& worker, const Error& error)
{
    // Who was woken because another failed has nothing to say.
    if (error.code != ErrorCode::kAborted) {
        const std::lock_guard lock(mutex_);
        if (!failure_)
            failure_ = error.in(positionOf(worker));
    }
    stop(std::nullopt);
}

Status ProgramRun::fillState(Part& part, const HostBuffers& inputs)
{
    const StageProgram& stage = program_.stages[static_cast<size_t>(part.stage)];
    for (size_t index = 0; index < stage.buffers.size(); ++index) {
        const Buffer& buffer = stage.buffers[index];
        if (buffer.kind == BufferKind::kGradient)
            part.gradients.emplace_back(index);
        if (buffer.kind == BufferKind::kBatch) {
            part.batchBuffers.emplace_back(index);
            auto& tiles = part.batches.emplace_back();
            for (int microbatch = 0; microbatch < program_.microbatches; ++microbatch)
                tiles.push_back(
                    cutTile(stage, buffer, part.device, microbatch, inputs.at(buffer.name)));
        }
        if (buffer.kind != BufferKind::kParameter && buffer.kind != BufferKind::kState)
            continue;
        const HostBuffer& whole = inputs.at(buffer.name);
        if (whole.bytes.empty()) {
            RETURN_IF_ERROR(part.loaded->zero(BufferId(index)));
            continue;
        }
        std::vector<std::byte> tile;
        if (buffer.type.dims != buffer.globalDims)
            tile = cutTile(stage, buffer, part.device, 0, whole);
        RETURN_IF_ERROR(part.loaded->write(BufferId(index), 0, tile.empty() ? whole.bytes : tile));
        RETURN_IF_ERROR(part.loaded->finish());
    }
    return {};
}

Status ProgramRun::loadDevice(Part& part)
{
    ASSIGN_OR_RETURN(part.loaded, backend_.load(program_, part.stage, part.device));
    const HostBuffers* inputs = inputs_.get();
    if (inputs == nullptr) // Whoever made them says why.
        return Error(ErrorCode::kAborted, "there are no inputs");
    RETURN_IF_ERROR(fillState(part, *inputs));
    part.loaded->recordTime(0);
    const Seconds now = sinceStart();
    RETURN_IF_ERROR(part.loaded->finish());
    part.clockOffset = now - part.loaded->recordedTime(0);
    return {};
}

/// The host fills a microbatch's inputs when its first segment starts.
Status ProgramRun::fillBatch(Part& part, const QueueEntry& entry)
{
    // The backward is the first only in a stage without forward.
    const bool hasForward =
        !program_.segment(part.stage, SegmentKind::kForward).instructions.empty();
    const SegmentKind first = hasForward ? SegmentKind::kForward : SegmentKind::kBackward;
    if (entry.kind != first)
        return {};
    for (size_t i = 0; i < part.batchBuffers.size(); ++i)
        RETURN_IF_ERROR(part.loaded->write(part.batchBuffers[i], entry.microbatch,
                                           part.batches[i][static_cast<size_t>(entry.microbatch)]));
    return {};
}

/// The next queue entry of one part.
Status ProgramRun::runEntry(Worker& worker, size_t partIndex, Progress& progress)
{
    Part& part = worker.parts[partIndex];
    const size_t entryIndex = progress.entry++;
    const QueueEntry& entry = program_.queues[static_cast<size_t>(part.stage)][entryIndex];
    TimedRun& times = progress.times[entryIndex];
    const std::vector<Instruction>& instructions =
        program_.segment(part.stage, entry.kind).instructions;
    Device& device = *part.loaded;
    const auto record = [&] {
        device.recordTime(progress.slot);
        return progress.slot++;
    };
    worker.position.part.store(static_cast<uint32_t>(partIndex), std::memory_order_relaxed);
    worker.position.entry.store(static_cast<uint32_t>(entryIndex), std::memory_order_relaxed);
    RETURN_IF_ERROR(fillBatch(part, entry));
    if (options_.recordTrace)
        times.start = record();
    for (size_t index = 0; index < instructions.size(); ++index) {
        if (isStopped_.load(std::memory_order_relaxed))
            return Error(ErrorCode::kAborted, "the run was ended");
        worker.position.instruction.store(static_cast<uint32_t>(index), std::memory_order_relaxed);
        worker.position.progress.fetch_add(1, std::memory_order_relaxed);
        const InstructionKind kind = instructions[index].kind;
        const bool isTimed = options_.recordTrace && (kind == InstructionKind::kCollective ||
                                                      kind == InstructionKind::kReceive);
        const size_t before = isTimed ? record() : 0;
        RETURN_IF_ERROR(device.run(entry.kind, index, entry.microbatch));
        if (isTimed)
            times.communication.emplace_back(before, record());
    }
    if (options_.recordTrace)
        times.end = record();
    const StageProgram& stage = program_.stages[static_cast<size_t>(part.stage)];
    if (entry.kind == SegmentKind::kForward && !part.losses.empty())
        return device.read(stage.loss, entry.microbatch,
                           part.losses[static_cast<size_t>(entry.microbatch)]);
    return {};
}

void ProgramRun::takeTimes(Worker& worker, const Part& part, int step,
                           const std::vector<TimedRun>& times)
{
    const std::vector<QueueEntry>& queue = program_.queues[static_cast<size_t>(part.stage)];
    const Device& device = *part.loaded;
    for (size_t i = 0; i < times.size(); ++i) {
        TraceEvent event{step, part.stage, part.device, queue[i].kind, queue[i].microbatch,
                         {},   {},         {}};
        event.start = device.recordedTime(times[i].start) + part.clockOffset;
        event.end = device.recordedTime(times[i].end) + part.clockOffset;
        for (const auto& [before, after] : times[i].communication)
            event.communication += device.recordedTime(after) - device.recordedTime(before);
        worker.events.push_back(event);
    }
}

void ProgramRun::takeLaunches(Worker& worker, const Part& part, int step)
{
    for (TimedLaunch& timed : part.loaded->takeLaunches())
        worker.launches.push_back({.step = step,
                                   .stage = part.stage,
                                   .device = part.device,
                                   .kind = timed.segment,
                                   .microbatch = timed.microbatch,
                                   .instruction = timed.instruction,
                                   .covered = std::move(timed.covered),
                                   .isBeside = timed.isBeside,
                                   .start = timed.start + part.clockOffset,
                                   .end = timed.end + part.clockOffset});
}

Status ProgramRun::runStep(Worker& worker, int step)
{
    worker.position.phase = Position::kRunning;
    const auto parts = static_cast<size_t>(program_.deviceCount()) * worker.parts.size();
    std::vector<Progress> progress(worker.parts.size());
    for (size_t part = 0; part < worker.parts.size(); ++part) {
        RETURN_IF_ERROR(worker.parts[part].loaded->beginStep());
        if (timesLaunches(step))
            worker.parts[part].loaded->timeLaunches(options_.tracedLaunches / parts);
        for (const BufferId gradient : worker.parts[part].gradients)
            RETURN_IF_ERROR(worker.parts[part].loaded->zero(gradient));
        progress[part].times.resize(
            program_.queues[static_cast<size_t>(worker.parts[part].stage)].size());
    }
    for (const size_t part : worker.turns)
        RETURN_IF_ERROR(runEntry(worker, part, progress[part]));
    for (size_t part = 0; part < worker.parts.size(); ++part) {
        RETURN_IF_ERROR(worker.parts[part].loaded->finish());
        if (options_.recordTrace)
            takeTimes(worker, worker.parts[part], step, progress[part].times);
        if (timesLaunches(step))
            takeLaunches(worker, worker.parts[part], step);
    }
    worker.position.phase = Position::kBetweenSteps;
    return {};
}

Status ProgramRun::collect(Worker& worker)
{
    worker.position.phase = Position::kCollecting;
    for (Part& part : worker.parts) {
        RETURN_IF_ERROR(collectPart(part));
        worker.position.progress.fetch_add(1, std::memory_order_relaxed);
    }
    return {};
}

Status ProgramRun::collectPart(Part& part)
{
    const StageProgram& stage = program_.stages[static_cast<size_t>(part.stage)];
    for (size_t index = 0; index < stage.buffers.size(); ++index) {
        const Buffer& buffer = stage.buffers[index];
        if ((buffer.kind != BufferKind::kParameter && buffer.kind != BufferKind::kState) ||
            !isFirstHolder(stage, buffer, part.device))
            continue;
        // A parameter that several stages hold is the same in all: the first stage tells.
        bool isHeldBefore = false;
        for (int earlier = 0; earlier <= part.stage && !isHeldBefore; ++earlier) {
            const std::vector<Buffer>& buffers =
                program_.stages[static_cast<size_t>(earlier)].buffers;
            const size_t end = earlier == part.stage ? index : buffers.size();
            for (size_t other = 0; other < end && !isHeldBefore; ++other)
                isHeldBefore =
                    buffers[other].kind == buffer.kind && buffers[other].name == buffer.name;
        }
        if (isHeldBefore)
            continue;
        std::vector<std::byte> tile(static_cast<size_t>(buffer.type.bytes().count));
        RETURN_IF_ERROR(part.loaded->read(BufferId(index), 0, tile));
        RETURN_IF_ERROR(part.loaded->finish());
        pasteTile(stage, buffer, part.device, tile, collected_.at(buffer.name));
    }
    return {};
}

void ProgramRun::work(Worker& worker)
{
    Status status;
    for (Part& part : worker.parts) {
        if (status.ok())
            status = loadDevice(part);
    }
    if (status.ok())
        worker.position.phase = Position::kBetweenSteps;
    for (int step = 0; status.ok() && step < options_.steps; ++step) {
        if (!arriveAndWait())
            return;
        status = runStep(worker, step);
    }
    if (status.ok() && !arriveAndWait())
        return;
    if (status.ok() && collectState_)
        status = collect(worker);
    if (!status.ok())
        return fail(worker, status.error());
    worker.position.phase = Position::kDone;
    arriveAndWait();
}

} // namespace alpa
