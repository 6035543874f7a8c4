#include "core/schedule/simulate.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// Equal stages in a chain; links take no time unless set.
SimulationProblem chain(ScheduleKind schedule, int stages, int microbatches, double forward,
                        double backward)
{
    SimulationProblem problem;
    problem.schedule = schedule;
    problem.microbatches = microbatches;
    for (int stage = 0; stage < stages; ++stage) {
        problem.stages.push_back({.forward = Seconds(forward), .backward = Seconds(backward)});
        if (stage > 0)
            problem.links.push_back({.from = stage - 1, .to = stage});
    }
    return problem;
}

TEST(Simulate, TakesAlpasNumberOfClocks)
{
    // tests/pipeline_parallel/test_schedules.py: (n + m - 1) * 2 clocks, and one for the update.
    for (const ScheduleKind schedule : {ScheduleKind::kGpipe, ScheduleKind::k1f1b}) {
        for (int stages = 1; stages <= 8; ++stages) {
            for (int microbatches = 1; microbatches <= 16; ++microbatches) {
                SimulationProblem problem = chain(schedule, stages, microbatches, 1.0, 1.0);
                for (StageLoad& stage : problem.stages)
                    stage.update = Seconds(1.0);
                const auto timeline = simulate(problem);
                ASSERT_TRUE(timeline.ok());
                EXPECT_EQ(timeline->stepTime, Seconds((stages + microbatches - 1) * 2 + 1));
            }
        }
    }
}

TEST(Simulate, TakesTheClosedFormWhenStagesAreEqual)
{
    const auto timeline = simulate(chain(ScheduleKind::k1f1b, 4, 6, 1.0, 2.0));
    ASSERT_TRUE(timeline.ok());
    EXPECT_EQ(timeline->stepTime, Seconds(27.0)); // (4 + 6 - 1) * (1 + 2)
    EXPECT_EQ(timeline->stages[2].busy, Seconds(18.0));
    EXPECT_DOUBLE_EQ(timeline->stages[2].bubbleFraction, 1.0 / 3.0); // 3 of 9
    EXPECT_EQ(timeline->stages[0].peakInFlight, 4);
    EXPECT_EQ(timeline->stages[3].peakInFlight, 1);
}

// Narayanan et al. 2021, section 2.2: the bubble (p - 1)(f + b) shrinks by the number of chunks.
TEST(Simulate, DividesTheBubbleByTheChunks)
{
    for (const int groups : {2, 3, 4, 8}) {
        for (const int chunks : {1, 2, 4}) {
            for (const int rounds : {1, 2, 5}) {
                SimulationProblem problem = chain(ScheduleKind::kInterleaved1f1b, groups * chunks,
                                                  groups * rounds, 1.0, 2.0);
                problem.chunks = chunks;
                const auto timeline = simulate(problem);
                ASSERT_TRUE(timeline.ok());
                const double work = 3.0 * chunks * groups * rounds;
                EXPECT_DOUBLE_EQ(timeline->stepTime.count, work + 3.0 * (groups - 1))
                    << groups << " groups, " << chunks << " chunks, " << rounds << " rounds";
            }
        }
    }
}

// Qi et al. 2024, table 2: ZB-H1's bubble is (p - 1)(F + B - W), 1F1B's is (p - 1)(F + B + W).
TEST(Simulate, LeavesTheBubbleOfZbH1)
{
    struct Times {
        double forward, input, weight;
    };
    for (const Times times : {Times{1, 1, 1}, Times{2, 2, 1}, Times{3, 4, 2}}) {
        for (const int stages : {1, 2, 4, 8}) {
            for (const int microbatches : {stages, 2 * stages, 3 * stages + 1}) {
                SimulationProblem problem = chain(ScheduleKind::kZeroBubble, stages, microbatches,
                                                  times.forward, times.input + times.weight);
                for (StageLoad& stage : problem.stages)
                    stage.weightGradient = Seconds(times.weight);
                const auto timeline = simulate(problem);
                ASSERT_TRUE(timeline.ok());
                const double work = (times.forward + times.input + times.weight) * microbatches;
                EXPECT_DOUBLE_EQ(timeline->stepTime.count,
                                 work + (stages - 1) * (times.forward + times.input - times.weight))
                    << stages << " stages, " << microbatches << " microbatches";
                EXPECT_EQ(timeline->stages[0].peakInFlight, stages);
            }
        }
    }
}

TEST(Simulate, SendsOneTransferAtATimeThroughASharedCard)
{
    SimulationProblem problem = chain(ScheduleKind::k1f1b, 3, 1, 1.0, 1.0);
    problem.links.push_back({.from = 0, .to = 2});
    problem.links[0].forward = Seconds(2.0);
    problem.links[2].forward = Seconds(4.0);
    const auto alone = simulate(problem);
    ASSERT_TRUE(alone.ok());
    EXPECT_EQ(alone->stages[2].tasks[0].start, Seconds(5.0)); // 1 + 4
    problem.links[0].forwardCards = {0, 11};
    problem.links[2].forwardCards = {0, 12};
    const auto shared = simulate(problem);
    ASSERT_TRUE(shared.ok());
    EXPECT_EQ(shared->stages[1].tasks[0].start, Seconds(3.0)); // 1 + 2
    EXPECT_EQ(shared->stages[2].tasks[0].start, Seconds(7.0)); // 3 + 4
}

TEST(Simulate, RefusesMicrobatchesThatDoNotFillRounds)
{
    SimulationProblem problem = chain(ScheduleKind::kInterleaved1f1b, 8, 6, 1.0, 1.0);
    problem.chunks = 2;
    const auto timeline = simulate(problem);
    ASSERT_FALSE(timeline.ok());
    EXPECT_EQ(timeline.error().message, "6 microbatches are not a multiple of the 4 device groups, "
                                        "as interleaving needs");
    problem.microbatches = 8;
    EXPECT_TRUE(simulate(problem).ok());
    problem.chunks = 3;
    EXPECT_FALSE(simulate(problem).ok());
    problem.schedule = ScheduleKind::k1f1b;
    EXPECT_FALSE(simulate(problem).ok());
}

TEST(Simulate, DelaysTasksByTheirTransfers)
{
    // F 1 s, send 0.5, F 1, B 2, send 0.25, B 2.
    SimulationProblem problem = chain(ScheduleKind::k1f1b, 2, 1, 1.0, 2.0);
    problem.links[0].forward = Seconds(0.5);
    problem.links[0].backward = Seconds(0.25);
    const auto timeline = simulate(problem);
    ASSERT_TRUE(timeline.ok());
    EXPECT_EQ(timeline->stepTime, Seconds(6.75));
    ASSERT_EQ(timeline->transfers.size(), 2u);
    EXPECT_EQ(timeline->transfers[0].start, Seconds(1.0));
    EXPECT_EQ(timeline->transfers[1].phase, ScheduledTask::Phase::kBackward);
    EXPECT_EQ(timeline->transfers[1].end, Seconds(4.75));
}

TEST(Simulate, SendsOneTransferAtATimeOverALink)
{
    SimulationProblem problem = chain(ScheduleKind::kGpipe, 2, 3, 1.0, 1.0);
    problem.links[0].forward =
        Seconds(4.0); // Ends at 5, 9 and 13; the last forward at 14, its backward chain at 17.
    const auto timeline = simulate(problem);
    ASSERT_TRUE(timeline.ok());
    EXPECT_EQ(timeline->transfers[2].start, Seconds(9.0));
    EXPECT_EQ(timeline->stepTime,
              Seconds(18.0)); // B0 B1 B2 on stage 1 until 17, B2 on stage 0 until 18.
}

TEST(Simulate, WaitsForSkipConnectionsToo)
{
    SimulationProblem problem = chain(ScheduleKind::k1f1b, 3, 1, 1.0, 1.0);
    problem.links.push_back({.from = 0, .to = 2, .forward = Seconds(5.0)});
    const auto timeline = simulate(problem);
    ASSERT_TRUE(timeline.ok());
    EXPECT_EQ(timeline->stages[2].tasks[0].start, Seconds(6.0)); // 1 + 5, not 2
}

TEST(Simulate, SynchronisesGradientsAfterTheLastBackward)
{
    SimulationProblem problem = chain(ScheduleKind::k1f1b, 1, 2, 1.0, 1.0);
    problem.stages[0].gradientSync = Seconds(0.5);
    problem.stages[0].update = Seconds(0.25);
    const auto timeline = simulate(problem);
    ASSERT_TRUE(timeline.ok());
    const std::vector<TimelineTask>& tasks = timeline->stages[0].tasks;
    EXPECT_EQ(text(tasks[4].task) + text(tasks[5].task), "SU");
    EXPECT_EQ(tasks[5].start, Seconds(4.5));
    EXPECT_EQ(timeline->stepTime, Seconds(4.75));
}

TEST(Simulate, TracesMemory)
{
    SimulationProblem problem = chain(ScheduleKind::kGpipe, 1, 2, 1.0, 1.0);
    problem.stages[0].fixedMemory = Bytes(100);
    problem.stages[0].perInFlightMicrobatch = Bytes(10);
    problem.stages[0].transient = Bytes(3);
    const auto timeline = simulate(problem);
    ASSERT_TRUE(timeline.ok());
    std::string curve;
    for (const MemoryPoint& point : timeline->stages[0].memory)
        curve += std::to_string(static_cast<int>(point.time.count)) + ":" +
                 std::to_string(point.memory.count) + " ";
    EXPECT_EQ(curve, "0:113 1:123 2:123 3:113 4:100 ");
    EXPECT_EQ(timeline->stages[0].peakMemory, Bytes(123));
}

TEST(TimelineText, PrintsTasksBubbleAndPeak)
{
    SimulationProblem problem = chain(ScheduleKind::k1f1b, 2, 2, 1.0, 2.0);
    for (StageLoad& stage : problem.stages) {
        stage.fixedMemory = kGiB * 10;
        stage.perInFlightMicrobatch = kGiB;
    }
    const auto timeline = simulate(problem);
    ASSERT_TRUE(timeline.ok());
    EXPECT_EQ(text(*timeline),
              "stage 0: F0@0 F1@1 B0@4 B1@7 U@9, bubble 33.33 %, peak 2 in flight, 12 GiB\n"
              "stage 1: F0@1 B0@2 F1@4 B1@5 U@7, bubble 33.33 %, peak 1 in flight, 11 GiB\n"
              "step 9 s\n");
}

TEST(Simulate, RefusesWhatCannotRun)
{
    EXPECT_FALSE(simulate({}).ok());
    SimulationProblem backwards = chain(ScheduleKind::k1f1b, 2, 2, 1.0, 1.0);
    backwards.links.push_back({.from = 1, .to = 0});
    EXPECT_FALSE(simulate(backwards).ok());
    SimulationProblem negative = chain(ScheduleKind::k1f1b, 2, 2, -1.0, 1.0);
    EXPECT_FALSE(simulate(negative).ok());
    SimulationProblem none = chain(ScheduleKind::k1f1b, 2, 0, 1.0, 1.0);
    EXPECT_FALSE(simulate(none).ok());
}

} // namespace
} // namespace alpa
