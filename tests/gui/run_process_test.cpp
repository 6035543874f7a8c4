// What the window makes of a run's JSON lines.
#include "app/session/run_process.h"
#include "tests/gui/gui_support.h"

#include <QFile>
#include <QTemporaryDir>
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

/// What becomes of a run whose program is this shell script.
RunRecord scripted(const QByteArray& script)
{
    const QTemporaryDir directory;
    RunRecord record;
    record.stepsWanted = 9;
    record.traceFile = directory.filePath(QStringLiteral("trace.json"));
    RunProcess run(record);
    bool isOver = false;
    QObject::connect(&run, &RunProcess::finished, &run, [&] { isOver = true; });
    run.start({QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QString::fromUtf8(script)}, {}});
    EXPECT_TRUE(waitUntil([&] { return isOver; }, 20000));
    EXPECT_FALSE(QFile::exists(record.traceFile)) << "no half of a trace";
    return run.record();
}

constexpr const char* kStep = R"(echo '{"event":"step","step":0,"loss":5.5,"ms":90}';)";

TEST(RunProcess, KilledWithinALineKeepsWhatItSaidBefore)
{
    const RunRecord step =
        scripted(QByteArray(kStep) + R"(printf '{"event":"step","step":1,"lo'; kill -9 $$)");
    EXPECT_EQ(step.state, RunRecord::State::kFailed);
    EXPECT_EQ(step.steps.size(), 1u);
    EXPECT_TRUE(
        step.message.startsWith(QStringLiteral("the run was killed or crashed, after step 1 of 9")))
        << step.message.toStdString();
    const RunRecord trace = scripted(
        R"(printf '{"event": "trace", "traceEvents": ['; head -c 9000000 /dev/zero | tr '\0' 1; )"
        "kill -9 $$");
    EXPECT_EQ(trace.state, RunRecord::State::kFailed);
    EXPECT_TRUE(trace.log.isEmpty()) << "megabytes are nothing to read";
    const RunRecord noise = scripted("head -c 9000000 /dev/zero | tr '\\0' x; kill -9 $$");
    ASSERT_EQ(noise.log.size(), 1);
    EXPECT_LE(noise.log[0].size(), 2000);
    EXPECT_LE(noise.message.size(), 3000);
}

TEST(RunProcess, ADeviceThatFailsIsToldWithThePositionsOfAll)
{
    const QByteArray error =
        "stage 0 device 1, F0 instruction 4 (all-reduce in): the fan is on fire; "
        "stage 0 device 0, F0 instruction 7 (dot h)";
    const RunRecord run = scripted(QByteArray(kStep) + R"(echo '{"event":"error","message":")" +
                                   error + R"("}'; exit 1)");
    EXPECT_EQ(run.state, RunRecord::State::kFailed);
    EXPECT_EQ(run.message, QString::fromUtf8(error));
}

TEST(ApplyRunLine, ErrorFailsTheRunWithItsMessage)
{
    RunRecord record;
    applyRunLine(record, R"({"event":"error","message":"out of memory on device 2"})");
    EXPECT_EQ(record.state, RunRecord::State::kFailed);
    EXPECT_EQ(record.message, QStringLiteral("out of memory on device 2"));
}

TEST(ApplyRunLine, MemoryThatIsMissingIsToldInFigures)
{
    RunRecord record;
    applyRunLine(record,
                 R"({"event":"error","message":"stage 2 device 1, loading: GPU 5: an arena )"
                 R"(of 150.3 GiB does not fit, 120.1 GiB of 139.8 GiB are free; plan with )"
                 R"(more microbatches or a smaller --memory"})");
    EXPECT_TRUE(record.message.startsWith(
        QStringLiteral("Out of memory: stage 2 needs 150.3 GiB, its device 1 has 120.1 GiB free "
                       "of 139.8 GiB.\nstage 2 device 1, loading: GPU 5")))
        << record.message.toStdString();
}

} // namespace
} // namespace alpa::app
