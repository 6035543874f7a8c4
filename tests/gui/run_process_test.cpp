// What the window makes of a run's JSON lines.
#include "app/session/run_process.h"

#include <gtest/gtest.h>

#include <cmath>
#include <unistd.h>

namespace alpa::app
{
namespace
{

TEST(ApplyRunLine, CollectsStepsAndTheirMedian)
{
    RunRecord record;
    applyRunLine(record, R"({"event":"start","devices":4})");
    EXPECT_EQ(record.state, RunRecord::State::kRunning);
    applyRunLine(record, R"({"event":"step","step":0,"loss":5.5,"ms":90,"samples_per_second":44})");
    EXPECT_FALSE(record.median) << "the first step warms up";
    applyRunLine(record,
                 R"({"event":"step","step":1,"loss":5.25,"ms":10,"samples_per_second":400})");
    applyRunLine(record,
                 R"({"event":"step","step":2,"loss":5.0,"ms":14,"samples_per_second":290})");
    applyRunLine(record,
                 R"({"event":"step","step":3,"loss":4.5,"ms":11,"samples_per_second":360})");
    ASSERT_EQ(record.steps.size(), 4u);
    EXPECT_DOUBLE_EQ(record.steps[1].loss, 5.25);
    ASSERT_TRUE(record.median);
    EXPECT_NEAR(record.median->count, 0.011, 1e-12); // of 10, 14, 11
    applyRunLine(record, R"({"event":"done","median_ms":10.5})");
    EXPECT_EQ(record.state, RunRecord::State::kDone);
    EXPECT_NEAR(record.median->count, 0.0105, 1e-12);
}

TEST(ProcessLoad, CountsTheCpuTimeOfAllThreads)
{
    const QByteArray stat =
        "42 (a (b) c) R 1 42 42 0 -1 4194304 1 2 3 4 250 50 0 0 20 0 4 0 100 1 2";
    EXPECT_DOUBLE_EQ(cpuSeconds(stat, 100).value(), 3.0); // (250 + 50) / 100
    EXPECT_FALSE(cpuSeconds("42 (alpa) R 1", 100));
    EXPECT_FALSE(cpuSeconds("", 100));
}

TEST(ProcessLoad, OfThisProcessThatComputesIsAboutACore)
{
    ProcessLoad load;
    EXPECT_FALSE(load.sample(::getpid())) << "one sample is no rate";
    QElapsedTimer clock;
    clock.start();
    double sum = 0;
    while (clock.elapsed() < 600)
        sum += std::sqrt(double(clock.elapsed()));
    const std::optional<double> busy = load.sample(::getpid());
    ASSERT_TRUE(busy) << sum;
    EXPECT_GT(*busy, 0);
    EXPECT_LT(*busy, 64);
    EXPECT_EQ(load.sample(0), busy) << "a process that is gone keeps its last rate";
}

TEST(ApplyRunLine, KeepsWhatIsNoJsonInTheLog)
{
    RunRecord record;
    applyRunLine(record, "warming up\n");
    applyRunLine(record, "{\"event\":");
    applyRunLine(record, "[1, 2]");
    applyRunLine(record, "\n");
    EXPECT_EQ(record.log.size(), 3);
    EXPECT_TRUE(record.steps.empty());
}

TEST(ApplyRunLine, ErrorFailsTheRunWithItsMessage)
{
    RunRecord record;
    applyRunLine(record, R"({"event":"error","message":"out of memory on device 2"})");
    EXPECT_EQ(record.state, RunRecord::State::kFailed);
    EXPECT_EQ(record.message, QStringLiteral("out of memory on device 2"));
}

} // namespace
} // namespace alpa::app
