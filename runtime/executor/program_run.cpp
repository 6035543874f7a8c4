#include "runtime/executor/program_run.h"

#include "core/base/text.h"
#include "core/program/labels.h"

#include <fmt/format.h>

#include <thread>

namespace alpa
{
namespace
{

/// How often the calling thread looks after cancellation and the watchdog.
constexpr std::chrono::milliseconds kWatchInterval{20};
/// Loading makes communicators and compiles kernels; it may take longer than any instruction.
constexpr Seconds kLoadLimit{120.0};

bool isPerMicrobatch(SegmentKind kind)
{
    return kind == SegmentKind::kForward || kind == SegmentKind::kBackward;
}

} // namespace

ProgramRun::ProgramRun(Backend& backend, const Program& program, const HostBuffers& inputs,
                       const RunOptions& options, bool collectState)
    : backend_(backend)
    , program_(program)
    , inputs_(inputs)
    , options_(options)
    , collectState_(collectState)
{
    bool hasLoss = false;
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        const StageProgram& code = program.stages[stage];
        for (int device = 0; device < code.mesh.deviceCount(); ++device) {
            Worker& worker = *workers_.emplace_back(std::make_unique<Worker>());
            worker.stage = static_cast<int>(stage);
            worker.device = device;
            if (code.loss.isValid() && device == 0 && !hasLoss) {
                hasLoss = true;
                const auto bytes =
                    static_cast<size_t>(code.buffers[code.loss.index()].type.bytes().count);
                worker.losses.assign(static_cast<size_t>(program.microbatches),
                                     std::vector<std::byte>(bytes));
            }
        }
        for (const Buffer& buffer : code.buffers) {
            if (collectState &&
                (buffer.kind == BufferKind::kParameter || buffer.kind == BufferKind::kState))
                collected_.try_emplace(buffer.name, inputs.at(buffer.name));
        }
    }
}

// --- On a device's thread.

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

Status ProgramRun::fillState(Worker& worker)
{
    const StageProgram& stage = program_.stages[static_cast<size_t>(worker.stage)];
    for (size_t index = 0; index < stage.buffers.size(); ++index) {
        const Buffer& buffer = stage.buffers[index];
        if (buffer.kind == BufferKind::kGradient)
            worker.gradients.emplace_back(index);
        if (buffer.kind == BufferKind::kBatch) {
            worker.batchBuffers.emplace_back(index);
            auto& tiles = worker.batches.emplace_back();
            for (int microbatch = 0; microbatch < program_.microbatches; ++microbatch)
                tiles.push_back(
                    cutTile(stage, buffer, worker.device, microbatch, inputs_.at(buffer.name)));
        }
        if (buffer.kind != BufferKind::kParameter && buffer.kind != BufferKind::kState)
            continue;
        const std::vector<std::byte> tile =
            cutTile(stage, buffer, worker.device, 0, inputs_.at(buffer.name));
        RETURN_IF_ERROR(worker.loaded->write(BufferId(index), 0, tile));
        RETURN_IF_ERROR(worker.loaded->finish());
    }
    return {};
}

Status ProgramRun::loadDevice(Worker& worker)
{
    ASSIGN_OR_RETURN(worker.loaded, backend_.load(program_, worker.stage, worker.device));
    RETURN_IF_ERROR(fillState(worker));
    worker.loaded->recordTime(0);
    const Seconds now = sinceStart();
    RETURN_IF_ERROR(worker.loaded->finish());
    worker.clockOffset = now - worker.loaded->recordedTime(0);
    return {};
}

/// The host fills a microbatch's inputs when its first segment starts.
Status ProgramRun::fillBatch(Worker& worker, size_t entryIndex)
{
    const std::vector<QueueEntry>& queue = program_.queues[static_cast<size_t>(worker.stage)];
    const QueueEntry& entry = queue[entryIndex];
    // The backward is the first only in a stage without forward.
    const bool hasForward =
        !program_.segment(worker.stage, SegmentKind::kForward).instructions.empty();
    if (!isPerMicrobatch(entry.kind) || (entry.kind == SegmentKind::kBackward && hasForward))
        return {};
    for (size_t i = 0; i < worker.batchBuffers.size(); ++i)
        RETURN_IF_ERROR(
            worker.loaded->write(worker.batchBuffers[i], entry.microbatch,
                                 worker.batches[i][static_cast<size_t>(entry.microbatch)]));
    return {};
}

Status ProgramRun::runEntry(Worker& worker, size_t entryIndex, TimedRun& times, size_t& slot)
{
    const QueueEntry& entry = program_.queues[static_cast<size_t>(worker.stage)][entryIndex];
    const std::vector<Instruction>& instructions =
        program_.segment(worker.stage, entry.kind).instructions;
    Device& device = *worker.loaded;
    const auto record = [&] {
        device.recordTime(slot);
        return slot++;
    };
    worker.position.entry.store(static_cast<uint32_t>(entryIndex), std::memory_order_relaxed);
    RETURN_IF_ERROR(fillBatch(worker, entryIndex));
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
    const StageProgram& stage = program_.stages[static_cast<size_t>(worker.stage)];
    if (entry.kind == SegmentKind::kForward && !worker.losses.empty())
        return device.read(stage.loss, entry.microbatch,
                           worker.losses[static_cast<size_t>(entry.microbatch)]);
    return {};
}

void ProgramRun::takeTimes(Worker& worker, int step, const std::vector<TimedRun>& times)
{
    const std::vector<QueueEntry>& queue = program_.queues[static_cast<size_t>(worker.stage)];
    const Device& device = *worker.loaded;
    for (size_t i = 0; i < times.size(); ++i) {
        TraceEvent event{
            step, worker.stage, worker.device, queue[i].kind, queue[i].microbatch, {}, {}, {}};
        event.start = device.recordedTime(times[i].start) + worker.clockOffset;
        event.end = device.recordedTime(times[i].end) + worker.clockOffset;
        for (const auto& [before, after] : times[i].communication)
            event.communication += device.recordedTime(after) - device.recordedTime(before);
        worker.events.push_back(event);
    }
}

Status ProgramRun::runStep(Worker& worker, int step)
{
    worker.position.phase = Position::kRunning;
    for (const BufferId gradient : worker.gradients)
        RETURN_IF_ERROR(worker.loaded->zero(gradient));
    const size_t entries = program_.queues[static_cast<size_t>(worker.stage)].size();
    std::vector<TimedRun> times(entries);
    size_t slot = 1; // Slot 0 ties the clocks together.
    for (size_t entry = 0; entry < entries; ++entry)
        RETURN_IF_ERROR(runEntry(worker, entry, times[entry], slot));
    RETURN_IF_ERROR(worker.loaded->finish());
    if (options_.recordTrace)
        takeTimes(worker, step, times);
    worker.position.phase = Position::kBetweenSteps;
    return {};
}

Status ProgramRun::collect(Worker& worker)
{
    worker.position.phase = Position::kCollecting;
    const StageProgram& stage = program_.stages[static_cast<size_t>(worker.stage)];
    for (size_t index = 0; index < stage.buffers.size(); ++index) {
        const Buffer& buffer = stage.buffers[index];
        if ((buffer.kind != BufferKind::kParameter && buffer.kind != BufferKind::kState) ||
            !isFirstHolder(stage, buffer, worker.device))
            continue;
        // A parameter that several stages hold is the same in all: the first stage tells.
        bool isHeldBefore = false;
        for (int earlier = 0; earlier <= worker.stage && !isHeldBefore; ++earlier) {
            const std::vector<Buffer>& buffers =
                program_.stages[static_cast<size_t>(earlier)].buffers;
            const size_t end = earlier == worker.stage ? index : buffers.size();
            for (size_t other = 0; other < end && !isHeldBefore; ++other)
                isHeldBefore =
                    buffers[other].kind == buffer.kind && buffers[other].name == buffer.name;
        }
        if (isHeldBefore)
            continue;
        std::vector<std::byte> tile(static_cast<size_t>(buffer.type.bytes().count));
        RETURN_IF_ERROR(worker.loaded->read(BufferId(index), 0, tile));
        RETURN_IF_ERROR(worker.loaded->finish());
        pasteTile(stage, buffer, worker.device, tile, collected_.at(buffer.name));
        worker.position.progress.fetch_add(1, std::memory_order_relaxed);
    }
    return {};
}

void ProgramRun::work(Worker& worker)
{
    Status status = loadDevice(worker);
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

// --- On the calling thread.

Seconds ProgramRun::sinceStart() const
{
    return Seconds(std::chrono::duration<double>(Clock::now() - start_).count());
}

std::string ProgramRun::positionOf(const Worker& worker) const
{
    const std::string name = fmt::format("stage {} device {}", worker.stage, worker.device);
    switch (static_cast<Position::Phase>(worker.position.phase.load())) {
    case Position::kLoading:
        return name + ", loading";
    case Position::kBetweenSteps:
        return name + ", at the end of the step";
    case Position::kCollecting:
        return name + ", collecting its state";
    case Position::kDone:
        return name + ", done";
    case Position::kRunning:
        break;
    }
    const StageProgram& stage = program_.stages[static_cast<size_t>(worker.stage)];
    const QueueEntry& entry =
        program_.queues[static_cast<size_t>(worker.stage)][worker.position.entry];
    const std::vector<Instruction>& instructions =
        program_.segment(worker.stage, entry.kind).instructions;
    const size_t index = worker.position.instruction;
    if (index >= instructions.size())
        return fmt::format("{}, {}", name, queueEntryLabel(entry));
    return fmt::format("{}, {} instruction {} ({})", name, queueEntryLabel(entry), index,
                       instructionLabel(stage, instructions[index]));
}

std::string ProgramRun::positions() const
{
    std::string text;
    for (const std::unique_ptr<Worker>& worker : workers_)
        text += fmt::format("{}{}", text.empty() ? "" : "; ", positionOf(*worker));
    return text;
}

void ProgramRun::stop(std::optional<Error> reason)
{
    {
        const std::lock_guard lock(mutex_);
        if (reason && !failure_)
            failure_ = std::move(reason);
        isStopped_ = true;
        changed_.notify_all();
    }
    backend_.abort();
}

void ProgramRun::release()
{
    const std::lock_guard lock(mutex_);
    arrived_ = 0;
    ++phase_;
    changed_.notify_all();
}

/// Until every device has arrived, or the run is stopped: by a device's failure, by the user, or by
/// the watchdog. Devices that wait for others are no reason to stop as long as anybody makes
/// progress.
Status ProgramRun::waitForAll(Seconds limit)
{
    const auto progress = [&] {
        uint64_t sum = 0;
        for (const std::unique_ptr<Worker>& worker : workers_)
            sum += worker->position.progress.load(std::memory_order_relaxed);
        return sum;
    };
    uint64_t last = progress();
    Seconds lastChange = sinceStart();
    std::unique_lock lock(mutex_);
    while (arrived_ < static_cast<int>(workers_.size()) && !isStopped_) {
        changed_.wait_for(lock, kWatchInterval);
        lock.unlock();
        if (options_.control.isCancelled()) {
            stop(Error(ErrorCode::kCancelled, "the run was cancelled"));
        } else if (const uint64_t now = progress(); now != last) {
            last = now;
            lastChange = sinceStart();
        } else if (sinceStart() - lastChange > limit) {
            stop(Error(ErrorCode::kAborted, fmt::format("no device made progress for {}; {}",
                                                        formatSeconds(limit), positions())));
        }
        lock.lock();
    }
    if (isStopped_)
        return Error(ErrorCode::kAborted, "the run was stopped");
    return {};
}

double ProgramRun::meanLoss() const
{
    for (const std::unique_ptr<Worker>& worker : workers_) {
        if (worker->losses.empty())
            continue;
        const StageProgram& stage = program_.stages[static_cast<size_t>(worker->stage)];
        const DType dtype = stage.buffers[stage.loss.index()].type.dtype;
        double sum = 0;
        for (const std::vector<std::byte>& loss : worker->losses)
            sum += scalarValue(dtype, loss);
        return sum / program_.microbatches;
    }
    return 0;
}

Result<RunResult> ProgramRun::runSteps()
{
    RunResult result;
    RETURN_IF_ERROR(waitForAll(std::max(kLoadLimit, options_.watchdog)));
    for (int step = 0; step < options_.steps; ++step) {
        const Seconds before = sinceStart();
        release();
        RETURN_IF_ERROR(waitForAll(options_.watchdog));
        const Seconds after = sinceStart();
        const StepReport report{step, meanLoss(), after - before};
        result.steps.push_back(report);
        result.trace.steps.push_back({before, after, report.loss});
        if (options_.onStep)
            options_.onStep(report);
        options_.control.report("step", static_cast<double>(step + 1) / options_.steps);
    }
    release();
    RETURN_IF_ERROR(waitForAll(std::max(kLoadLimit, options_.watchdog)));
    return result;
}

Result<RunResult> ProgramRun::run()
{
    start_ = Clock::now();
    std::optional<Result<RunResult>> result;
    {
        std::vector<std::jthread> threads;
        for (const std::unique_ptr<Worker>& worker : workers_)
            threads.emplace_back([this, &worker] { work(*worker); });
        result = runSteps();
        if (result->ok())
            release(); // The last wait: everybody goes home.
    }
    if (failure_) {
        const bool tellsPositions = failure_->code != ErrorCode::kCancelled &&
                                    failure_->code != ErrorCode::kAborted &&
                                    failure_->code != ErrorCode::kUnsupported;
        if (tellsPositions)
            failure_->message += "; " + positions();
        return *failure_;
    }
    RETURN_IF_ERROR(*result);
    RunResult& done = result->value();
    for (const std::unique_ptr<Worker>& worker : workers_)
        done.trace.events.insert(done.trace.events.end(), worker->events.begin(),
                                 worker->events.end());
    done.state = std::move(collected_);
    // Runs are timed from their first step.
    const Seconds first = done.trace.steps.empty() ? Seconds() : done.trace.steps.front().start;
    for (TraceStep& step : done.trace.steps) {
        step.start -= first;
        step.end -= first;
    }
    for (TraceEvent& event : done.trace.events) {
        event.start -= first;
        event.end -= first;
    }
    return std::move(done);
}

} // namespace alpa
