#include "runtime/cpu/cpu_backend.h"
#include "tests/support/host_buffers.h"
#include "tests/support/program_builder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <pthread.h>
#include <thread>

namespace alpa
{
namespace
{

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Two devices all-reduce one parameter, again and again.
Program allReduceProgram(int count)
{
    ProgramBuilder builder;
    builder.addStage({2});
    const BufferId in = builder.buffer(0, "in", {DType::kF32, {4}}, BufferKind::kParameter);
    for (int i = 0; i < count; ++i)
        builder.collective(0, SegmentKind::kForward, {}, in, in);
    builder.queue(0, {{SegmentKind::kForward, 0}});
    return builder.program();
}

std::map<std::string, HostBuffer> zeros(const Program& program)
{
    std::map<std::string, HostBuffer> inputs;
    for (const StageProgram& stage : program.stages) {
        for (const Buffer& buffer : stage.buffers)
            inputs[buffer.name] =
                toHostBuffer(filledTensor({buffer.type.dtype, buffer.globalDims}, 0.0));
    }
    return inputs;
}

/// CPU devices of which one fails at its n-th instruction, or whose thread is killed there.
class FailingBackend : public Backend
{
public:
    enum class How { kSaysWhy, kThreadDies };
    FailingBackend(int device, int failsAt, How how = How::kSaysWhy)
        : cpu_(makeCpuBackend())
        , device_(device)
        , failsAt_(failsAt)
        , how_(how)
    {
    }

    Result<std::unique_ptr<Device>> load(const Program& program, int stage, int device) override
    {
        ASSIGN_OR_RETURN(std::unique_ptr<Device> loaded, cpu_->load(program, stage, device));
        return std::unique_ptr<Device>(std::make_unique<FailingDevice>(
            std::move(loaded), device == device_ ? failsAt_ : -1, how_));
    }
    void abort() override { cpu_->abort(); }

private:
    class FailingDevice : public Device
    {
    public:
        FailingDevice(std::unique_ptr<Device> inner, int failsAt, How how)
            : inner_(std::move(inner))
            , left_(failsAt)
            , how_(how)
        {
        }
        Status run(SegmentKind segment, size_t index, int microbatch) override
        {
            const bool fails = left_-- == 0;
            if (fails && how_ == How::kThreadDies)
                pthread_exit(nullptr);
            if (fails)
                return Error(ErrorCode::kDevice, "the fan is on fire");
            return inner_->run(segment, index, microbatch);
        }
        Status zero(BufferId buffer) override { return inner_->zero(buffer); }
        Status write(BufferId buffer, int microbatch, std::span<const std::byte> bytes) override
        {
            return inner_->write(buffer, microbatch, bytes);
        }
        Status read(BufferId buffer, int microbatch, std::span<std::byte> bytes) override
        {
            return inner_->read(buffer, microbatch, bytes);
        }
        Status finish() override { return inner_->finish(); }
        void recordTime(size_t slot) override { inner_->recordTime(slot); }
        Seconds recordedTime(size_t slot) const override { return inner_->recordedTime(slot); }
        void timeLaunches(size_t most) override { inner_->timeLaunches(most); }
        std::vector<TimedLaunch> takeLaunches() override { return inner_->takeLaunches(); }

    private:
        std::unique_ptr<Device> inner_;
        int left_;
        How how_;
    };

    std::unique_ptr<Backend> cpu_;
    int device_;
    int failsAt_;
    How how_;
};

TEST(Failures, AFailingDeviceEndsTheRunWithEverybodysPosition)
{
    const Program program = allReduceProgram(10);
    FailingBackend backend(1, 4);
    const auto start = Clock::now();
    const auto result = runProgram(backend, program, zeros(program), {});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kDevice);
    const std::string& message = result.error().message;
    EXPECT_EQ(
        message.find("stage 0 device 1, F0 instruction 4 (all-reduce in): the fan is on fire; "
                     "stage 0 device 0, F0 instruction "),
        0u)
        << message;
    EXPECT_NE(message.find("; stage 0 device 1, F0 instruction 4 (all-reduce in)"),
              std::string::npos)
        << message;
    EXPECT_LT(secondsSince(start), 5.0);
}

TEST(Failures, AKilledThreadEndsTheRunWithEverybodysPosition)
{
    const Program program = allReduceProgram(20);
    FailingBackend backend(1, 3, FailingBackend::How::kThreadDies);
    RunOptions options;
    options.watchdog = Seconds(0.5);
    const Clock::time_point start = Clock::now();
    const auto result = runProgram(backend, program, zeros(program), options);
    EXPECT_LT(secondsSince(start), 10.0);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kAborted);
    for (const char* part :
         {"stage 0 device 0, F0 instruction 3 (all-reduce",
          "stage 0 device 1, F0 instruction 3 (all-reduce", "--watchdog gives the run more time"})
        EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST(Failures, AnOpWithoutKernelIsRefusedAtLoad)
{
    ProgramBuilder builder;
    builder.addStage({2});
    const BufferId in = builder.buffer(0, "in", {DType::kF32, {4}}, BufferKind::kParameter);
    builder.compute(0, SegmentKind::kForward, OpKind::kOpaque, {in}, {in},
                    OpaqueAttributes{"stablehlo.fft", "", {}, {}});
    builder.queue(0, {{SegmentKind::kForward, 0}});
    const auto result = runProgram(builder.program(), zeros(builder.program()), {});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(result.error().message.find("opaque has no kernel on CPU devices"), std::string::npos)
        << result.error().message;
}

TEST(Failures, TheWatchdogEndsAReceiveThatNobodySends)
{
    ProgramBuilder builder;
    builder.addStage({2});
    builder.addStage({1});
    const BufferId from = builder.buffer(0, "from", {DType::kF32, {4}}, BufferKind::kParameter);
    const BufferId to = builder.buffer(1, "to", {DType::kF32, {4}}, BufferKind::kParameter);
    builder.transfer(0, from, SegmentKind::kForward, 1, to, SegmentKind::kForward);
    builder.stage(0).segments[static_cast<size_t>(SegmentKind::kForward)].instructions.clear();
    builder.queue(0, {{SegmentKind::kForward, 0}});
    builder.queue(1, {{SegmentKind::kForward, 0}});
    RunOptions options;
    options.watchdog = Seconds(0.3);
    const auto start = Clock::now();
    const auto result = runProgram(builder.program(), zeros(builder.program()), options);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kAborted);
    EXPECT_EQ(
        result.error().message,
        "no device made progress for 300 ms; stage 0 device 0, at the end of the step; stage 0 "
        "device 1, at the end of the step; stage 1 device 0, F0 instruction 0 (receive t0); "
        "whoever "
        "is elsewhere keeps the others waiting, and if nobody is, --watchdog gives the run more "
        "time");
    EXPECT_LT(secondsSince(start), 3.0);
}

TEST(Failures, CancellingEndsTheRunWithinATenthOfASecond)
{
    const Program program = allReduceProgram(4);
    std::stop_source source;
    RunOptions options;
    options.steps = 1 << 30;
    options.recordTrace = false;
    options.control.stop = source.get_token();
    Clock::time_point cancelled;
    std::jthread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        cancelled = Clock::now();
        source.request_stop();
    });
    const auto result = runProgram(program, zeros(program), options);
    canceller.join();
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
    EXPECT_LT(secondsSince(cancelled), 0.1);
}

TEST(Failures, InputsAreCheckedByNameAndType)
{
    const Program program = allReduceProgram(1);
    EXPECT_EQ(runProgram(program, {}, {}).error().message,
              "input 'in' is missing, expected f32[4]");
    const auto messageAbout = [&](HostBuffer in) {
        std::map<std::string, HostBuffer> inputs;
        inputs.emplace("in", std::move(in));
        return runProgram(program, inputs, {}).error().message;
    };
    EXPECT_EQ(messageAbout(toHostBuffer(filledTensor({DType::kF32, {5}}, 0.0))),
              "input 'in' is f32[5], expected f32[4]");
    HostBuffer cut = toHostBuffer(filledTensor({DType::kF32, {4}}, 0.0));
    cut.bytes.pop_back();
    EXPECT_EQ(messageAbout(std::move(cut)), "input 'in' has 15 bytes, expected 16");
}

/// Inputs made while the devices load.
Result<RunResult> runWithMaker(const Program& program, const InputsMaker& makeInputs)
{
    const auto backend = makeCpuBackend();
    return runProgram(*backend, program, makeInputs, {});
}

TEST(Failures, InputsThatCannotBeMadeEndTheRunWithTheReason)
{
    const Program program = allReduceProgram(1);
    EXPECT_EQ(runWithMaker(program, [] { return Error(ErrorCode::kIo, "the disk is gone"); })
                  .error()
                  .message,
              "the disk is gone");
    EXPECT_EQ(
        runWithMaker(program, [] { return std::map<std::string, HostBuffer>(); }).error().message,
        "input 'in' is missing, expected f32[4]");
    const auto done = runWithMaker(program, [&] { return zeros(program); });
    EXPECT_TRUE(done.ok()) << done.error().message;
}

} // namespace
} // namespace alpa
