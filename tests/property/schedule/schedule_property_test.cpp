// What must hold of every schedule and of every simulated step.
#include "core/schedule/simulate.h"
#include "tests/support/property.h"

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

using Phase = ScheduledTask::Phase;

Seconds randomTime(Rng& rng) { return Seconds(rng.chance(0.1) ? 0.0 : rng.uniform()); }

/// A chain of stages with random loads and, by `hasSkips`, links beyond the next stage.
SimulationProblem randomProblem(Rng& rng, int size, bool hasSkips)
{
    SimulationProblem problem;
    problem.schedule = rng.chance(0.5) ? ScheduleKind::kGpipe : ScheduleKind::k1f1b;
    problem.microbatches = rng.between(1, size);
    const int stages = rng.between(1, std::max(1, size / 2));
    for (int stage = 0; stage < stages; ++stage) {
        problem.stages.push_back({randomTime(rng), randomTime(rng), randomTime(rng),
                                  randomTime(rng), Bytes(rng.below(1000)), Bytes(rng.below(100)),
                                  Bytes(rng.below(50))});
        if (stage > 0)
            problem.links.push_back({stage - 1, stage, randomTime(rng), randomTime(rng)});
        if (hasSkips && stage > 1 && rng.chance(0.5))
            problem.links.push_back(
                {rng.below(stage - 1), stage, randomTime(rng), randomTime(rng)});
    }
    return problem;
}

TEST(ScheduleProperty, EachStageSeesEachMicrobatchOnceEachWay)
{
    forEachSeed(200, [](Rng& rng, int size) {
        const ScheduleKind kind = rng.chance(0.5) ? ScheduleKind::kGpipe : ScheduleKind::k1f1b;
        const int stages = rng.between(1, size);
        const int microbatches = rng.between(1, size);
        const auto order = scheduleOrder(kind, stages, microbatches);
        ASSERT_EQ(order.size(), static_cast<size_t>(stages));
        for (int stage = 0; stage < stages; ++stage) {
            const auto& tasks = order[static_cast<size_t>(stage)];
            ASSERT_EQ(tasks.size(), 2 * static_cast<size_t>(microbatches) + 1);
            EXPECT_EQ(tasks.back().phase, Phase::kUpdate);
            std::map<int, int> stateOf; // 0 unseen, 1 in flight, 2 done
            int inFlight = 0;
            int peak = 0;
            for (size_t position = 0; position + 1 < tasks.size(); ++position) {
                const ScheduledTask& task = tasks[position];
                ASSERT_EQ(task.stage, stage);
                ASSERT_TRUE(task.microbatch >= 0 && task.microbatch < microbatches);
                const bool isForward = task.phase == Phase::kForward;
                ASSERT_EQ(stateOf[task.microbatch]++, isForward ? 0 : 1);
                inFlight += isForward ? 1 : -1;
                peak = std::max(peak, inFlight);
            }
            EXPECT_EQ(peak, inFlightLimit(kind, stages, stage, microbatches));
        }
    });
}

TEST(SimulateProperty, RespectsOrderInputsAndLinks)
{
    forEachSeed(200, [](Rng& rng, int size) {
        const SimulationProblem problem = randomProblem(rng, size, true);
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        std::map<std::tuple<Phase, int, int>, const TimelineTask*> taskOf;
        for (size_t stage = 0; stage < problem.stages.size(); ++stage) {
            Seconds free{};
            for (const TimelineTask& task : timeline->stages[stage].tasks) {
                ASSERT_GE(task.start, free);
                free = task.end;
                taskOf[{task.task.phase, task.task.stage, task.task.microbatch}] = &task;
            }
            EXPECT_LE(free, timeline->stepTime);
        }
        std::map<std::pair<int, Phase>, Seconds> linkFree;
        ASSERT_EQ(timeline->transfers.size(),
                  problem.links.size() * 2 * static_cast<size_t>(problem.microbatches));
        for (const TimelineTransfer& transfer : timeline->transfers) {
            const StageLink& link = problem.links[static_cast<size_t>(transfer.link)];
            const bool isForward = transfer.phase == Phase::kForward;
            const int sender = isForward ? link.from : link.to;
            const int receiver = isForward ? link.to : link.from;
            ASSERT_GE(transfer.start, (taskOf[{transfer.phase, sender, transfer.microbatch}]->end));
            ASSERT_LE(transfer.end,
                      (taskOf[{transfer.phase, receiver, transfer.microbatch}]->start));
            Seconds& free = linkFree[{transfer.link, transfer.phase}];
            ASSERT_GE(transfer.start, free);
            free = transfer.end;
        }
    });
}

TEST(SimulateProperty, StaysWithinThePredictedMemory)
{
    forEachSeed(200, [](Rng& rng, int size) {
        const SimulationProblem problem = randomProblem(rng, size, true);
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        const auto stages = static_cast<int>(problem.stages.size());
        for (int stage = 0; stage < stages; ++stage) {
            const StageLoad& load = problem.stages[static_cast<size_t>(stage)];
            const StageTimeline& line = timeline->stages[static_cast<size_t>(stage)];
            const int limit = inFlightLimit(problem.schedule, stages, stage, problem.microbatches);
            EXPECT_LE(line.peakInFlight, limit);
            EXPECT_LE(line.peakMemory,
                      load.fixedMemory + load.perInFlightMicrobatch * limit + load.transient);
            ASSERT_FALSE(line.memory.empty());
            EXPECT_EQ(line.memory.back().inFlight, 0);
            for (size_t point = 1; point < line.memory.size(); ++point)
                ASSERT_LT(line.memory[point - 1].time, line.memory[point].time);
        }
    });
}

/// What the closed forms are made of: sums and maxima over stages, links counted with their
/// receiver.
struct ClosedForms {
    double latency = 0;
    double perStep = 0;
    double slowestStage = 0;  ///< max (forward + backward), with transfers.
    double slowestPhases = 0; ///< Largest forward plus largest backward of any two stages or links.
};

ClosedForms closedForms(const SimulationProblem& problem)
{
    ClosedForms forms;
    double forward = 0.0;
    double backward = 0.0;
    for (size_t stage = 0; stage < problem.stages.size(); ++stage) {
        const StageLoad& load = problem.stages[stage];
        const StageLink link = stage > 0 ? problem.links[stage - 1] : StageLink{};
        const double time = (load.forward + load.backward + link.forward + link.backward).count;
        forms.latency += time;
        forms.perStep = std::max(forms.perStep, (load.gradientSync + load.update).count);
        forms.slowestStage = std::max(forms.slowestStage, time);
        forward = std::max({forward, load.forward.count, link.forward.count});
        backward = std::max({backward, load.backward.count, link.backward.count});
    }
    forms.slowestPhases = forward + backward;
    return forms;
}

// The objective of choosing stages, sum t + (B-1) max t + max perStep, is an upper bound where
// every stage's backward takes the same multiple of its forward; GPipe in addition needs transfers
// that are no bottleneck by themselves.
TEST(SimulateProperty, StaysWithinTheObjectiveWhenBackwardIsProportionalToForward)
{
    forEachSeed(2000, [](Rng& rng, int size) {
        SimulationProblem problem = randomProblem(rng, size, false);
        const double ratio = 1.0 + 2.0 * rng.uniform();
        double shortest = 1.0;
        for (StageLoad& stage : problem.stages) {
            stage.backward = stage.forward * ratio;
            shortest = std::min(shortest, stage.forward.count);
        }
        for (StageLink& link : problem.links) {
            if (problem.schedule == ScheduleKind::kGpipe)
                link.forward = std::min(link.forward, Seconds(shortest));
            link.backward = link.forward;
        }
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        const ClosedForms forms = closedForms(problem);
        const double objective =
            forms.latency + forms.slowestStage * (problem.microbatches - 1) + forms.perStep;
        EXPECT_LE(timeline->stepTime.count, objective * (1 + 1e-12));
    });
}

// Whatever the times: the largest forward and the largest backward may lie on different stages.
TEST(SimulateProperty, StaysWithinTheSlowestForwardPlusTheSlowestBackward)
{
    forEachSeed(2000, [](Rng& rng, int size) {
        const SimulationProblem problem = randomProblem(rng, size, false);
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        const ClosedForms forms = closedForms(problem);
        const double bound =
            forms.latency +
            std::max(forms.slowestStage, forms.slowestPhases) * (problem.microbatches - 1) +
            forms.perStep;
        EXPECT_LE(timeline->stepTime.count, bound * (1 + 1e-12));
    });
}

TEST(SimulateProperty, NeverBeatsTheSlowestStage)
{
    forEachSeed(200, [](Rng& rng, int size) {
        const SimulationProblem problem = randomProblem(rng, size, true);
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        for (const StageLoad& load : problem.stages) {
            const Seconds work = (load.forward + load.backward) * problem.microbatches +
                                 load.gradientSync + load.update;
            EXPECT_GE(timeline->stepTime.count, work.count * (1 - 1e-12));
        }
    });
}

} // namespace
} // namespace alpa
