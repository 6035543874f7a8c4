#include "core/cost/compute_time.h"
#include "core/graph/builder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace alpa
{
namespace
{

/// A device on which 1 FLOP of 16 bits takes 1 ps, of 32 bits 10 ps, a byte 1 ns and a launch 1 ms.
struct ComputeTimeTest : ::testing::Test {
    DeviceKind device;
    Graph graph;
    GraphBuilder builder{graph};

    ComputeTimeTest()
    {
        device.matrixFlops16 = 1e12;
        device.matrixFlops32 = 1e11;
        device.memoryBandwidth = 1e9;
        device.kernelLaunch = Seconds(1e-3);
    }
    ValueId input(DType dtype, std::vector<int64_t> dims, InputRole role = InputRole::kBatch)
    {
        return graph.addInput("input", {dtype, std::move(dims)}, role);
    }
    ComputeTime timeOf(ValueId value)
    {
        return computeTime(graph, graph.op(graph.value(value).producer), device);
    }
    /// Bytes that the op of `value` moves, from its time. Assumes that it is bound by memory.
    double bytesOf(ValueId value) { return std::round(timeOf(value).work.count * 1e9); }
};

TEST_F(ComputeTimeTest, BoundsProductsByArithmeticOrMemory)
{
    const ValueId x = input(DType::kBF16, {512, 512});
    const ValueId wide = builder.matmul(x, input(DType::kBF16, {512, 512}));
    // 3 * 512 * 512 * 2 bytes at 1 ns against 2 * 512^3 FLOP at 1 ps.
    EXPECT_DOUBLE_EQ(timeOf(wide).work.count, 3 * 512 * 512 * 2 * 1e-9);
    device.memoryBandwidth = 1e12;
    EXPECT_DOUBLE_EQ(timeOf(wide).work.count, 2.0 * 512 * 512 * 512 * 1e-12);
    EXPECT_EQ(timeOf(wide).fixed, Seconds(1e-3));
    EXPECT_DOUBLE_EQ(timeOf(wide).on(4).count, 2.0 * 512 * 512 * 512 * 1e-12 / 4 + 1e-3);
    const ValueId single =
        builder.matmul(input(DType::kF32, {512, 512}), input(DType::kF32, {512, 512}));
    EXPECT_DOUBLE_EQ(timeOf(single).work.count, 2.0 * 512 * 512 * 512 * 1e-11);
}

TEST_F(ComputeTimeTest, ChargesAFusedChainOnceForItsInputAndItsConsumerForTheWrite)
{
    const ValueId x = input(DType::kF32, {64, 64});
    const ValueId w = input(DType::kF32, {64, 64}, InputRole::kParameter);
    const int64_t matrix = 64 * 64 * 4;
    const ValueId product = builder.matmul(x, w);
    const ValueId scaled = builder.scale(product, 0.5);
    const ValueId activated = builder.tanh(scaled);
    const ValueId next = builder.matmul(activated, w);
    device.matrixFlops32 = 1e15;
    EXPECT_EQ(bytesOf(product), 3 * matrix);
    EXPECT_EQ(bytesOf(scaled), matrix); // reads the product
    EXPECT_EQ(bytesOf(activated), 0);
    EXPECT_EQ(bytesOf(next), 4 * matrix); // three of its own and the write of its operand
    EXPECT_EQ(timeOf(scaled).fixed, Seconds{});
}

TEST_F(ComputeTimeTest, TakesViewsAndConstantsAsFree)
{
    const ValueId x = builder.matmul(input(DType::kF32, {8, 16}), input(DType::kF32, {16, 32}));
    const ValueId moved = builder.transpose(builder.reshape(x, {8, 4, 8}), {1, 0, 2});
    EXPECT_EQ(timeOf(moved).on(1), Seconds{});
    EXPECT_EQ(timeOf(builder.constant(1.0, {DType::kF32, {8, 32}})).on(1), Seconds{});
    // Read through the views.
    EXPECT_EQ(bytesOf(builder.exp(moved)), 8 * 32 * 4);
    const ValueId bias = input(DType::kF32, {32}, InputRole::kParameter);
    EXPECT_EQ(bytesOf(builder.broadcast(bias, {1}, {8, 32})), 32 * 4);
}

TEST_F(ComputeTimeTest, ReadsARowAgainWhenItMeetsItsReduction)
{
    const ValueId scores =
        builder.matmul(input(DType::kBF16, {64, 64}), input(DType::kBF16, {64, 64}));
    const ValueId wide = builder.convert(scores, DType::kF32);
    const ValueId highest = builder.reduce(ReduceKind::kMaximum, wide, {1});
    const ValueId shifted = builder.subtract(wide, builder.broadcast(highest, {0}, {64, 64}));
    const ValueId powers = builder.exp(shifted);
    const ValueId sum = builder.sum(powers, {1});
    const ValueId share = builder.divide(powers, builder.broadcast(sum, {0}, {64, 64}));
    EXPECT_EQ(bytesOf(wide), 64 * 64 * 2);
    EXPECT_EQ(bytesOf(highest), 64 * 4);
    // As bf16, from which the f32 row follows.
    EXPECT_EQ(bytesOf(shifted), 64 * 64 * 2);
    EXPECT_EQ(bytesOf(powers), 0);
    EXPECT_EQ(bytesOf(sum), 64 * 4);
    EXPECT_EQ(bytesOf(share),
              64 * 64 * 2); // the powers follow again from the scores and the row's maximum
    EXPECT_EQ(timeOf(sum).fixed, Seconds(1e-3));
}

TEST_F(ComputeTimeTest, ReadsForwardValuesInTheBackwardPass)
{
    const ValueId x = builder.matmul(input(DType::kBF16, {64, 64}), input(DType::kBF16, {64, 64}));
    const ValueId activated = builder.tanh(builder.convert(x, DType::kF32));
    builder.setPhase(Phase::kBackward);
    const ValueId gradient = builder.multiply(activated, activated);
    EXPECT_EQ(bytesOf(gradient), 64 * 64 * 2); // tanh again from the stored bf16 product
}

TEST_F(ComputeTimeTest, UpdatesParametersInPlace)
{
    const ValueId parameter = input(DType::kF32, {1000}, InputRole::kParameter);
    const ValueId gradient = builder.sum(input(DType::kF32, {8, 1000}), {0});
    builder.setPhase(Phase::kUpdate);
    const ValueId step = builder.scale(gradient, 0.1);
    const ValueId updated = builder.subtract(parameter, step);
    EXPECT_EQ(bytesOf(step), 4000);
    EXPECT_EQ(bytesOf(updated), 8000); // read and written
}

TEST_F(ComputeTimeTest, CountsOnlyTheRowsThatAGatherReads)
{
    const ValueId table = input(DType::kF32, {1000, 64}, InputRole::kParameter);
    const ValueId rows = input(DType::kS32, {10, 1});
    GatherAttributes attributes;
    attributes.offsetDims = {1};
    attributes.collapsedSliceDims = {0};
    attributes.startIndexMap = {0};
    attributes.indexVectorDim = 1;
    attributes.sliceSizes = {1, 64};
    const ValueId taken = builder.gather(builder.convert(table, DType::kBF16), rows, attributes);
    EXPECT_EQ(bytesOf(taken), 2 * 10 * 64 * 2 + 10 * 4);
}

} // namespace
} // namespace alpa
