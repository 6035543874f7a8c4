#include "core/graph/builder.h"
#include "core/graph/verify.h"
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

struct DerivativeCase {
    const char* name;
    std::vector<std::vector<int64_t>> shapes;
    GraphBody body;
    ValueRange range;
};

ConvolutionAttributes convolution2d(std::vector<int64_t> strides, std::vector<int64_t> low,
                                    std::vector<int64_t> high, std::vector<int64_t> lhsDilation,
                                    std::vector<int64_t> rhsDilation,
                                    std::vector<bool> reversal = {false, false})
{
    return {.strides = std::move(strides),
            .paddingLow = std::move(low),
            .paddingHigh = std::move(high),
            .lhsDilation = std::move(lhsDilation),
            .rhsDilation = std::move(rhsDilation),
            .reversal = std::move(reversal),
            .inputBatch = 0,
            .inputFeature = 3,
            .kernelInputFeature = 2,
            .kernelOutputFeature = 3,
            .outputBatch = 0,
            .outputFeature = 3,
            .inputSpatial = {1, 2},
            .kernelSpatial = {0, 1},
            .outputSpatial = {1, 2}};
}

ConvolutionAttributes grouped(ConvolutionAttributes attributes, int64_t featureGroups)
{
    attributes.featureGroups = featureGroups;
    return attributes;
}

/// ONNX's layouts: N C H W, kernels O I H W.
ConvolutionAttributes channelsFirst(ConvolutionAttributes attributes)
{
    attributes.inputFeature = attributes.outputFeature = attributes.kernelInputFeature = 1;
    attributes.kernelOutputFeature = 0;
    attributes.inputSpatial = attributes.outputSpatial = attributes.kernelSpatial = {2, 3};
    return attributes;
}

ValueId integers(GraphBuilder& b, std::vector<double> values, std::vector<int64_t> dims)
{
    return b.constant(std::move(values), {DType::kS32, std::move(dims)});
}

using P = const std::vector<ValueId>&;

GraphBody unary(OpKind kind)
{
    return [kind](GraphBuilder& b, P p) { return b.unary(kind, p[0]); };
}
GraphBody binary(OpKind kind)
{
    return [kind](GraphBuilder& b, P p) { return b.binary(kind, p[0], p[1]); };
}
GraphBody reduce(ReduceKind kind, std::vector<int> dims)
{
    return [=](GraphBuilder& b, P p) { return b.reduce(kind, p[0], dims); };
}
GraphBody dot(DotAttributes attributes)
{
    return [=](GraphBuilder& b, P p) { return b.dot(p[0], p[1], attributes); };
}
GraphBody convolve(ConvolutionAttributes attributes)
{
    return [=](GraphBuilder& b, P p) { return b.convolution(p[0], p[1], attributes); };
}
GraphBody window(ReduceWindowAttributes attributes)
{
    return [=](GraphBuilder& b, P p) { return b.reduceWindow(p[0], attributes); };
}

std::vector<DerivativeCase> elementwiseCases()
{
    const std::vector<std::vector<int64_t>> one = {{3, 4}};
    const std::vector<std::vector<int64_t>> two = {{3, 4}, {3, 4}};
    const ValueRange positive{.low = 0.5, .high = 2.0};
    return {
        {"Abs", one, unary(OpKind::kAbs), {}},
        {"Cosine", one, unary(OpKind::kCosine), {}},
        {"Erf", one, unary(OpKind::kErf), {}},
        {"Exp", one, unary(OpKind::kExp), {}},
        {"Expm1", one, unary(OpKind::kExpm1), {}},
        {"Log", one, unary(OpKind::kLog), positive},
        {"Log1p", one, unary(OpKind::kLog1p), positive},
        {"Logistic", one, unary(OpKind::kLogistic), {}},
        {"Negate", one, unary(OpKind::kNegate), {}},
        {"Rsqrt", one, unary(OpKind::kRsqrt), positive},
        {"Sine", one, unary(OpKind::kSine), {}},
        {"Sqrt", one, unary(OpKind::kSqrt), positive},
        {"Tanh", one, unary(OpKind::kTanh), {}},
        {"FloorIsFlat",
         one,
         [](GraphBuilder& b, P p) { return b.add(b.unary(OpKind::kFloor, p[0]), p[0]); },
         {.low = 0.1, .high = 0.9}},
        {"Add", two, binary(OpKind::kAdd), {}},
        {"Subtract", two, binary(OpKind::kSubtract), {}},
        {"Multiply", two, binary(OpKind::kMultiply), {}},
        {"Square", one, [](GraphBuilder& b, P p) { return b.multiply(p[0], p[0]); }, {}},
        {"Divide", two, binary(OpKind::kDivide), positive},
        {"Maximum", two, binary(OpKind::kMaximum), {}},
        {"Minimum", two, binary(OpKind::kMinimum), {}},
        {"Relu", one, [](GraphBuilder& b, P p) { return b.maximum(p[0], b.zerosLike(p[0])); }, {}},
        {"ReluOnTheRight",
         one,
         [](GraphBuilder& b, P p) { return b.minimum(b.zerosLike(p[0]), p[0]); },
         {}},
        {"Power", two, binary(OpKind::kPower), positive},
        {"PowerOfTwo",
         one,
         [](GraphBuilder& b, P p) { return b.power(p[0], b.constantLike(2.0, p[0])); },
         {}},
        {"PowerOfThree",
         one,
         [](GraphBuilder& b, P p) { return b.power(p[0], b.constantLike(3.0, p[0])); },
         {}},
        {"PowerOfMinusHalf", one,
         [](GraphBuilder& b, P p) { return b.power(p[0], b.constantLike(-0.5, p[0])); }, positive},
        {"Remainder", two,
         [](GraphBuilder& b, P p) {
             return b.binary(OpKind::kRemainder, b.scale(p[0], 5.0), p[1]);
         },
         positive},
        {"Select",
         two,
         [](GraphBuilder& b, P p) {
             return b.select(b.compare(CompareDirection::kLt, p[0], p[1]), b.exp(p[0]),
                             b.sine(p[1]));
         },
         {}},
        {"SelectByScalar",
         two,
         [](GraphBuilder& b, P p) {
             return b.select(b.constant(0.0, {DType::kPred, {}}), p[0], p[1]);
         },
         {}},
        {"Clamp",
         {{3, 4}, {3, 4}, {3, 4}},
         [](GraphBuilder& b, P p) {
             return b.clamp(b.scale(p[0], 0.4), p[1], b.shift(b.scale(p[2], 0.4), 0.5));
         },
         {}},
        {"ClampByScalars",
         {{}, {3, 4}, {}},
         [](GraphBuilder& b, P p) { return b.clamp(b.scale(p[0], 0.3), p[1], b.shift(p[2], 1.0)); },
         {}},
        {"Convert",
         one,
         [](GraphBuilder& b, P p) {
             return b.convert(b.exp(b.convert(p[0], DType::kF32)), DType::kF64);
         },
         {}},
    };
}

std::vector<DerivativeCase> shapeCases()
{
    return {
        {"Broadcast",
         {{3, 1}},
         [](GraphBuilder& b, P p) {
             return b.broadcast(p[0], {1, 2}, {2, 3, 4});
         },
         {}},
        {"BroadcastReordered",
         {{2, 3, 1}},
         [](GraphBuilder& b, P p) {
             return b.broadcast(p[0], {2, 0, 3}, {3, 5, 2, 4});
         },
         {}},
        {"BroadcastScalar",
         {{}},
         [](GraphBuilder& b, P p) {
             return b.broadcastScalar(p[0], {2, 3});
         },
         {}},
        {"Concatenate",
         {{2, 3}, {2, 1}, {2, 2}},
         [](GraphBuilder& b, P p) {
             return b.concatenate({p[0], p[1], p[0], p[2]}, 1);
         },
         {}},
        {"DynamicSlice",
         {{4, 5}},
         [](GraphBuilder& b, P p) {
             return b.dynamicSlice(p[0], {integers(b, {1}, {}), integers(b, {9}, {})}, {2, 3});
         },
         {}},
        {"DynamicUpdateSlice",
         {{4, 5}, {2, 3}},
         [](GraphBuilder& b, P p) {
             return b.dynamicUpdateSlice(p[0], p[1], {integers(b, {1}, {}), integers(b, {9}, {})});
         },
         {}},
        {"Pad",
         {{2, 3}, {}},
         [](GraphBuilder& b, P p) {
             return b.pad(p[0], p[1], {1, 0}, {2, 1}, {0, 2});
         },
         {}},
        {"PadNegative",
         {{4, 5}, {}},
         [](GraphBuilder& b, P p) {
             return b.pad(p[0], p[1], {-1, -2}, {0, -1}, {1, 1});
         },
         {}},
        {"Reshape",
         {{2, 6}},
         [](GraphBuilder& b, P p) {
             return b.reshape(p[0], {3, 4});
         },
         {}},
        {"Reverse", {{2, 3}}, [](GraphBuilder& b, P p) { return b.reverse(p[0], {1}); }, {}},
        {"Slice",
         {{5, 7}},
         [](GraphBuilder& b, P p) {
             return b.slice(p[0], {1, 0}, {4, 6}, {1, 3});
         },
         {}},
        {"SliceEmpty",
         {{3}},
         [](GraphBuilder& b, P p) {
             return b.add(b.broadcastScalar(b.sumAll(b.slice(p[0], {1}, {1})), {3}), p[0]);
         },
         {}},
        {"Transpose",
         {{2, 3, 4}},
         [](GraphBuilder& b, P p) {
             return b.transpose(p[0], {2, 0, 1});
         },
         {}},
    };
}

std::vector<DerivativeCase> contractionCases()
{
    const std::vector<int64_t> one = {1, 1};
    const std::vector<int64_t> zero = {0, 0};
    const std::vector<std::vector<int64_t>> conv = {{2, 5, 6, 3}, {3, 2, 3, 4}};
    return {
        {"Matmul", {{3, 4}, {4, 2}}, dot({{}, {}, {1}, {0}}), {}},
        {"MatmulTransposed", {{3, 4}, {2, 4}}, dot({{}, {}, {1}, {1}}), {}},
        {"MatmulLeftTransposed", {{4, 3}, {4, 2}}, dot({{}, {}, {0}, {0}}), {}},
        {"DotOuter", {{3}, {2}}, dot({}), {}},
        {"DotInner", {{3}, {3}}, dot({{}, {}, {0}, {0}}), {}},
        {"DotBatched", {{2, 5, 3, 4}, {2, 6, 3, 4}}, dot({{0, 2}, {0, 2}, {3}, {3}}), {}},
        {"DotBatchedCrossed", {{5, 3, 2, 4}, {4, 2, 3, 6}}, dot({{2, 1}, {1, 2}, {3}, {0}}), {}},
        {"DotTwoContractions", {{2, 3, 4}, {4, 5, 3}}, dot({{}, {}, {1, 2}, {2, 0}}), {}},
        {"DotSquare",
         {{3, 3}},
         [](GraphBuilder& b, P p) {
             return b.dot(p[0], p[0], {{}, {}, {1}, {0}});
         },
         {}},
        {"Convolution", conv, convolve(convolution2d(one, one, one, one, one)), {}},
        {"ConvolutionStrided", conv, convolve(convolution2d({2, 3}, {1, 0}, {0, 2}, one, one)), {}},
        {"ConvolutionDilated",
         conv,
         convolve(convolution2d({2, 1}, {2, 1}, {1, 3}, {2, 1}, {1, 2})),
         {}},
        {"ConvolutionReversed",
         conv,
         convolve(convolution2d({1, 2}, zero, one, one, one, {true, false})),
         {}},
        {"ConvolutionGrouped",
         {{2, 5, 6, 4}, {3, 2, 2, 6}},
         convolve(grouped(convolution2d({2, 1}, {1, 0}, {0, 1}, one, {1, 2}), 2)),
         {}},
        {"ConvolutionOfPaddingOnly",
         {{2, 0, 4, 3}, {2, 2, 3, 2}},
         convolve(convolution2d(one, {2, 0}, {1, 0}, {2, 1}, one)),
         {}},
        {"WindowSumOfPaddingOnly",
         {{0, 2}, {3, 2}},
         [](GraphBuilder& b, P p) {
             const ValueId windows =
                 b.reduceWindow(p[0], {ReduceKind::kAdd, {2, 1}, {1, 1}, {2, 0}, {2, 0}});
             return b.multiply(windows, p[1]);
         },
         {}},
        {"ReduceOfNothing",
         {{3, 0}, {3}},
         [](GraphBuilder& b, P p) {
             return b.multiply(b.reduce(ReduceKind::kAdd, p[0], {1}), p[1]);
         },
         {}},
        {"DotOfNothing",
         {{3, 0}, {0, 2}, {3, 2}},
         [](GraphBuilder& b, P p) { return b.multiply(b.matmul(p[0], p[1]), p[2]); },
         {}},
        {"ConcatenateWithNothing",
         {{3, 0}, {3, 2}},
         [](GraphBuilder& b, P p) {
             return b.concatenate({p[0], b.exp(p[1]), p[0]}, 1);
         },
         {}},
        {"ConvolutionGroupedChannelsFirst",
         {{2, 4, 5, 6}, {6, 2, 3, 2}},
         convolve(channelsFirst(grouped(convolution2d({2, 1}, {1, 0}, {0, 1}, one, one), 2))),
         {}},
        {"ConvolutionDepthwise",
         {{2, 4, 4, 3}, {2, 2, 1, 3}},
         convolve(grouped(convolution2d(one, one, zero, one, one), 3)),
         {}},
        {"ReduceAdd", {{2, 3, 4}}, reduce(ReduceKind::kAdd, {0, 2}), {}},
        {"ReduceMaximum", {{2, 3, 4}}, reduce(ReduceKind::kMaximum, {1}), {}},
        {"ReduceMinimum", {{2, 3, 4}}, reduce(ReduceKind::kMinimum, {2, 0}), {}},
        {"ReduceMultiply", {{2, 3}}, reduce(ReduceKind::kMultiply, {1}), {.low = 0.5, .high = 2.0}},
        {"WindowSum", {{5, 6}}, window({ReduceKind::kAdd, {3, 2}, {2, 1}, {1, 0}, {2, 1}}), {}},
        {"CumulativeSum", {{6}}, window({ReduceKind::kAdd, {6}, {1}, {5}, {0}}), {}},
        {"WindowMaximum",
         {{5, 6}},
         window({ReduceKind::kMaximum, {2, 2}, {1, 2}, {1, 0}, {0, 0}}),
         {}},
        {"WindowMinimum",
         {{5, 6}},
         window({ReduceKind::kMinimum, {2, 2}, {2, 2}, {0, 0}, {1, 0}}),
         {}},
    };
}

std::vector<DerivativeCase> indexingCases()
{
    const GatherAttributes rowsOf{.offsetDims = {2},
                                  .collapsedSliceDims = {0},
                                  .operandBatchingDims = {},
                                  .indicesBatchingDims = {},
                                  .startIndexMap = {0},
                                  .indexVectorDim = 2,
                                  .sliceSizes = {1, 3}};
    const GatherAttributes alongLast{.offsetDims = {},
                                     .collapsedSliceDims = {1},
                                     .operandBatchingDims = {0},
                                     .indicesBatchingDims = {0},
                                     .startIndexMap = {1},
                                     .indexVectorDim = 2,
                                     .sliceSizes = {1, 1}};
    const ScatterAttributes addRows{.updateWindowDims = {1},
                                    .insertedWindowDims = {0},
                                    .inputBatchingDims = {},
                                    .indicesBatchingDims = {},
                                    .scatterDimsToOperandDims = {0},
                                    .indexVectorDim = 1};
    return {
        {"GatherRows",
         {{4, 3}},
         [=](GraphBuilder& b, P p) {
             return b.gather(p[0], integers(b, {3, 1, 1, 0}, {2, 2, 1}), rowsOf);
         },
         {}},
        {"GatherAlong",
         {{3, 4}},
         [=](GraphBuilder& b, P p) {
             return b.gather(p[0], integers(b, {3, 0, 2, 1, 1, 1}, {3, 2, 1}), alongLast);
         },
         {}},
        {"ScatterAdd",
         {{4, 3}, {3, 3}},
         [=](GraphBuilder& b, P p) {
             return b.scatter(p[0], integers(b, {3, 1, 3}, {3, 1}), p[1], addRows);
         },
         {}},
        {"ScatterDropsOutside",
         {{4, 3}, {3, 3}},
         [=](GraphBuilder& b, P p) {
             return b.scatter(p[0], integers(b, {3, 4, -1}, {3, 1}), p[1], addRows);
         },
         {}},
        {"TiedUses",
         {{4, 3}},
         [=](GraphBuilder& b, P p) {
             const ValueId looked = b.gather(p[0], integers(b, {3, 1, 1, 0}, {2, 2, 1}), rowsOf);
             return b.dot(looked, b.transpose(p[0], {1, 0}), {{}, {}, {2}, {0}});
         },
         {}},
    };
}

class Derivative : public ::testing::TestWithParam<DerivativeCase>
{
};

TEST_P(Derivative, EqualsCentralDifference)
{
    const DerivativeCase& test = GetParam();
    const Graph graph = weightedLoss(test.shapes, test.body);
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        Rng rng(seed);
        expectGradientsMatchDifferences(graph, randomInputs(graph, rng, test.range));
    }
}

TEST_P(Derivative, BackwardGraphIsWellFormed)
{
    const Graph graph = weightedLoss(GetParam().shapes, GetParam().body);
    const Result<Graph> differentiated = differentiate(graph);
    ASSERT_TRUE(differentiated.ok()) << differentiated.error().message;
    const Status status = checkGraph(*differentiated);
    EXPECT_TRUE(status.ok()) << status.error().message;
    for (size_t i = graph.ops.size(); i < differentiated->ops.size(); ++i)
        EXPECT_EQ(differentiated->ops[i].phase, Phase::kBackward);
}

const auto kCaseName = [](const ::testing::TestParamInfo<DerivativeCase>& test) {
    return std::string(test.param.name);
};
INSTANTIATE_TEST_SUITE_P(Elementwise, Derivative, ::testing::ValuesIn(elementwiseCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Shape, Derivative, ::testing::ValuesIn(shapeCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Contraction, Derivative, ::testing::ValuesIn(contractionCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Indexing, Derivative, ::testing::ValuesIn(indexingCases()), kCaseName);

TEST(Differentiate, RefusesAllOpsWithoutDerivativeAtOnce)
{
    Graph graph = weightedLoss({{4}}, [](GraphBuilder& b, P p) {
        const ValueId sorted = b.emit(OpKind::kSort, {p[0]}, SortAttributes{});
        return b.emit(OpKind::kOpaque, {sorted}, OpaqueAttributes{"stablehlo.fft", ""},
                      b.type(p[0]));
    });
    graph.ops[0].sourceLine = 12;
    const Result<Graph> result = differentiate(graph);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(result.error().message, "no derivative for sort (line 12), stablehlo.fft");
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
