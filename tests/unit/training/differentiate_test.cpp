#include "core/graph/builder.h"
#include "core/training/differentiate.h"
#include "tests/support/gradient_check.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace alpa
{
namespace
{

using P = const std::vector<ValueId>&;

TEST(Differentiate, RefusesAllOpsWithoutDerivativeAtOnce)
{
    Graph graph = weightedLoss({{4}}, [](GraphBuilder& b, P p) {
        const ReduceWindowAttributes window{.kind = ReduceKind::kMultiply,
                                            .window = {1},
                                            .strides = {1},
                                            .paddingLow = {0},
                                            .paddingHigh = {0}};
        return b.reduceWindow(b.reduceWindow(p[0], window), window);
    });
    graph.ops[0].sourceLine = 12;
    const Result<Graph> result = differentiate(graph);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(result.error().message,
              "no derivative for window reduction other than add, maximum and minimum (line 12), "
              "window reduction other than add, maximum and minimum");
}

TEST(Differentiate, GivesWhatNobodyKnowsADerivativeThatNobodyKnows)
{
    const Graph graph = weightedLoss({{4}}, [](GraphBuilder& b, P p) {
        return b.emit(OpKind::kOpaque, {b.tanh(p[0])},
                      OpaqueAttributes{"stablehlo.fft", "text", {}, {}}, b.type(p[0]));
    });
    const Result<Graph> result = differentiate(graph);
    ASSERT_TRUE(result.ok()) << result.error().message;
    const auto found = std::ranges::find_if(result->ops, [](const Op& op) {
        return op.kind == OpKind::kOpaque && op.phase == Phase::kBackward;
    });
    ASSERT_NE(found, result->ops.end());
    EXPECT_EQ(std::get<OpaqueAttributes>(found->attributes).name, "derivative of stablehlo.fft");
    EXPECT_EQ(found->operands.size(), 2u); // The operand and the cotangent.
}

TEST(Differentiate, IgnoresOpsThatTheLossDoesNotNeed)
{
    Graph graph = weightedLoss({{4}}, [](GraphBuilder& b, P p) {
        b.emit(OpKind::kSort, {p[0]}, SortAttributes{});
        return p[0];
    });
    const size_t forwardOps = graph.ops.size();
    const Result<Graph> result = differentiate(graph);
    ASSERT_TRUE(result.ok());
    // A gradient that is a constant times the weights needs no op but its weights' broadcast one.
    EXPECT_LE(result->ops.size(), forwardOps + 3);
}

size_t countOps(const Graph& graph, OpKind kind)
{
    return static_cast<size_t>(std::ranges::count(graph.ops, kind, &Op::kind));
}

/// tanh(x) cut at `cuts` along dimension 1 (of 7), each part through another function.
Graph cutLoss(std::vector<std::pair<int64_t, int64_t>> cuts)
{
    return weightedLoss({{2, 7}}, [&](GraphBuilder& b, P p) {
        const ValueId x = b.tanh(p[0]);
        std::vector<ValueId> parts;
        for (const auto& [start, limit] : cuts)
            parts.push_back(b.exp(
                b.scale(b.slice(x, {0, start}, {2, limit}), 1.0 + static_cast<double>(start))));
        return b.concatenate(parts, 1);
    });
}

TEST(Differentiate, PutsTheCotangentsOfTilesTogetherByOneConcatenation)
{
    const Graph graph = cutLoss({{4, 7}, {0, 3}, {3, 4}});
    Rng rng(2);
    expectGradientsMatchDifferences(graph, randomInputs(graph, rng));
    EXPECT_EQ(countOps(*differentiate(graph), OpKind::kPad), 0u);
    EXPECT_EQ(countOps(*differentiate(graph), OpKind::kConcatenate), 2u);
}

TEST(Differentiate, PadsWhereSlicesLeaveGapsOrOverlap)
{
    for (const auto& cuts : {std::vector<std::pair<int64_t, int64_t>>{{0, 3}, {4, 7}},
                             {{0, 4}, {3, 7}},
                             {{0, 3}, {3, 6}}}) {
        const Graph graph = cutLoss(cuts);
        Rng rng(2);
        expectGradientsMatchDifferences(graph, randomInputs(graph, rng));
        EXPECT_EQ(countOps(*differentiate(graph), OpKind::kPad), 2u);
    }
}

TEST(Differentiate, GivesZeroForAnUnusedParameter)
{
    Graph graph = weightedLoss({{2}, {3}}, [](GraphBuilder&, P p) { return p[0]; });
    const Result<Graph> result = differentiate(graph);
    ASSERT_TRUE(result.ok());
    Rng rng(1);
    const Result<std::vector<HostTensor>> outputs = interpret(*result, randomInputs(*result, rng));
    EXPECT_EQ((*outputs)[2], filledTensor({DType::kF64, {3}}, 0.0));
}

TEST(Differentiate, RefusesAGraphWithoutScalarLoss)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {2}}, InputRole::kParameter);
    graph.addOutput({x, OutputRole::kLoss, "", {}});
    EXPECT_EQ(differentiate(graph).error().message,
              "the loss has type f32[2], expected a floating-point scalar");
}

TEST(Differentiate, KeepsTheOperandTypeThroughMixedPrecision)
{
    Graph graph;
    const ValueId weight = graph.addInput("w", {DType::kF32, {4, 4}}, InputRole::kParameter);
    GraphBuilder b(graph, "Model");
    const ValueId half = b.convert(weight, DType::kBF16);
    const ValueId product = b.dot(half, half, {{}, {}, {1}, {0}}, DType::kF32);
    graph.addOutput({b.sumAll(product), OutputRole::kLoss, "", {}});
    const Result<Graph> result = differentiate(graph);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->type(result->outputs.back().value), (TensorType{DType::kF32, {4, 4}}));
}

TEST(DifferentiateProperty, RandomExpressionsMatchCentralDifferences)
{
    forEachSeed(
        60,
        [](Rng& rng, int size) {
            const Graph graph = randomExpression(rng, size);
            expectGradientsMatchDifferences(graph, randomInputs(graph, rng), 1e-5);
        },
        12);
}

} // namespace
} // namespace alpa
