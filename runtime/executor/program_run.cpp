#include "runtime/executor/program_run.h"

#include "core/base/text.h"
#include "core/program/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace alpa
{
namespace
{

/// How often the calling thread looks after cancellation and the watchdog.
constexpr std::chrono::milliseconds kWatchInterval{20};
/// Loading makes communicators and compiles kernels; it may take longer than any instruction.
constexpr Seconds kLoadLimit{120.0};

HostBuffer filled(HostBuffer buffer)
{
    buffer.bytes.resize(static_cast<size_t>(buffer.type.bytes().count));
    return buffer;
}

} // namespace

ProgramRun::ProgramRun(Backend& backend, const Program& program, PendingInputs inputs,
                       const RunOptions& options, bool collectState)
    : backend_(backend)
    , program_(program)
    , inputs_(std::move(inputs))
    , options_(options)
    , collectState_(collectState)
{
    for (const SharedDevices& devices : program.deviceTurns())
        addWorkers(devices);
    for (const StageProgram& code : program.stages) {
        for (const Buffer& buffer : code.buffers) {
            if (collectState &&
                (buffer.kind == BufferKind::kParameter || buffer.kind == BufferKind::kState))
                collected_.try_emplace(buffer.name, filled(inputs_.get()->at(buffer.name)));
        }
    }
    for (const std::unique_ptr<Worker>& worker : workers_) {
        for (Part& part : worker->parts) {
            const StageProgram& code = program.stages[static_cast<size_t>(part.stage)];
            if (!code.loss.isValid() || part.device != 0)
                continue;
            const auto bytes =
                static_cast<size_t>(code.buffers[code.loss.index()].type.bytes().count);
            part.losses.assign(static_cast<size_t>(program.microbatches),
                               std::vector<std::byte>(bytes));
            return; // One device's word is enough.
        }
    }
}

/// One worker per device of these stages. Their meshes may order the same devices differently.
void ProgramRun::addWorkers(const SharedDevices& devices)
{
    const std::vector<DeviceId>& physical =
        program_.stages[static_cast<size_t>(devices.stages.front())].mesh.devices;
    std::vector<size_t> partOfStage(program_.stages.size(), 0);
    for (size_t part = 0; part < devices.stages.size(); ++part)
        partOfStage[static_cast<size_t>(devices.stages[part])] = part;
    for (size_t index = 0; index < physical.size(); ++index) {
        Worker& worker = *workers_.emplace_back(std::make_unique<Worker>());
        for (const int stage : devices.stages) {
            const auto& mesh = program_.stages[static_cast<size_t>(stage)].mesh.devices;
            Part& part = worker.parts.emplace_back();
            part.stage = stage;
            part.device =
                devices.stages.size() == 1
                    ? static_cast<int>(index)
                    : static_cast<int>(std::ranges::find(mesh, physical[index]) - mesh.begin());
        }
        for (const int stage : devices.turns)
            worker.turns.push_back(partOfStage[static_cast<size_t>(stage)]);
    }
}

Seconds ProgramRun::sinceStart() const
{
    return Seconds(std::chrono::duration<double>(Clock::now() - start_).count());
}

std::string ProgramRun::positionOf(const Worker& worker) const
{
    const Part& part = worker.parts[worker.position.part];
    const std::string name = fmt::format("stage {} device {}", part.stage, part.device);
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
    const StageProgram& stage = program_.stages[static_cast<size_t>(part.stage)];
    const QueueEntry& entry =
        program_.queues[static_cast<size_t>(part.stage)][worker.position.entry];
    const std::vector<Instruction>& instructions =
        program_.segment(part.stage, entry.kind).instructions;
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
            stop(Error(ErrorCode::kAborted,
                       fmt::format("no device made progress for {}; {}; whoever is elsewhere "
                                   "keeps the others waiting, and if nobody is, --watchdog gives "
                                   "the run more time",
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
        for (const Part& part : worker->parts) {
            if (part.losses.empty())
                continue;
            const StageProgram& stage = program_.stages[static_cast<size_t>(part.stage)];
            const DType dtype = stage.buffers[stage.loss.index()].type.dtype;
            double sum = 0;
            for (const std::vector<std::byte>& loss : part.losses)
                sum += scalarValue(dtype, loss);
            return sum / program_.microbatches;
        }
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
    for (const std::unique_ptr<Worker>& worker : workers_) {
        done.trace.events.insert(done.trace.events.end(), worker->events.begin(),
                                 worker->events.end());
        std::ranges::move(worker->launches, std::back_inserter(done.trace.launches));
    }
    done.state = std::move(collected_);
    // Runs are timed from their first step.
    const Seconds first = done.trace.steps.empty() ? Seconds() : done.trace.steps.front().start;
    for (TraceStep& step : done.trace.steps) {
        step.start -= first;
        step.end -= first;
    }
    const auto shift = [&](auto& timed) {
        timed.start -= first;
        timed.end -= first;
    };
    std::ranges::for_each(done.trace.events, shift);
    std::ranges::for_each(done.trace.launches, shift);
    return std::move(done);
}

} // namespace alpa
