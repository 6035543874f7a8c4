// Failures on GPUs end a run soon, with words that say what to do.
#include "runtime/cuda/cuda_backend.h"
#include "runtime/executor/run_program.h"
#include "tests/support/program_builder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace alpa
{
namespace
{

bool isMissing(int gpus)
{
    const Result<int> count = cudaDeviceCount();
    return !count.ok() || *count < gpus;
}

#define NEEDS_GPUS(gpus)                                                                           \
    if (isMissing(gpus)) {                                                                         \
        ASSERT_TRUE(std::getenv("REQUIRE_GPU") == nullptr || gpus > 1) << "no GPU";                \
        GTEST_SKIP() << "needs " << gpus << " GPUs";                                               \
    }

Result<RunResult> runOnGpus(const Program& program, const std::map<std::string, HostBuffer>& inputs,
                            CudaOptions cuda = {}, RunOptions options = {})
{
    cuda.tunesProducts = false;
    ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend, makeCudaBackend(cuda));
    return runProgram(*backend, program, inputs, options);
}

HostBuffer zeros(const std::vector<int64_t>& dims)
{
    HostBuffer buffer;
    buffer.type.dims = dims;
    buffer.bytes.resize(static_cast<size_t>(buffer.type.bytes().count));
    return buffer;
}

TEST(CudaFaults, NamesTheMissingGpus)
{
    NEEDS_GPUS(1);
    ProgramBuilder builder;
    builder.addStage({64});
    builder.buffer(0, "x", {DType::kF32, {}}, BufferKind::kParameter);
    builder.queue(0, {{SegmentKind::kUpdate, 0}});
    const auto result = runOnGpus(builder.program(), {{"x", zeros({})}});
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find("needs 64 GPUs"), std::string::npos)
        << result.error().message;
}

TEST(CudaFaults, SaysWhatDoesNotFit)
{
    NEEDS_GPUS(1);
    ProgramBuilder builder;
    builder.addStage({1});
    const int64_t count = int64_t{1} << 38; // 1 TiB of floats, twice.
    const BufferId x = builder.buffer(0, "x", {DType::kF32, {}}, BufferKind::kParameter);
    const BufferId wide = builder.buffer(0, "wide", {DType::kF32, {count}}, BufferKind::kTemporary);
    const BufferId sorted =
        builder.buffer(0, "sorted", {DType::kF32, {count}}, BufferKind::kTemporary);
    const BufferId sum = builder.buffer(0, "sum", {DType::kF32, {}}, BufferKind::kState);
    builder.compute(0, SegmentKind::kForward, OpKind::kBroadcast, {x}, {wide}, DimsAttributes{});
    builder.compute(0, SegmentKind::kForward, OpKind::kSort, {wide}, {sorted}, SortAttributes{});
    builder.compute(0, SegmentKind::kForward, OpKind::kReduce, {sorted}, {sum},
                    ReduceAttributes{ReduceKind::kAdd, {0}});
    builder.queue(0, {{SegmentKind::kForward, 0}});
    const auto result = runOnGpus(builder.program(), {{"x", zeros({})}, {"sum", zeros({})}});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kOutOfMemory) << result.error().message;
    EXPECT_NE(result.error().message.find("more microbatches"), std::string::npos)
        << result.error().message;
}

/// 0 if the run ended with the failing device's place and advice. Ends the process: its GPU is
/// lost.
[[noreturn]] void runBadKernel()
{
    ProgramBuilder builder;
    builder.addStage({1});
    const BufferId x = builder.buffer(0, "x", {DType::kF32, {4}}, BufferKind::kParameter);
    const BufferId y = builder.buffer(0, "y", {DType::kF32, {4}}, BufferKind::kState);
    builder.compute(0, SegmentKind::kForward, OpKind::kNegate, {x}, {y});
    builder.queue(0, {{SegmentKind::kForward, 0}});
    CudaOptions cuda;
    cuda.faults = [](int, int, const Instruction&) { return CudaOptions::Fault::kBadAddress; };
    const auto result = runOnGpus(builder.program(), {{"x", zeros({4})}, {"y", zeros({4})}}, cuda);
    const std::string message = result.ok() ? "no error" : result.error().message;
    const bool isRight = !result.ok() && result.error().code == ErrorCode::kDevice &&
                         message.find("stage 0 device 0") != std::string::npos &&
                         message.find("--attention raw") != std::string::npos;
    std::fprintf(stderr, "%s\n", message.c_str());
    std::_Exit(isRight ? 0 : 1);
}

TEST(CudaFaults, EndsAfterABadKernelWithAdvice)
{
    NEEDS_GPUS(1);
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(runBadKernel(), testing::ExitedWithCode(0), "illegal memory access");
}

/// 0 if the run ended in time with both positions. Ends the process: its GPUs hang.
[[noreturn]] void runHungCollective()
{
    ProgramBuilder builder;
    builder.addStage({2});
    const BufferId x = builder.buffer(0, "x", {DType::kF32, {4}}, BufferKind::kParameter);
    const BufferId sum = builder.buffer(0, "sum", {DType::kF32, {4}}, BufferKind::kTemporary);
    builder.collective(0, SegmentKind::kForward, {}, x, sum);
    builder.compute(0, SegmentKind::kForward, OpKind::kConvert, {sum}, {x});
    builder.queue(0, {{SegmentKind::kForward, 0}});
    CudaOptions cuda;
    cuda.faults = [](int, int device, const Instruction& instruction) {
        return device == 1 && instruction.kind == InstructionKind::kCollective
                   ? CudaOptions::Fault::kLeftOut
                   : CudaOptions::Fault::kNone;
    };
    RunOptions options;
    options.watchdog = Seconds(2.0);
    const auto begin = std::chrono::steady_clock::now();
    const auto result = runOnGpus(builder.program(), {{"x", zeros({4})}}, cuda, options);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    // Loading, the watchdog's two seconds, and ending.
    const bool isRight = !result.ok() && result.error().code == ErrorCode::kAborted &&
                         took.count() < 20.0 &&
                         result.error().message.find("stage 0 device 0") != std::string::npos &&
                         result.error().message.find("stage 0 device 1") != std::string::npos;
    if (!result.ok())
        std::fprintf(stderr, "%s (%.1f s)\n", result.error().message.c_str(), took.count());
    std::_Exit(isRight ? 0 : 1);
}

TEST(CudaFaults, EndsAHungCollectiveWithEveryPosition)
{
    NEEDS_GPUS(2);
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(runHungCollective(), testing::ExitedWithCode(0), "stage 0 device 1");
}

} // namespace
} // namespace alpa
