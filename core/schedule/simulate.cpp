#include "core/schedule/simulate.h"

#include "core/base/check.h"
#include "core/base/text.h"
#include "core/schedule/step_time.h"

#include <queue>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>

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
    RETURN_IF_ERROR(isSchedulable(problem.schedule, static_cast<int>(problem.stages.size()),
                                  problem.microbatches, problem.chunks));
    for (size_t stage = 0; stage < problem.stages.size(); ++stage) {
        const StageLoad& load = problem.stages[stage];
        for (const Seconds time :
             {load.forward, load.backward, load.weightGradient, load.gradientSync, load.update})
            RETURN_IF_ERROR(checkTime(time, "stage " + std::to_string(stage)));
        if (load.weightGradient > load.backward)
            return Error{ErrorCode::kInvalidInput,
                         "stage " + std::to_string(stage) +
                             ": the weight gradient takes longer than the whole backward"};
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

/// Something that happens: a task or a transfer ends.
struct Event {
    Seconds time{};
    int order = 0; ///< Makes the queue's order total.
    int stage = 0; ///< Of the task that ended, or the receiver of the transfer.
    std::optional<ScheduledTask> ended; ///< Unset: a transfer for `arrived` has come.
    ScheduledTask arrived{};
};

struct Later {
    bool operator()(const Event& a, const Event& b) const
    {
        return std::tie(a.time, a.order) > std::tie(b.time, b.order);
    }
};

/// Events in time order: links and cards serve transfers in the order they become ready.
class Simulation
{
public:
    /// `isRecorded`: else only the end of the last task is of interest.
    Simulation(const SimulationProblem& problem, bool isRecorded)
        : problem_(problem)
        , isRecorded_(isRecorded)
        , order_(scheduleOrder(problem.schedule, static_cast<int>(problem.stages.size()),
                               problem.microbatches, problem.chunks))
        , linksFrom_(problem.stages.size())
        , linksTo_(problem.stages.size())
        , next_(order_.size(), 0)
        , isBusy_(order_.size(), false)
        , forwardFree_(problem.links.size())
        , backwardFree_(problem.links.size())
    {
        for (size_t link = 0; link < problem.links.size(); ++link) {
            linksFrom_[static_cast<size_t>(problem.links[link].from)].push_back(link);
            linksTo_[static_cast<size_t>(problem.links[link].to)].push_back(link);
        }
        for (size_t stage = 0; stage < problem.stages.size(); ++stage) {
            const auto microbatches = static_cast<size_t>(problem.microbatches);
            missingForward_.emplace_back(microbatches, static_cast<int>(linksTo_[stage].size()));
            missingBackward_.emplace_back(microbatches, static_cast<int>(linksFrom_[stage].size()));
        }
        timeline_.stages.resize(problem.stages.size());
    }

    Timeline run()
    {
        play();
        finish();
        return std::move(timeline_);
    }

    Seconds stepTime()
    {
        play();
        return timeline_.stepTime;
    }

private:
    void play()
    {
        for (size_t group = 0; group < order_.size(); ++group)
            startNext(group, Seconds(0.0));
        while (!events_.empty()) {
            const Event event = events_.top();
            events_.pop();
            const size_t group = static_cast<size_t>(event.stage) % order_.size();
            if (event.ended) {
                isBusy_[group] = false;
                sendResults(*event.ended, event.time);
            } else {
                --missingInputsOf(event.arrived);
            }
            startNext(group, event.time);
        }
        for (size_t group = 0; group < order_.size(); ++group)
            CHECK(next_[group] == order_[group].size(), "a schedule's order lets every task run");
    }

    int& missingInputsOf(const ScheduledTask& task)
    {
        auto& missing = task.phase == Phase::kForward ? missingForward_ : missingBackward_;
        return missing[static_cast<size_t>(task.stage)][static_cast<size_t>(task.microbatch)];
    }
    bool isReady(const ScheduledTask& task)
    {
        const bool waits = task.phase == Phase::kForward || task.phase == Phase::kBackward;
        return !waits || missingInputsOf(task) == 0;
    }
    void push(Event event)
    {
        event.order = nextOrder_++;
        events_.push(std::move(event));
    }

    /// Starts the group's next task if it is idle and the task's inputs are there.
    void startNext(size_t group, Seconds now)
    {
        if (isBusy_[group] || next_[group] == order_[group].size() ||
            !isReady(order_[group][next_[group]]))
            return;
        const ScheduledTask task = order_[group][next_[group]++];
        const StageLoad& load = problem_.stages[static_cast<size_t>(task.stage)];
        Seconds start = now;
        if (task.phase == Phase::kUpdate && load.gradientSync > Seconds(0.0))
            start = append({task.stage, 0, Phase::kGradientSync}, start, load.gradientSync);
        const Seconds end = append(task, start, durationOf(task.phase, load));
        isBusy_[group] = true;
        push({.time = end, .stage = task.stage, .ended = task});
    }

    Seconds durationOf(Phase phase, const StageLoad& load) const
    {
        switch (phase) {
        case Phase::kForward:
            return load.forward;
        case Phase::kBackward:
            return problem_.schedule == ScheduleKind::kZeroBubble
                       ? load.backward - load.weightGradient
                       : load.backward;
        case Phase::kWeightGradient:
            return load.weightGradient;
        case Phase::kGradientSync:
            return load.gradientSync;
        case Phase::kUpdate:
            break;
        }
        return load.update;
    }

    Seconds append(const ScheduledTask& task, Seconds start, Seconds duration)
    {
        const Seconds end = start + duration;
        timeline_.stepTime = std::max(timeline_.stepTime, end);
        if (isRecorded_) {
            StageTimeline& stage = timeline_.stages[static_cast<size_t>(task.stage)];
            stage.tasks.push_back({task, start, end});
            stage.busy += duration;
        }
        return end;
    }

    void sendResults(const ScheduledTask& task, Seconds ready)
    {
        const auto stage = static_cast<size_t>(task.stage);
        if (task.phase == Phase::kForward) {
            for (const size_t link : linksFrom_[stage])
                transfer(link, task, ready);
        } else if (task.phase == Phase::kBackward) {
            for (const size_t link : linksTo_[stage])
                transfer(link, task, ready);
        }
    }

    void transfer(size_t link, const ScheduledTask& task, Seconds ready)
    {
        const StageLink& ends = problem_.links[link];
        const bool isForward = task.phase == Phase::kForward;
        Seconds& free = isForward ? forwardFree_[link] : backwardFree_[link];
        const std::vector<int>& cards = isForward ? ends.forwardCards : ends.backwardCards;
        Seconds start = std::max(ready, free);
        for (const int card : cards)
            start = std::max(start, cardFree_[card]);
        free = start + (isForward ? ends.forward : ends.backward);
        for (const int card : cards)
            cardFree_[card] = free;
        if (isRecorded_)
            timeline_.transfers.push_back(
                {static_cast<int>(link), task.microbatch, task.phase, start, free});
        const int receiver = isForward ? ends.to : ends.from;
        push({.time = free,
              .stage = receiver,
              .ended = std::nullopt,
              .arrived = {receiver, task.microbatch, task.phase}});
    }

    void finish()
    {
        std::vector<Seconds> busy(order_.size()); // Per group of devices.
        for (size_t stage = 0; stage < timeline_.stages.size(); ++stage)
            busy[stage % order_.size()] += timeline_.stages[stage].busy;
        for (size_t stage = 0; stage < timeline_.stages.size(); ++stage) {
            StageTimeline& line = timeline_.stages[stage];
            if (timeline_.stepTime > Seconds(0.0))
                line.bubbleFraction =
                    std::max(0.0, 1.0 - busy[stage % order_.size()] / timeline_.stepTime);
            traceMemory(problem_.schedule, problem_.stages[stage], line);
        }
        std::stable_sort(timeline_.transfers.begin(), timeline_.transfers.end(),
                         [](const TimelineTransfer& a, const TimelineTransfer& b) {
                             return a.start != b.start ? a.start < b.start : a.link < b.link;
                         });
    }

    static void traceMemory(ScheduleKind schedule, const StageLoad& load, StageTimeline& line)
    {
        int inFlight = 0;
        int deferred = 0;
        const auto record = [&](Seconds time, bool isRunning) {
            const Bytes memory = load.fixedMemory + load.perInFlightMicrobatch * inFlight +
                                 load.perDeferredMicrobatch * deferred +
                                 (isRunning ? load.transient : Bytes(0));
            line.peakInFlight = std::max(line.peakInFlight, inFlight);
            line.peakMemory = std::max(line.peakMemory, memory);
            if (!line.memory.empty() && line.memory.back().time == time)
                line.memory.pop_back();
            line.memory.push_back({time, inFlight, deferred, memory});
        };
        record(Seconds(0.0), false);
        for (const TimelineTask& entry : line.tasks) {
            const Phase phase = entry.task.phase;
            inFlight += phase == Phase::kForward ? 1 : 0;
            record(entry.start, true);
            inFlight -= phase == Phase::kBackward ? 1 : 0;
            deferred += phase == Phase::kBackward && schedule == ScheduleKind::kZeroBubble ? 1 : 0;
            deferred -= phase == Phase::kWeightGradient ? 1 : 0;
            record(entry.end, false);
        }
    }

    const SimulationProblem& problem_;
    const bool isRecorded_;
    std::vector<std::vector<ScheduledTask>> order_; ///< Per group.
    std::vector<std::vector<size_t>> linksFrom_;    ///< Per stage.
    std::vector<std::vector<size_t>> linksTo_;
    std::vector<size_t> next_;                     ///< Per group, into its order.
    std::vector<bool> isBusy_;                     ///< Per group.
    std::vector<std::vector<int>> missingForward_; ///< [stage][microbatch], inputs still to come.
    std::vector<std::vector<int>> missingBackward_;
    std::vector<Seconds> forwardFree_; ///< Per link, when its last transfer ends.
    std::vector<Seconds> backwardFree_;
    std::map<int, Seconds> cardFree_;
    std::priority_queue<Event, std::vector<Event>, Later> events_;
    int nextOrder_ = 0;
    Timeline timeline_;
};

} // namespace

Result<Timeline> simulate(const SimulationProblem& problem)
{
    RETURN_IF_ERROR(checkProblem(problem));
    return Simulation(problem, true).run();
}

Result<Seconds> simulateStepTime(const SimulationProblem& problem)
{
    RETURN_IF_ERROR(checkProblem(problem));
    return Simulation(problem, false).stepTime();
}

Seconds leastStepTime(const SimulationProblem& problem)
{
    const size_t stages = problem.stages.size();
    const size_t groups = stages / static_cast<size_t>(std::max(1, problem.chunks));
    std::vector<Seconds> work(groups);
    std::vector<Seconds> begin(groups); // Of the group's first task.
    Seconds forward;
    for (size_t stage = 0; stage < stages; ++stage) {
        const StageLoad& load = problem.stages[stage];
        const size_t group = stage % groups;
        if (stage < groups)
            begin[group] = forward;
        // The group's devices do one thing at a time. Rounding may differ in the last digits.
        work[group] += (load.forward + load.backward) * static_cast<double>(problem.microbatches) +
                       load.gradientSync + load.update;
        const bool leadsOn = std::ranges::any_of(problem.links, [&](const StageLink& link) {
            return link.from == static_cast<int>(stage) && link.to == static_cast<int>(stage) + 1;
        });
        forward = leadsOn ? forward + load.forward : Seconds(0);
    }
    Seconds least;
    for (size_t group = 0; group < groups; ++group)
        least = std::max(least, begin[group] + work[group]);
    return least * (1 - 1e-9);
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
