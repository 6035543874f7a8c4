#include "core/program/verify_program.h"
#include "runtime/cpu/cpu_backend.h"
#include "tests/support/host_buffers.h"
#include "tests/support/pipeline_program.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// y = x w1, z = y w2, loss = sum(z), written out as the dullest loops; one step of w -= mean over
/// microbatches.
struct Expected {
    std::vector<double> w1, w2;
    double loss = 0;
};

Expected expectedStep(const HostTensor& x, const HostTensor& w1, const HostTensor& w2,
                      int microbatches)
{
    const auto rows = static_cast<size_t>(x.type.dims[0]);
    const auto in = static_cast<size_t>(w1.type.dims[0]);
    const auto hidden = static_cast<size_t>(w1.type.dims[1]);
    const auto out = static_cast<size_t>(w2.type.dims[1]);
    Expected e{w1.values, w2.values, 0};
    for (size_t r = 0; r < rows; ++r) {
        for (size_t h = 0; h < hidden; ++h) {
            double y = 0;
            for (size_t i = 0; i < in; ++i)
                y += x.values[r * in + i] * w1.values[i * hidden + h];
            double dy = 0;
            for (size_t o = 0; o < out; ++o) {
                e.loss += y * w2.values[h * out + o] / microbatches;
                dy += w2.values[h * out + o];
                e.w2[h * out + o] -= y / microbatches;
            }
            for (size_t i = 0; i < in; ++i)
                e.w1[i * hidden + h] -= x.values[r * in + i] * dy / microbatches;
        }
    }
    return e;
}

HostTensor smallIntegers(const TensorType& type, int step)
{
    HostTensor tensor = filledTensor(type, 0.0);
    for (size_t i = 0; i < tensor.values.size(); ++i)
        tensor.values[i] = static_cast<double>((static_cast<int>(i) * step) % 5 - 2);
    return tensor;
}

void checkPipeline(const PipelineShape& shape)
{
    const Program program = pipelineProgram(shape);
    for (const Diagnostic& diagnostic : verifyProgram(program))
        ADD_FAILURE() << diagnostic.message;
    const HostTensor x = smallIntegers({DType::kF32, {4 * shape.microbatches, 8}}, 3);
    const HostTensor w1 = smallIntegers({DType::kF32, {8, 8}}, 7);
    const HostTensor w2 = smallIntegers({DType::kF32, {8, 4}}, 11);
    const Expected expected = expectedStep(x, w1, w2, shape.microbatches);
    const auto backend = makeCpuBackend({.poisonsArenas = true});
    const auto result = runProgram(
        *backend, program,
        {{"x", toHostBuffer(x)}, {"w1", toHostBuffer(w1)}, {"w2", toHostBuffer(w2)}}, {}, true);
    ASSERT_TRUE(result.ok()) << result.error().message;
    // Integers and powers of two: floats are exact, whatever the order.
    EXPECT_EQ(result->steps[0].loss, expected.loss);
    EXPECT_EQ(toHostTensor(result->state.at("w1")).values, expected.w1);
    EXPECT_EQ(toHostTensor(result->state.at("w2")).values, expected.w2);
    size_t events = 0;
    for (size_t stage = 0; stage < program.stages.size(); ++stage)
        events += program.queues[stage].size() * program.stages[stage].mesh.devices.size();
    EXPECT_EQ(result->trace.events.size(), events);
    for (const TraceEvent& event : result->trace.events) {
        EXPECT_LE(event.start, event.end);
        EXPECT_LE(event.communication, event.end - event.start);
    }
}

TEST(Pipeline, OneDevicePerStage) { checkPipeline({.microbatches = 1}); }

TEST(Pipeline, ManyMicrobatchesShareSlots) { checkPipeline({.microbatches = 8}); }

TEST(Pipeline, TransfersConnectDifferentShardings)
{
    for (const char* const sent : {"{-, -}", "{x, -}", "{-, x}"}) {
        for (const char* const received : {"{-, -}", "{x, -}", "{-, x}"})
            checkPipeline({.microbatches = 4,
                           .firstMesh = {2},
                           .secondMesh = {4},
                           .sentSpec = sent,
                           .receivedSpec = received});
    }
    checkPipeline({.microbatches = 2,
                   .firstMesh = {2, 2},
                   .secondMesh = {2},
                   .sentSpec = "{x, y}",
                   .receivedSpec = "{-, x}"});
}

/// Launches of a run of three steps of which the last is traced launch by launch.
Trace tracedRun(const Program& program, size_t most)
{
    std::map<std::string, HostBuffer> inputs;
    inputs["x"] = toHostBuffer(smallIntegers({DType::kF32, {16, 8}}, 3));
    inputs["w1"] = toHostBuffer(smallIntegers({DType::kF32, {8, 8}}, 7));
    inputs["w2"] = toHostBuffer(smallIntegers({DType::kF32, {8, 4}}, 11));
    RunOptions options;
    options.steps = 3;
    options.tracedLaunches = most;
    const auto result = runProgram(program, inputs, options);
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.ok() ? result->trace : Trace();
}

TEST(Pipeline, TheLastStepIsTracedInstructionByInstruction)
{
    const Program program = pipelineProgram(
        {.microbatches = 4, .firstMesh = {2}, .secondMesh = {2}, .sentSpec = "{-, x}"});
    const Trace trace = tracedRun(program, 100000);
    size_t wanted = 0;
    std::map<std::tuple<int, int, SegmentKind, int>, const TraceEvent*> runs;
    for (const TraceEvent& event : trace.events) {
        if (event.step != 2)
            continue;
        runs[{event.stage, event.device, event.kind, event.microbatch}] = &event;
        wanted += program.segment(event.stage, event.kind).instructions.size();
    }
    EXPECT_EQ(trace.launches.size(), wanted) << "each instruction of each run once";
    std::map<std::pair<int, int>, Seconds> reached; // by stage and device
    std::map<const TraceEvent*, size_t> next;
    for (const TraceLaunch& launch : trace.launches) {
        ASSERT_TRUE(isOf(program, launch));
        EXPECT_EQ(launch.step, 2);
        const TraceEvent* run =
            runs.at({launch.stage, launch.device, launch.kind, launch.microbatch});
        EXPECT_EQ(launch.instruction, next[run]++) << "in the order of the program";
        EXPECT_LE(run->start, launch.start);
        EXPECT_LE(launch.start, launch.end);
        EXPECT_LE(launch.end, run->end);
        Seconds& before = reached[{launch.stage, launch.device}];
        EXPECT_LE(before, launch.start) << "one after the other";
        before = launch.end;
    }
    for (const auto& [run, count] : next)
        EXPECT_EQ(count, program.segment(run->stage, run->kind).instructions.size());
}

TEST(Pipeline, TracesNoMoreLaunchesThanAskedFor)
{
    const Program program =
        pipelineProgram({.microbatches = 4, .firstMesh = {2}, .secondMesh = {2}});
    EXPECT_EQ(tracedRun(program, 12).launches.size(), 12u) << "three of each device";
    EXPECT_TRUE(tracedRun(program, 0).launches.empty());
}

TEST(Pipeline, TwoRunsAreTheSameToTheBit)
{
    const Program program = pipelineProgram(
        {.microbatches = 4, .firstMesh = {2}, .secondMesh = {2}, .sentSpec = "{-, x}"});
    HostTensor x = smallIntegers({DType::kF32, {16, 8}}, 3);
    for (double& value : x.values)
        value = value * 0.1 + 0.37;
    const std::map<std::string, HostBuffer> inputs{
        {"x", toHostBuffer(x)},
        {"w1", toHostBuffer(smallIntegers({DType::kF32, {8, 8}}, 7))},
        {"w2", toHostBuffer(smallIntegers({DType::kF32, {8, 4}}, 11))}};
    RunOptions options;
    options.steps = 3;
    const auto first = runProgram(program, inputs, options, true);
    const auto second = runProgram(program, inputs, options, true);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(first->state.at("w1").bytes, second->state.at("w1").bytes);
    EXPECT_EQ(first->steps[2].loss, second->steps[2].loss);
}

} // namespace
} // namespace alpa
