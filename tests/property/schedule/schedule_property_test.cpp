// What must hold of every schedule and of every simulated step.
#include "core/schedule/simulate.h"
#include "core/schedule/step_time.h"
#include "tests/support/property.h"

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

using Phase = ScheduledTask::Phase;

Seconds randomTime(Rng& rng) { return Seconds(rng.chance(0.1) ? 0.0 : rng.uniform()); }

/// Links may share a few network cards, each way.
StageLink randomLink(Rng& rng, int from, int to)
{
    StageLink link{.from = from, .to = to, .forward = randomTime(rng), .backward = randomTime(rng)};
    for (const auto cards : {&link.forwardCards, &link.backwardCards}) {
        if (rng.chance(0.3))
            *cards = {rng.below(3), 3 + rng.below(3)};
    }
    return link;
}

enum class Schedules { kPlain, kAll }; ///< GPipe and 1F1B, or all of them.

/// A chain of stages with random loads and, by `hasSkips`, links beyond the next stage.
SimulationProblem randomProblem(Rng& rng, int size, bool hasSkips, Schedules schedules)
{
    SimulationProblem problem;
    problem.schedule = rng.chance(0.5) ? ScheduleKind::kGpipe : ScheduleKind::k1f1b;
    problem.microbatches = rng.between(1, size);
    int stages = rng.between(1, std::max(1, size / 2));
    if (schedules == Schedules::kAll && rng.chance(0.5)) {
        problem.schedule =
            rng.chance(0.5) ? ScheduleKind::kInterleaved1f1b : ScheduleKind::kZeroBubble;
        if (problem.schedule == ScheduleKind::kInterleaved1f1b) {
            problem.microbatches = stages * rng.between(1, 4);
            problem.chunks = rng.between(1, 3);
            stages *= problem.chunks;
        }
    }
    for (int stage = 0; stage < stages; ++stage) {
        StageLoad load{.forward = randomTime(rng),
                       .backward = randomTime(rng),
                       .gradientSync = randomTime(rng),
                       .update = randomTime(rng),
                       .fixedMemory = Bytes(rng.below(1000)),
                       .perInFlightMicrobatch = Bytes(rng.below(100)),
                       .perDeferredMicrobatch = Bytes(rng.below(100)),
                       .transient = Bytes(rng.below(50))};
        load.weightGradient = load.backward * rng.uniform();
        problem.stages.push_back(load);
        if (stage > 0)
            problem.links.push_back(schedules == Schedules::kAll
                                        ? randomLink(rng, stage - 1, stage)
                                        : StageLink{.from = stage - 1,
                                                    .to = stage,
                                                    .forward = randomTime(rng),
                                                    .backward = randomTime(rng)});
        if (hasSkips && stage > 1 && rng.chance(0.5))
            problem.links.push_back(randomLink(rng, rng.below(stage - 1), stage));
    }
    return problem;
}

TEST(ScheduleProperty, EachStageSeesEachMicrobatchOnceEachWay)
{
    forEachSeed(400, [](Rng& rng, int size) {
        const ScheduleKind kind = kScheduleKinds[static_cast<size_t>(rng.below(4))];
        const bool isInterleaved = kind == ScheduleKind::kInterleaved1f1b;
        const int groups = rng.between(1, size);
        const int chunks = isInterleaved ? rng.between(1, 4) : 1;
        const int stages = groups * chunks;
        const int microbatches = isInterleaved ? groups * rng.between(1, 5) : rng.between(1, size);
        const auto order = scheduleOrder(kind, stages, microbatches, chunks);
        ASSERT_EQ(order.size(), static_cast<size_t>(groups));
        const int passes = kind == ScheduleKind::kZeroBubble ? 3 : 2;
        for (int group = 0; group < groups; ++group) {
            const auto& tasks = order[static_cast<size_t>(group)];
            ASSERT_EQ(tasks.size(), static_cast<size_t>((passes * microbatches + 1) * chunks));
            std::map<std::pair<int, int>, int> stateOf; // Passes done, by (stage, microbatch).
            std::map<int, int> inFlight, peak, held, peakHeld, deferred, peakDeferred;
            std::map<int, int> updates;
            for (const ScheduledTask& task : tasks) {
                ASSERT_EQ(task.stage % groups, group);
                ASSERT_LT(task.stage, stages);
                if (task.phase == Phase::kUpdate) {
                    EXPECT_EQ(++updates[task.stage], 1);
                    EXPECT_EQ(held[task.stage], 0);
                    continue;
                }
                ASSERT_TRUE(task.microbatch >= 0 && task.microbatch < microbatches);
                const int pass = task.phase == Phase::kForward    ? 0
                                 : task.phase == Phase::kBackward ? 1
                                                                  : 2;
                ASSERT_EQ((stateOf[{task.stage, task.microbatch}]++), pass);
                inFlight[task.stage] += pass == 0 ? 1 : pass == 1 ? -1 : 0;
                held[task.stage] += pass == 0 ? 1 : pass == passes - 1 ? -1 : 0;
                peak[task.stage] = std::max(peak[task.stage], inFlight[task.stage]);
                peakHeld[task.stage] = std::max(peakHeld[task.stage], held[task.stage]);
                deferred[task.stage] += passes < 3 || pass == 0 ? 0 : pass == 1 ? 1 : -1;
                peakDeferred[task.stage] = std::max(peakDeferred[task.stage], deferred[task.stage]);
            }
            for (int stage = group; stage < stages; stage += groups) {
                EXPECT_EQ(peak[stage], inFlightLimit(kind, stages, stage, microbatches, chunks))
                    << text(order);
                EXPECT_EQ(peakHeld[stage], heldLimit(kind, stages, stage, microbatches, chunks));
                EXPECT_EQ(peakDeferred[stage], deferredLimit(kind, stage, microbatches));
                EXPECT_EQ(updates[stage], 1);
            }
        }
    });
}

TEST(ScheduleProperty, KeepsTheFirstInFirstOut)
{
    // Slots of saved values are microbatch mod slots: what is alive must be consecutive.
    forEachSeed(200, [](Rng& rng, int size) {
        const ScheduleKind kind = kScheduleKinds[static_cast<size_t>(rng.below(4))];
        const int groups = rng.between(1, size);
        const int chunks = kind == ScheduleKind::kInterleaved1f1b ? rng.between(1, 4) : 1;
        for (const auto& tasks :
             scheduleOrder(kind, groups * chunks, groups * rng.between(1, 4), chunks)) {
            std::map<std::pair<int, Phase>, int> next;
            for (const ScheduledTask& task : tasks)
                EXPECT_EQ((next[{task.stage, task.phase}]++), task.microbatch);
        }
    });
}

TEST(SimulateProperty, RespectsOrderInputsLinksAndCards)
{
    forEachSeed(400, [](Rng& rng, int size) {
        const SimulationProblem problem = randomProblem(rng, size, true, Schedules::kAll);
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        EXPECT_EQ(*simulateStepTime(problem), timeline->stepTime);
        std::map<std::tuple<Phase, int, int>, const TimelineTask*> taskOf;
        const size_t groups = problem.stages.size() / static_cast<size_t>(problem.chunks);
        std::vector<std::vector<std::pair<Seconds, Seconds>>> busy(groups);
        for (size_t stage = 0; stage < problem.stages.size(); ++stage) {
            Seconds free{};
            for (const TimelineTask& task : timeline->stages[stage].tasks) {
                ASSERT_GE(task.start, free);
                free = task.end;
                taskOf[{task.task.phase, task.task.stage, task.task.microbatch}] = &task;
                busy[stage % groups].emplace_back(task.start, task.end);
            }
            EXPECT_LE(free, timeline->stepTime);
        }
        for (auto& group : busy) { // Devices do one thing at a time.
            std::ranges::sort(group);
            for (size_t task = 1; task < group.size(); ++task)
                ASSERT_LE(group[task - 1].second, group[task].first);
        }
        std::map<std::pair<int, Phase>, Seconds> linkFree;
        std::map<int, Seconds> cardFree;
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
            if (transfer.start == transfer.end)
                continue;
            for (const int card : isForward ? link.forwardCards : link.backwardCards) {
                ASSERT_GE(transfer.start, cardFree[card]);
                cardFree[card] = transfer.end;
            }
        }
        for (const auto& [key, task] : taskOf) {
            if (std::get<0>(key) == Phase::kWeightGradient) {
                EXPECT_GE(task->start,
                          (taskOf[{Phase::kBackward, std::get<1>(key), std::get<2>(key)}]->end));
            }
        }
    });
}

TEST(SimulateProperty, StaysWithinThePredictedMemory)
{
    forEachSeed(400, [](Rng& rng, int size) {
        const SimulationProblem problem = randomProblem(rng, size, true, Schedules::kAll);
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        const auto stages = static_cast<int>(problem.stages.size());
        for (int stage = 0; stage < stages; ++stage) {
            const StageLoad& load = problem.stages[static_cast<size_t>(stage)];
            const StageTimeline& line = timeline->stages[static_cast<size_t>(stage)];
            const int limit = inFlightLimit(problem.schedule, stages, stage, problem.microbatches,
                                            problem.chunks);
            const int deferred = deferredLimit(problem.schedule, stage, problem.microbatches);
            EXPECT_LE(line.peakInFlight, limit);
            EXPECT_LE(line.peakMemory, load.fixedMemory + load.perInFlightMicrobatch * limit +
                                           load.perDeferredMicrobatch * deferred + load.transient);
            ASSERT_FALSE(line.memory.empty());
            EXPECT_EQ(line.memory.back().inFlight, 0);
            EXPECT_EQ(line.memory.back().deferred, 0);
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
        SimulationProblem problem = randomProblem(rng, size, false, Schedules::kPlain);
        const double ratio = 1.0 + 2.0 * rng.uniform();
        double shortest = 1.0;
        for (StageLoad& stage : problem.stages) {
            stage.backward = stage.forward * ratio;
            stage.weightGradient = Seconds(0.0);
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
        const SimulationProblem problem = randomProblem(rng, size, false, Schedules::kPlain);
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
        const SimulationProblem problem = randomProblem(rng, size, true, Schedules::kAll);
        const auto timeline = simulate(problem);
        ASSERT_TRUE(timeline.ok());
        for (const StageLoad& load : problem.stages) {
            const Seconds work = (load.forward + load.backward) * problem.microbatches +
                                 load.gradientSync + load.update;
            EXPECT_GE(timeline->stepTime.count, work.count * (1 - 1e-12));
        }
        EXPECT_LE(leastStepTime(problem), timeline->stepTime);
    });
}

TEST(SimulateProperty, TakesNoMoreThanItMustWhereTheLastStageIsTheSlowest)
{
    SimulationProblem problem;
    problem.schedule = ScheduleKind::kGpipe;
    problem.microbatches = 5;
    for (const double time : {1.0, 2.0, 8.0}) {
        const int stage = static_cast<int>(problem.stages.size());
        problem.stages.push_back({.forward = Seconds(time), .backward = Seconds(time)});
        if (stage > 0)
            problem.links.push_back({.from = stage - 1, .to = stage});
    }
    problem.stages[2].update = Seconds(50);
    EXPECT_NEAR(leastStepTime(problem).count, 1 + 2 + 5 * 16 + 50, 1e-6);
    EXPECT_NEAR(simulate(problem)->stepTime.count, 1 + 2 + 5 * 16 + 50, 1e-6);
}

} // namespace
} // namespace alpa
