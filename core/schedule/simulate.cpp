#include "core/schedule/simulate.h"

#include "core/base/check.h"
#include "core/base/text.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace alpa
{

namespace
{

using Phase = ScheduledTask::Phase;

Status checkTime(Seconds time, const std::string& what)
{
    if (!(time.count >= 0.0) || !std::isfinite(time.count))
        return Error{ErrorCode::kInvalidInput, what + ": times must be finite and not negative"};
    return {};
}

Status checkProblem(const SimulationProblem& problem)
{
    if (problem.stages.empty() || problem.microbatches < 1)
        return Error{ErrorCode::kInvalidInput,
                     "a simulation needs at least one stage and one microbatch"};
    for (size_t stage = 0; stage < problem.stages.size(); ++stage) {
        const StageLoad& load = problem.stages[stage];
        for (const Seconds time : {load.forward, load.backward, load.gradientSync, load.update})
            RETURN_IF_ERROR(checkTime(time, "stage " + std::to_string(stage)));
    }
    for (size_t link = 0; link < problem.links.size(); ++link) {
        const StageLink& ends = problem.links[link];
        const std::string what = "link " + std::to_string(link);
        if (ends.from < 0 || ends.to <= ends.from ||
            ends.to >= static_cast<int>(problem.stages.size()))
            return Error{ErrorCode::kInvalidInput, what + ": stage " + std::to_string(ends.to) +
                                                       " is not a later one than stage " +
                                                       std::to_string(ends.from)};
        RETURN_IF_ERROR(checkTime(ends.forward, what));
        RETURN_IF_ERROR(checkTime(ends.backward, what));
    }
    return {};
}

/// What a task waits for from other stages.
struct Inputs {
    int missing = 0;
    Seconds arrival{};
};

/// Every stage runs its tasks in a fixed order and every link direction its transfers in the order
/// they become ready, so one pass over the tasks, each as soon as its inputs are known, gives all
/// times.
class Simulation
{
public:
    explicit Simulation(const SimulationProblem& problem)
        : problem_(problem)
        , order_(scheduleOrder(problem.schedule, static_cast<int>(problem.stages.size()),
                               problem.microbatches))
        , linksFrom_(problem.stages.size())
        , linksTo_(problem.stages.size())
        , next_(problem.stages.size(), 0)
        , forwardFree_(problem.links.size())
        , backwardFree_(problem.links.size())
    {
        for (size_t link = 0; link < problem.links.size(); ++link) {
            linksFrom_[static_cast<size_t>(problem.links[link].from)].push_back(link);
            linksTo_[static_cast<size_t>(problem.links[link].to)].push_back(link);
        }
        for (size_t stage = 0; stage < problem.stages.size(); ++stage) {
            const auto microbatches = static_cast<size_t>(problem.microbatches);
            forwardInputs_.emplace_back(microbatches,
                                        Inputs{static_cast<int>(linksTo_[stage].size()), {}});
            backwardInputs_.emplace_back(microbatches,
                                         Inputs{static_cast<int>(linksFrom_[stage].size()), {}});
        }
        timeline_.stages.resize(problem.stages.size());
    }

    Timeline run()
    {
        for (size_t stage = problem_.stages.size(); stage-- > 0;)
            ready_.push_back(stage);
        while (!ready_.empty()) {
            const size_t stage = ready_.back();
            ready_.pop_back();
            while (next_[stage] < order_[stage].size() && isReady(order_[stage][next_[stage]]))
                runTask(order_[stage][next_[stage]++]);
        }
        for (size_t stage = 0; stage < order_.size(); ++stage)
            CHECK(next_[stage] == order_[stage].size(), "a schedule's order lets every task run");
        finish();
        return std::move(timeline_);
    }

private:
    Inputs& inputsOf(const ScheduledTask& task)
    {
        auto& inputs = task.phase == Phase::kForward ? forwardInputs_ : backwardInputs_;
        return inputs[static_cast<size_t>(task.stage)][static_cast<size_t>(task.microbatch)];
    }
    bool isReady(const ScheduledTask& task)
    {
        return task.phase == Phase::kUpdate || inputsOf(task).missing == 0;
    }

    void append(const ScheduledTask& task, Seconds earliest, Seconds duration)
    {
        StageTimeline& stage = timeline_.stages[static_cast<size_t>(task.stage)];
        const Seconds start =
            stage.tasks.empty() ? earliest : std::max(earliest, stage.tasks.back().end);
        stage.tasks.push_back({task, start, start + duration});
        stage.busy += duration;
    }

    void runTask(const ScheduledTask& task)
    {
        const auto stage = static_cast<size_t>(task.stage);
        const StageLoad& load = problem_.stages[stage];
        switch (task.phase) {
        case Phase::kForward:
            append(task, inputsOf(task).arrival, load.forward);
            for (const size_t link : linksFrom_[stage])
                transfer(link, task, timeline_.stages[stage].tasks.back().end);
            return;
        case Phase::kBackward:
            append(task, inputsOf(task).arrival, load.backward);
            for (const size_t link : linksTo_[stage])
                transfer(link, task, timeline_.stages[stage].tasks.back().end);
            return;
        case Phase::kGradientSync:
        case Phase::kUpdate:
            if (load.gradientSync > Seconds(0.0))
                append({task.stage, 0, Phase::kGradientSync}, Seconds(0.0), load.gradientSync);
            append(task, Seconds(0.0), load.update);
            return;
        }
    }

    void transfer(size_t link, const ScheduledTask& task, Seconds ready)
    {
        const StageLink& ends = problem_.links[link];
        const bool isForward = task.phase == Phase::kForward;
        Seconds& free = isForward ? forwardFree_[link] : backwardFree_[link];
        const Seconds start = std::max(ready, free);
        free = start + (isForward ? ends.forward : ends.backward);
        timeline_.transfers.push_back(
            {static_cast<int>(link), task.microbatch, task.phase, start, free});
        const int receiver = isForward ? ends.to : ends.from;
        Inputs& inputs = inputsOf({receiver, task.microbatch, task.phase});
        --inputs.missing;
        inputs.arrival = std::max(inputs.arrival, free);
        if (inputs.missing == 0)
            ready_.push_back(static_cast<size_t>(receiver));
    }

    void finish()
    {
        for (const StageTimeline& stage : timeline_.stages)
            timeline_.stepTime = std::max(timeline_.stepTime, stage.tasks.back().end);
        for (size_t stage = 0; stage < timeline_.stages.size(); ++stage) {
            StageTimeline& line = timeline_.stages[stage];
            if (timeline_.stepTime > Seconds(0.0))
                line.bubbleFraction = std::max(0.0, 1.0 - line.busy / timeline_.stepTime);
            traceMemory(problem_.stages[stage], line);
        }
        std::stable_sort(timeline_.transfers.begin(), timeline_.transfers.end(),
                         [](const TimelineTransfer& a, const TimelineTransfer& b) {
                             return a.start != b.start ? a.start < b.start : a.link < b.link;
                         });
    }

    static void traceMemory(const StageLoad& load, StageTimeline& line)
    {
        const auto record = [&](Seconds time, int inFlight, bool isRunning) {
            const Bytes memory = load.fixedMemory + load.perInFlightMicrobatch * inFlight +
                                 (isRunning ? load.transient : Bytes(0));
            line.peakInFlight = std::max(line.peakInFlight, inFlight);
            line.peakMemory = std::max(line.peakMemory, memory);
            if (!line.memory.empty() && line.memory.back().time == time)
                line.memory.pop_back();
            line.memory.push_back({time, inFlight, memory});
        };
        int inFlight = 0;
        record(Seconds(0.0), 0, false);
        for (const TimelineTask& entry : line.tasks) {
            if (entry.task.phase == Phase::kForward)
                ++inFlight;
            record(entry.start, inFlight, true);
            if (entry.task.phase == Phase::kBackward)
                --inFlight;
            record(entry.end, inFlight, false);
        }
    }

    const SimulationProblem& problem_;
    std::vector<std::vector<ScheduledTask>> order_;
    std::vector<std::vector<size_t>> linksFrom_; ///< Per stage.
    std::vector<std::vector<size_t>> linksTo_;
    std::vector<size_t> next_;                       ///< Per stage, into its order.
    std::vector<std::vector<Inputs>> forwardInputs_; ///< [stage][microbatch]
    std::vector<std::vector<Inputs>> backwardInputs_;
    std::vector<Seconds> forwardFree_; ///< Per link, when its last transfer ends.
    std::vector<Seconds> backwardFree_;
    std::vector<size_t> ready_; ///< Stages whose next task may have become ready.
    Timeline timeline_;
};

} // namespace

Result<Timeline> simulate(const SimulationProblem& problem)
{
    RETURN_IF_ERROR(checkProblem(problem));
    return Simulation(problem).run();
}

std::string text(const Timeline& timeline)
{
    std::string lines;
    for (size_t stage = 0; stage < timeline.stages.size(); ++stage) {
        const StageTimeline& line = timeline.stages[stage];
        lines += "stage " + std::to_string(stage) + ":";
        for (const TimelineTask& entry : line.tasks)
            lines += " " + text(entry.task) + "@" + formatNumber(entry.start.count);
        lines += ", bubble " + formatNumber(100 * line.bubbleFraction) + " %, peak " +
                 std::to_string(line.peakInFlight) + " in flight, " +
                 formatMemory(line.peakMemory) + "\n";
    }
    return lines + "step " + formatSeconds(timeline.stepTime) + "\n";
}

} // namespace alpa
