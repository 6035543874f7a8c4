#include "core/program/verify_program.h"
#include "runtime/cpu/cpu_backend.h"
#include "runtime/reference/strided.h"
#include "tests/support/host_buffers.h"
#include "tests/support/program_builder.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// Every element differs, so that no two places can be mixed up.
HostTensor numbered(const TensorType& type)
{
    HostTensor tensor = filledTensor(type, 0.0);
    for (size_t i = 0; i < tensor.values.size(); ++i)
        tensor.values[i] = static_cast<double>(i + 1);
    return tensor;
}

/// A parameter "in" under one spec goes through one collective into a state "out" under another.
/// Both are seen whole, so any resharding must leave the numbers as they are.
HostTensor reshard(const std::vector<int>& mesh, const TensorType& type, const std::string& from,
                   const std::string& to, const ProgramBuilder::Collective& what)
{
    ProgramBuilder builder;
    builder.addStage(mesh);
    const BufferId in = builder.buffer(0, "in", type, BufferKind::kParameter, from);
    const BufferId out = builder.buffer(0, "out", type, BufferKind::kState, to);
    builder.collective(0, SegmentKind::kForward, what, in, out);
    builder.queue(0, {{SegmentKind::kForward, 0}});
    for (const Diagnostic& diagnostic : verifyProgram(builder.program()))
        ADD_FAILURE() << diagnostic.message;
    const auto backend = makeCpuBackend({.poisonsArenas = true});
    const auto result = runProgram(
        *backend, builder.program(),
        {{"in", toHostBuffer(numbered(type))}, {"out", toHostBuffer(filledTensor(type, 0))}}, {},
        true);
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.ok() ? toHostTensor(result->state.at("out")) : HostTensor{};
}

struct ReshardCase {
    std::vector<int> mesh;
    std::string from, to;
    ProgramBuilder::Collective what;
};

constexpr AxisSet kX = 1;
constexpr AxisSet kY = 2;

TEST(Collectives, AllGatherAlongEveryDimensionAndGroup)
{
    const ReshardCase cases[] = {
        {{2}, "{x, -, -}", "{-, -, -}", {CollectiveKind::kAllGather, kX, 0}},
        {{2}, "{-, x, -}", "{-, -, -}", {CollectiveKind::kAllGather, kX, 1}},
        {{2}, "{-, -, x}", "{-, -, -}", {CollectiveKind::kAllGather, kX, 2}},
        {{2, 2}, "{-, x, y}", "{-, -, y}", {CollectiveKind::kAllGather, kX, 1}},
        {{2, 2}, "{-, x, y}", "{-, x, -}", {CollectiveKind::kAllGather, kY, 2}},
        {{2, 2}, "{x.y, -, -}", "{x, -, -}", {CollectiveKind::kAllGather, kY, 0}},
        {{2, 2}, "{x.y, -, -}", "{-, -, -}", {CollectiveKind::kAllGather, kX | kY, 0}},
        {{2, 2}, "{-, -, x.y}", "{-, -, -}", {CollectiveKind::kAllGather, kX | kY, 2}}};
    for (const DType dtype : {DType::kF32, DType::kBF16, DType::kS64, DType::kU8}) {
        const TensorType type{dtype, {4, 2, 8}};
        for (const ReshardCase& c : cases)
            EXPECT_EQ(reshard(c.mesh, type, c.from, c.to, c.what), numbered(type))
                << c.from << " to " << c.to;
    }
}

TEST(Collectives, AllToAllMovesAnAxisBetweenAnyTwoDimensions)
{
    const TensorType type{DType::kF32, {4, 8, 4}};
    const char* const specs[] = {"{x, -, -}", "{-, x, -}", "{-, -, x}"};
    for (int from = 0; from < 3; ++from) {
        for (int to = 0; to < 3; ++to) {
            if (from == to)
                continue;
            for (const std::vector<int>& mesh : {std::vector<int>{2}, {4}, {2, 2}})
                EXPECT_EQ(reshard(mesh, type, specs[from], specs[to],
                                  {CollectiveKind::kAllToAll, kX, to, from}),
                          numbered(type))
                    << specs[from] << " to " << specs[to];
        }
    }
    EXPECT_EQ(
        reshard({2, 2}, type, "{x.y, -, -}", "{x, y, -}", {CollectiveKind::kAllToAll, kY, 1, 0}),
        numbered(type));
    EXPECT_EQ(reshard({2, 2}, type, "{x.y, -, -}", "{-, -, x.y}",
                      {CollectiveKind::kAllToAll, kX | kY, 2, 0}),
              numbered(type));
}

/// in (F, whole on every device) times the device's own number (its position + 1) is partial;
/// reducing it must yield the sum (or largest) of the numbers times in.
HostTensor reducePartial(const std::vector<int>& mesh, AxisSet axes, const std::string& to,
                         CollectiveKind kind, int dim, DType dtype, ReduceKind reduction)
{
    const TensorType type{dtype, {4, 8}};
    ProgramBuilder builder;
    builder.addStage(mesh);
    std::string all = mesh.size() == 2 ? "{x.y}" : "{x}";
    int64_t devices = 1;
    for (const int size : mesh)
        devices *= size;
    const BufferId in = builder.buffer(0, "in", type, BufferKind::kParameter);
    const BufferId number =
        builder.buffer(0, "number", {dtype, {devices}}, BufferKind::kParameter, all);
    std::string partial = axes == kX ? " partial x" : axes == kY ? " partial y" : " partial x.y";
    if (reduction == ReduceKind::kMaximum)
        partial += " by maximum";
    ShardingSpec spec = ShardingSpec::replicated(2);
    spec.partial = axes;
    spec.partialKind = reduction;
    const BufferId wide = builder.buffer(0, "wide", type, BufferKind::kTemporary);
    const BufferId product = builder.buffer(0, "product", type, BufferKind::kTemporary);
    builder.stage(0).buffers[product.index()].spec = spec;
    const BufferId out = builder.buffer(0, "out", type, BufferKind::kState, to);
    const BufferId scalar = builder.buffer(0, "scalar", {dtype, {}}, BufferKind::kTemporary);
    builder.compute(0, SegmentKind::kForward, OpKind::kReshape, {number}, {scalar});
    builder.compute(0, SegmentKind::kForward, OpKind::kBroadcast, {scalar}, {wide},
                    DimsAttributes{});
    builder.compute(0, SegmentKind::kForward, OpKind::kMultiply, {in, wide}, {product});
    builder.collective(0, SegmentKind::kForward, {kind, axes, dim, 0, reduction}, product, out);
    builder.queue(0, {{SegmentKind::kForward, 0}});
    for (const Diagnostic& diagnostic : verifyProgram(builder.program()))
        ADD_FAILURE() << diagnostic.message;
    const auto backend = makeCpuBackend({.poisonsArenas = true});
    const auto result = runProgram(*backend, builder.program(),
                                   {{"in", toHostBuffer(numbered(type))},
                                    {"number", toHostBuffer(numbered({dtype, {devices}}))},
                                    {"out", toHostBuffer(filledTensor(type, 0))}},
                                   {}, true);
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.ok() ? toHostTensor(result->state.at("out")) : HostTensor{};
}

HostTensor times(HostTensor tensor, double factor)
{
    for (double& value : tensor.values)
        value *= factor;
    return tensor;
}

TEST(Collectives, AllReduceSumsOverItsGroupOnly)
{
    for (const DType dtype : {DType::kF32, DType::kF64, DType::kBF16, DType::kF16, DType::kS32}) {
        const HostTensor in = numbered({dtype, {4, 8}});
        EXPECT_EQ(reducePartial({2}, kX, "{-, -}", CollectiveKind::kAllReduce, 0, dtype,
                                ReduceKind::kAdd),
                  times(in, 3)); // 1 + 2
        EXPECT_EQ(reducePartial({3}, kX, "{-, -}", CollectiveKind::kAllReduce, 0, dtype,
                                ReduceKind::kAdd),
                  times(in, 6)); // 1 + 2 + 3
        EXPECT_EQ(reducePartial({3}, kX, "{-, -}", CollectiveKind::kAllReduce, 0, dtype,
                                ReduceKind::kMaximum),
                  times(in, 3));
        // Device 0 (the first holder of the result) is in group {0, 2} over x and {0, 1} over y.
        EXPECT_EQ(reducePartial({2, 2}, kX, "{-, -}", CollectiveKind::kAllReduce, 0, dtype,
                                ReduceKind::kAdd),
                  times(in, 4)); // 1 + 3
        EXPECT_EQ(reducePartial({2, 2}, kY, "{-, -}", CollectiveKind::kAllReduce, 0, dtype,
                                ReduceKind::kAdd),
                  times(in, 3)); // 1 + 2
    }
    const HostTensor in = numbered({DType::kF32, {4, 8}});
    EXPECT_EQ(reducePartial({2, 2}, kX | kY, "{-, -}", CollectiveKind::kAllReduce, 0, DType::kF32,
                            ReduceKind::kAdd),
              times(in, 10)); // 1 + 2 + 3 + 4
}

TEST(Collectives, ReduceScatterLeavesEveryMemberItsPart)
{
    const HostTensor in = numbered({DType::kF32, {4, 8}});
    for (const int dim : {0, 1}) {
        const std::string one = dim == 0 ? "{x, -}" : "{-, x}";
        const std::string both = dim == 0 ? "{x.y, -}" : "{-, x.y}";
        EXPECT_EQ(reducePartial({2}, kX, one, CollectiveKind::kReduceScatter, dim, DType::kF32,
                                ReduceKind::kAdd),
                  times(in, 3)); // 1 + 2
        EXPECT_EQ(reducePartial({4}, kX, one, CollectiveKind::kReduceScatter, dim, DType::kF32,
                                ReduceKind::kAdd),
                  times(in, 10)); // 1 + 2 + 3 + 4
        EXPECT_EQ(reducePartial({2, 2}, kX | kY, both, CollectiveKind::kReduceScatter, dim,
                                DType::kF32, ReduceKind::kAdd),
                  times(in, 10));
    }
}

TEST(Collectives, ReduceScatterLeavesSingleColumns)
{
    const HostTensor in = numbered({DType::kF32, {4, 8}});
    EXPECT_EQ(reducePartial({8}, kX, "{-, x}", CollectiveKind::kReduceScatter, 1, DType::kF32,
                            ReduceKind::kAdd),
              times(in, 36)); // 1 + 2 + ... + 8
}

TEST(Collectives, AllReduceInPlaceGivesTheSame)
{
    ProgramBuilder builder;
    builder.addStage({3});
    const TensorType type{DType::kF32, {5}};
    const BufferId in = builder.buffer(0, "in", type, BufferKind::kParameter);
    builder.collective(0, SegmentKind::kForward, {}, in, in);
    builder.queue(0, {{SegmentKind::kForward, 0}});
    RunOptions options;
    options.steps = 3;
    const auto result =
        runProgram(builder.program(), {{"in", toHostBuffer(numbered(type))}}, options, true);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(toHostTensor(result->state.at("in")), times(numbered(type), 27)); // 3 * 3 * 3
}

} // namespace
} // namespace alpa
