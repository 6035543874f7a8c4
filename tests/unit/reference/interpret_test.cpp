#include "core/graph/builder.h"
#include "core/graph/graph_text.h"
#include "runtime/reference/interpret.h"
#include "tests/support/convolutions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

HostTensor f32(std::vector<int64_t> dims, std::vector<double> values)
{
    return {{DType::kF32, std::move(dims)}, std::move(values)};
}
HostTensor s32(std::vector<int64_t> dims, std::vector<double> values)
{
    return {{DType::kS32, std::move(dims)}, std::move(values)};
}

/// The values of the single output of `emit`, which gets the inputs as values.
template <typename Emit>
std::vector<double> evaluate(const std::vector<HostTensor>& inputs, Emit emit,
                             const InterpretOptions& options = {})
{
    Graph graph;
    std::vector<ValueId> ids;
    for (size_t i = 0; i < inputs.size(); ++i)
        ids.push_back(graph.addInput("x" + std::to_string(i), inputs[i].type, InputRole::kBatch));
    GraphBuilder builder(graph);
    graph.addOutput({emit(builder, ids), OutputRole::kOther, "", {}});
    const Result<std::vector<HostTensor>> outputs = interpret(graph, inputs, options);
    CHECK(outputs.ok(), outputs.error().message.c_str());
    return (*outputs)[0].values;
}

using Ids = const std::vector<ValueId>&;
using Values = std::vector<double>;

// Expected values below are the examples of the StableHLO specification or worked out by hand.

TEST(Interpret, Dot)
{
    const HostTensor x = f32({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    const HostTensor eye = f32({2, 2, 2}, {1, 0, 0, 1, 1, 0, 0, 2});
    EXPECT_EQ(evaluate({x, eye},
                       [](GraphBuilder& b, Ids v) {
                           return b.dot(v[0], v[1], {{0}, {0}, {2}, {1}});
                       }),
              (Values{1, 2, 3, 4, 5, 12, 7, 16}));
}

TEST(Interpret, DotOfMixedDimensionOrder)
{
    // result[n, m] over batch-free operands: sum_k x[k, n] y[m, k].
    const HostTensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
    const HostTensor y = f32({2, 2}, {1, 10, 100, 1000});
    EXPECT_EQ(evaluate({x, y},
                       [](GraphBuilder& b, Ids v) {
                           return b.dot(v[0], v[1], {{}, {}, {0}, {1}});
                       }),
              (Values{41, 4100, 52, 5200, 63, 6300}));
}

TEST(Interpret, ConvolutionOfTheSpecification)
{
    // stablehlo.convolution: 1x4x4x1 input, 3x3x1x1 kernel of ones, strides 4, dilated twice,
    // padding 2 and 2.
    const HostTensor x =
        f32({1, 4, 4, 1}, {1, 2, 5, 6, 3, 4, 7, 8, 10, 11, 14, 15, 12, 13, 16, 17});
    const HostTensor w = f32({3, 3, 1, 1}, Values(9, 1.0));
    const ConvolutionAttributes attributes = convolution2d({4, 4}, {0, 0}, {0, 0}, {2, 2}, {1, 1});
    EXPECT_EQ(evaluate({x, w}, [&](GraphBuilder& b,
                                   Ids v) { return b.convolution(v[0], v[1], attributes); }),
              (Values{10, 26, 46, 62}));
}

TEST(Interpret, ReduceKinds)
{
    const HostTensor x = f32({2, 3}, {1, 5, 3, 4, -2, 6});
    const auto reduce = [&](ReduceKind kind, std::vector<int> dims) {
        return evaluate({x}, [&](GraphBuilder& b, Ids v) { return b.reduce(kind, v[0], dims); });
    };
    EXPECT_EQ(reduce(ReduceKind::kAdd, {1}), (Values{9, 8}));
    EXPECT_EQ(reduce(ReduceKind::kAdd, {0, 1}), (Values{17}));
    EXPECT_EQ(reduce(ReduceKind::kMaximum, {0}), (Values{4, 5, 6}));
    EXPECT_EQ(reduce(ReduceKind::kMinimum, {1}), (Values{1, -2}));
    EXPECT_EQ(reduce(ReduceKind::kMultiply, {1}), (Values{15, -48}));
}

TEST(Interpret, ReduceWindowOfTheSpecification)
{
    const HostTensor x = f32({3, 2}, {1, 2, 3, 4, 5, 6});
    const ReduceWindowAttributes attributes{ReduceKind::kAdd, {2, 1}, {2, 1}, {1, 0}, {0, 0}};
    EXPECT_EQ(
        evaluate({x}, [&](GraphBuilder& b, Ids v) { return b.reduceWindow(v[0], attributes); }),
        (Values{1, 2, 8, 10}));
}

TEST(Interpret, SelectAndScatterOfTheSpecification)
{
    const HostTensor x = f32({4, 2}, {1, 5, 2, 5, 3, 6, 4, 4});
    const HostTensor source = f32({2, 2}, {5, 6, 7, 8});
    const ReduceWindowAttributes attributes{ReduceKind::kMaximum, {3, 1}, {2, 1}, {0, 0}, {1, 0}};
    EXPECT_EQ(evaluate({x, source},
                       [&](GraphBuilder& b, Ids v) {
                           return b.emit(OpKind::kSelectAndScatter, {v[0], v[1]}, attributes);
                       }),
              (Values{0, 0, 0, 0, 5, 14, 7, 0}));
}

TEST(Interpret, GatherClampsAndScatterDrops)
{
    const HostTensor x = f32({3, 2}, {1, 2, 3, 4, 5, 6});
    const HostTensor indices = s32({4, 1}, {2, -7, 9, 1});
    const GatherAttributes gather{.offsetDims = {1},
                                  .collapsedSliceDims = {0},
                                  .operandBatchingDims = {},
                                  .indicesBatchingDims = {},
                                  .startIndexMap = {0},
                                  .indexVectorDim = 1,
                                  .sliceSizes = {1, 2}};
    EXPECT_EQ(evaluate({x, indices},
                       [&](GraphBuilder& b, Ids v) { return b.gather(v[0], v[1], gather); }),
              (Values{5, 6, 1, 2, 5, 6, 3, 4}));
    const HostTensor updates = f32({4, 2}, {10, 20, 30, 40, 50, 60, 70, 80});
    ScatterAttributes scatter{.updateWindowDims = {1},
                              .insertedWindowDims = {0},
                              .inputBatchingDims = {},
                              .indicesBatchingDims = {},
                              .scatterDimsToOperandDims = {0},
                              .indexVectorDim = 1};
    const auto run = [&] {
        return evaluate({x, indices, updates}, [&](GraphBuilder& b, Ids v) {
            return b.scatter(v[0], v[1], v[2], scatter);
        });
    };
    EXPECT_EQ(run(), (Values{1, 2, 73, 84, 15, 26}));
    scatter.isReplace = true;
    EXPECT_EQ(run(), (Values{1, 2, 70, 80, 10, 20}));
}

TEST(Interpret, GatherOfTheSpecification)
{
    // stablehlo.gather with batching dimensions: operand 2x3x4x2, slices 1x1x2x2... reduced to
    // windows of one element.
    Values numbers;
    for (int i = 1; i <= 24; ++i)
        numbers.push_back(i);
    const HostTensor x = f32({2, 3, 4}, numbers);
    const HostTensor indices = s32({2, 2, 2}, {0, 0, 1, 0, 2, 1, 0, 9});
    const GatherAttributes gather{.offsetDims = {2},
                                  .collapsedSliceDims = {1},
                                  .operandBatchingDims = {0},
                                  .indicesBatchingDims = {0},
                                  .startIndexMap = {2, 1},
                                  .indexVectorDim = 2,
                                  .sliceSizes = {1, 1, 2}};
    // (start of dimension 2, of dimension 1): (0,0) (1,0) in batch 0; (2,1) (0,9 -> 2) in batch 1.
    EXPECT_EQ(evaluate({x, indices},
                       [&](GraphBuilder& b, Ids v) { return b.gather(v[0], v[1], gather); }),
              (Values{1, 2, 2, 3, 19, 20, 21, 22}));
}

TEST(Interpret, PadsWithNegativeAndInteriorSizes)
{
    const HostTensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
    const auto pad = [&](std::vector<int64_t> low, std::vector<int64_t> high,
                         std::vector<int64_t> interior) {
        return evaluate({x}, [&](GraphBuilder& b, Ids v) {
            return b.pad(v[0], b.scalar(0, DType::kF32), low, high, interior);
        });
    };
    EXPECT_EQ(pad({0, 1}, {2, 1}, {1, 2}), // the specification's example
              (Values{0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 5,
                      0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(pad({-1, -1}, {0, 1}, {0, 1}), (Values{0, 5, 0, 6, 0}));
    EXPECT_EQ(pad({0, -3}, {0, 0}, {0, 0}), Values{});
}

TEST(Interpret, MovesElements)
{
    const HostTensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
    EXPECT_EQ(evaluate({x},
                       [](GraphBuilder& b, Ids v) {
                           return b.transpose(v[0], {1, 0});
                       }),
              (Values{1, 4, 2, 5, 3, 6}));
    EXPECT_EQ(evaluate({x}, [](GraphBuilder& b, Ids v) { return b.reverse(v[0], {1}); }),
              (Values{3, 2, 1, 6, 5, 4}));
    EXPECT_EQ(evaluate({x},
                       [](GraphBuilder& b, Ids v) {
                           return b.slice(v[0], {1, 0}, {2, 3}, {1, 2});
                       }),
              (Values{4, 6}));
    EXPECT_EQ(evaluate({x},
                       [](GraphBuilder& b, Ids v) {
                           return b.concatenate({v[0], v[0]}, 1);
                       }),
              (Values{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
    EXPECT_EQ(evaluate({f32({2}, {7, 8})},
                       [](GraphBuilder& b, Ids v) {
                           return b.broadcast(v[0], {1}, {2, 2});
                       }),
              (Values{7, 8, 7, 8}));
    const HostTensor one = s32({}, {1});
    EXPECT_EQ(evaluate({x, one},
                       [](GraphBuilder& b, Ids v) {
                           return b.dynamicSlice(v[0], {v[1], v[1]}, {1, 3});
                       }),
              (Values{4, 5, 6}));
    EXPECT_EQ(evaluate({x, one},
                       [](GraphBuilder& b, Ids v) {
                           return b.dynamicUpdateSlice(v[0], b.constant(0, {DType::kF32, {1, 2}}),
                                                       {v[1], v[1]});
                       }),
              (Values{1, 2, 3, 4, 0, 0}));
    EXPECT_EQ(evaluate({},
                       [](GraphBuilder& b, Ids) {
                           return b.iota(1, {DType::kS32, {2, 3}});
                       }),
              (Values{0, 1, 2, 0, 1, 2}));
}

TEST(Interpret, SortsStablyAndCarriesOthersAlong)
{
    const HostTensor keys = f32({4}, {2, 1, 2, 0});
    const HostTensor values = s32({4}, {0, 1, 2, 3});
    const auto order = [&](bool isDescending) {
        return evaluate({keys, values}, [&](GraphBuilder& b, Ids v) {
            return b.emitAll(OpKind::kSort, {v[0], v[1]}, SortAttributes{0, isDescending})[1];
        });
    };
    EXPECT_EQ(order(false), (Values{3, 1, 0, 2}));
    EXPECT_EQ(order(true), (Values{0, 2, 1, 3}));
}

TEST(Interpret, IntegersWrapAndDivideTowardsZero)
{
    const HostTensor x = s32({3}, {2147483647, -7, 7});
    const HostTensor y = s32({3}, {1, 2, -2});
    EXPECT_EQ(evaluate({x, y}, [](GraphBuilder& b, Ids v) { return b.add(v[0], v[1]); }),
              (Values{-2147483648.0, -5, 5}));
    EXPECT_EQ(evaluate({x, y}, [](GraphBuilder& b, Ids v) { return b.divide(v[0], v[1]); }),
              (Values{2147483647, -3, -3}));
    EXPECT_EQ(evaluate({x, y}, [](GraphBuilder& b,
                                  Ids v) { return b.binary(OpKind::kRemainder, v[0], v[1]); }),
              (Values{0, -1, 1}));
    EXPECT_EQ(evaluate({x}, [](GraphBuilder& b, Ids v) { return b.logicalNot(v[0]); }),
              (Values{-2147483648.0, 6, -8}));
    EXPECT_EQ(evaluate({f32({2}, {-1.7, 300.5})},
                       [](GraphBuilder& b, Ids v) { return b.convert(v[0], DType::kU8); }),
              (Values{255, 44}));
}

TEST(Interpret, RoundsResultsOnlyWhenAsked)
{
    const auto third = [](GraphBuilder& b, Ids v) {
        return b.divide(b.convert(v[0], DType::kBF16), b.constant(3, {DType::kBF16, {1}}));
    };
    const HostTensor one = f32({1}, {1});
    EXPECT_EQ(evaluate({one}, third), (Values{1.0 / 3.0}));
    EXPECT_EQ(evaluate({one}, third, {.roundToDtype = true}), (Values{0.333984375}));
}

TEST(Interpret, RefusesOpaqueOpsAndWrongInputs)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {2}}, InputRole::kBatch);
    GraphBuilder b(graph);
    graph.addOutput(
        {b.emit(OpKind::kOpaque, {x}, OpaqueAttributes{"stablehlo.fft", "", {}, {}}, b.type(x)),
         OutputRole::kOther,
         "",
         {}});
    EXPECT_EQ(interpret(graph, std::vector<HostTensor>{f32({2}, {1, 2})}).error().code,
              ErrorCode::kUnsupported);
    EXPECT_EQ(interpret(graph, std::vector<HostTensor>{f32({3}, {1, 2, 3})}).error().message,
              "input 'x' has type f32[3] and 3 values, expected f32[2]");
    EXPECT_EQ(interpret(graph, {}).error().message, "the graph has 1 inputs, got 0");
}

/// loss = mean(w x); the update subtracts the accumulated gradient.
TEST(InterpretStep, AveragesAccumulatedValuesOverMicrobatches)
{
    Graph graph;
    const ValueId w = graph.addInput("w", {DType::kF32, {}}, InputRole::kParameter);
    const ValueId x = graph.addInput("x", {DType::kF32, {2}}, InputRole::kBatch);
    GraphBuilder b(graph);
    const ValueId mean = b.divide(b.sumAll(x), b.scalar(2, DType::kF32));
    graph.addOutput({b.multiply(mean, w), OutputRole::kLoss, "", {}});
    b.setPhase(Phase::kBackward);
    const ValueId gradient = b.accumulate(mean);
    b.setPhase(Phase::kUpdate);
    graph.addOutput({b.subtract(w, gradient), OutputRole::kUpdatedParameter, "w", w});
    const std::vector<HostTensor> inputs = {f32({}, {10}), f32({6}, {1, 2, 3, 4, 5, 9})};
    const Result<StepResult> result = interpretStep(graph, inputs, 3);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_DOUBLE_EQ(result->loss, 40.0); // 10 * (1.5 + 3.5 + 7) / 3
    EXPECT_DOUBLE_EQ(result->outputs[1].values[0], 6.0);
    EXPECT_EQ(nextInputs(graph, inputs, *result)[0].values, Values{6.0});
    EXPECT_EQ(interpretStep(graph, inputs, 2).error().message,
              "input 'x' has type f32[6] and 6 values, expected f32[4]");
}

} // namespace
} // namespace alpa
