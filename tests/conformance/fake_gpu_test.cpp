// How the CUDA backend fails and what it records, on any machine: with libraries that only pretend.
#include "runtime/cuda/make_backend.h"
#include "runtime/executor/run_program.h"
#include "tests/support/fake_gpus.h"
#include "tests/support/program_builder.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace alpa
{
namespace
{

using Inputs = std::map<std::string, HostBuffer>;

class FakeGpus : public testing::Test
{
protected:
    FakeGpus()
    {
        FakeFaults& faults = FakeFaults::current();
        faults.gpus = 1;
        faults.largestAllocation = SIZE_MAX;
        faults.brokenGpu = faults.hangingGpu = faults.deafGpu = -1;
        faults.graphLaunches = faults.kernelLaunches = 0;
    }

    static Inputs zeros(const Program& program)
    {
        Inputs inputs;
        for (const Buffer& buffer : program.stages[0].buffers) {
            HostBuffer whole{{buffer.type.dtype, buffer.globalDims}, {}};
            if (buffer.kind == BufferKind::kBatch)
                whole.type.dims[0] *= program.microbatches;
            whole.bytes.resize(static_cast<size_t>(whole.type.bytes().count));
            inputs[buffer.name] = whole;
        }
        return inputs;
    }

    static RunOptions untraced(Seconds watchdog = Seconds(60))
    {
        RunOptions options;
        options.recordTrace = false;
        options.watchdog = watchdog;
        return options;
    }

    /// A run of `steps` steps; the error's message if it fails.
    static Result<RunResult> run(const Program& program, int steps = 1,
                                 const CudaOptions& cuda = {}, RunOptions options = untraced())
    {
        ASSIGN_OR_RETURN(const auto backend, cuda::makeBackend(fakeLibraries(), cuda, ""));
        options.steps = steps;
        return runProgram(*backend, program, zeros(program), options);
    }

    static void expectSays(const Error& error, std::initializer_list<const char*> words)
    {
        for (const char* word : words)
            EXPECT_NE(error.message.find(word), std::string::npos) << error.message;
    }
};

/// Negates on each device, and adds the results up.
Program allReduce(int devices)
{
    ProgramBuilder builder;
    builder.addStage({devices});
    const BufferId x = builder.buffer(0, "x", {DType::kF32, {4}}, BufferKind::kParameter);
    const BufferId minus = builder.buffer(0, "minus", {DType::kF32, {4}}, BufferKind::kTemporary);
    const BufferId sum = builder.buffer(0, "sum", {DType::kF32, {4}}, BufferKind::kTemporary);
    builder.compute(0, SegmentKind::kForward, OpKind::kNegate, {x}, {minus});
    builder.collective(0, SegmentKind::kForward, {}, minus, sum);
    builder.compute(0, SegmentKind::kForward, OpKind::kConvert, {sum}, {x});
    builder.queue(0, {{SegmentKind::kForward, 0}});
    return builder.program();
}

/// Adds a batch to a parameter, on one device.
Program accumulate()
{
    ProgramBuilder builder;
    builder.addStage({1});
    const BufferId x = builder.buffer(0, "x", {DType::kF32, {4}}, BufferKind::kParameter);
    const BufferId batch = builder.buffer(0, "batch", {DType::kF32, {4}}, BufferKind::kBatch);
    const BufferId sum = builder.buffer(0, "sum", {DType::kF32, {4}}, BufferKind::kTemporary);
    builder.compute(0, SegmentKind::kForward, OpKind::kAdd, {x, batch}, {sum});
    builder.compute(0, SegmentKind::kForward, OpKind::kConvert, {sum}, {x});
    builder.queue(0, {{SegmentKind::kForward, 0}});
    return builder.program();
}

TEST_F(FakeGpus, NamesTheMissingOnes)
{
    const auto result = run(allReduce(2));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidInput);
    expectSays(result.error(), {"the program needs 2 GPUs, this machine has 1"});
}

TEST_F(FakeGpus, SaysWhereMemoryEndsAndWhatToDo)
{
    FakeFaults::current().gpus = 2;
    FakeFaults::current().largestAllocation = 1 << 20; // The workspace is larger.
    const auto result = run(allReduce(2));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kOutOfMemory);
    expectSays(result.error(), {"more microbatches", "stage 0 device 0", "stage 0 device 1"});
    FakeFaults::current().largestAllocation = 1;
    const auto arena = run(allReduce(2));
    ASSERT_FALSE(arena.ok());
    expectSays(arena.error(), {"an arena of", "does not fit", "more microbatches"});
}

TEST_F(FakeGpus, EndsTheRunWhenAKernelFails)
{
    FakeFaults::current().gpus = 2;
    FakeFaults::current().brokenGpu = 1;
    const auto result = run(allReduce(2), 3);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kDevice);
    expectSays(result.error(), {"stage 0 device 1", "stage 0 device 0", "--attention raw"});
}

TEST_F(FakeGpus, EndsTheRunWhenACollectiveHangs)
{
    FakeFaults::current().gpus = 2;
    FakeFaults::current().hangingGpu = 1;
    const auto result = run(allReduce(2), 3, {}, untraced(Seconds(0.3)));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kAborted);
    expectSays(result.error(), {"no device made progress for 300 ms", "stage 0 device 0",
                                "stage 0 device 1, F0 instruction 2", "--watchdog"});
}

TEST_F(FakeGpus, EndsTheRunWhenAPeerIsLost)
{
    FakeFaults::current().gpus = 2;
    FakeFaults::current().deafGpu = 0;
    const auto result = run(allReduce(2), 3);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kDevice);
    expectSays(result.error(), {"NCCL: a peer is gone", "stage 0 device 0", "stage 0 device 1"});
}

TEST_F(FakeGpus, LaunchesRecordedStepsWhole)
{
    ASSERT_TRUE(run(accumulate(), 7).ok());
    // Two steps launch by launch and one to record; that one and those after it run as a graph.
    const int perStep = FakeFaults::current().kernelLaunches / 3;
    EXPECT_EQ(FakeFaults::current().kernelLaunches, 3 * perStep);
    EXPECT_GT(perStep, 0);
    EXPECT_EQ(FakeFaults::current().graphLaunches, 5);
    CudaOptions cuda;
    cuda.recordsSteps = false;
    ASSERT_TRUE(run(accumulate(), 7, cuda).ok());
    EXPECT_EQ(FakeFaults::current().kernelLaunches, (3 + 7) * perStep);
    EXPECT_EQ(FakeFaults::current().graphLaunches, 5);
}

/// Every launch of a traced step names instructions of the program, within its segment's run, and
/// in time order on its queue.
void expectSound(const Program& program, const Trace& trace)
{
    std::map<std::tuple<int, SegmentKind, int>, const TraceEvent*> runs;
    for (const TraceEvent& event : trace.events)
        runs[{event.device, event.kind, event.microbatch}] = &event;
    std::map<std::pair<int, bool>, Seconds> reached;
    for (const TraceLaunch& launch : trace.launches) {
        ASSERT_TRUE(isOf(program, launch));
        const TraceEvent* run = runs.at({launch.device, launch.kind, launch.microbatch});
        Seconds& before = reached[{launch.device, launch.isBeside}];
        EXPECT_LE(before, launch.start);
        EXPECT_LT(launch.start, launch.end);
        before = launch.end;
        EXPECT_LE(run->start, launch.start);
        EXPECT_TRUE(launch.isBeside || launch.end <= run->end);
    }
}

TEST_F(FakeGpus, TracesItsLaunchesWithTheInstructionsTheyStandFor)
{
    FakeFaults::current().gpus = 2;
    RunOptions options;
    options.tracedLaunches = 100;
    for (const Program& program : {allReduce(2), accumulate()}) {
        const auto result = run(program, 5, {}, options);
        ASSERT_TRUE(result.ok()) << result.error().message;
        expectSound(program, result->trace);
        // All that the step computes is computed by some launch, but for what others take up.
        std::set<size_t> named;
        for (const TraceLaunch& launch : result->trace.launches) {
            EXPECT_EQ(launch.step, 4);
            named.insert(launch.instruction);
            named.insert(launch.covered.begin(), launch.covered.end());
        }
        const size_t last = program.segment(0, SegmentKind::kForward).instructions.size() - 1;
        EXPECT_TRUE(named.contains(last)) << "what stores the result is always launched";
    }
    EXPECT_EQ(FakeFaults::current().graphLaunches, 0) << "a graph has no times of its parts";
}

TEST_F(FakeGpus, RecordsNoStepThatCommunicates)
{
    FakeFaults::current().gpus = 2;
    ASSERT_TRUE(run(allReduce(2), 7).ok());
    EXPECT_EQ(FakeFaults::current().graphLaunches, 0);
}

} // namespace
} // namespace alpa
