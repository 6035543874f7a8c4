#include "core/graph/builder.h"
#include "core/graph/graph_text.h"
#include "core/graph/simplify.h"
#include "core/graph/verify.h"

#include <gtest/gtest.h>

#include <limits>

namespace alpa
{
namespace
{

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A graph of one input x (4, 8) that `make` builds on; its result is the output.
template <typename Make>
std::string simplified(Make&& make, Graph (*pass)(Graph) = simplify)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 8}}, InputRole::kBatch);
    GraphBuilder builder(graph);
    graph.addOutput({make(builder, x), OutputRole::kOther, "", {}});
    const Graph result = pass(std::move(graph));
    EXPECT_TRUE(verifyGraph(result).empty());
    std::string text;
    for (const Op& op : result.ops)
        text += formatOp(result, op) + "\n";
    return text + "-> " + valueLabel(result, result.outputs[0].value);
}

TEST(Simplify, FoldsSplatsThroughShapesAndArithmetic)
{
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId x) {
                  const ValueId scale =
                      b.divide(b.scalar(1, DType::kF32), b.scalar(4, DType::kF32));
                  return b.multiply(x, b.broadcastScalar(b.sqrt(scale), {4, 8}));
              }),
              "%1:f32[4,8] = constant value=0.5 @0\n"
              "%2:f32[4,8] = multiply %0 %1 @0\n"
              "-> %2");
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId) {
                  const ValueId ones = b.constant(1, {DType::kF32, {4, 8}});
                  return b.sum(ones, {1});
              }),
              "%1:f32[4] = constant value=8 @0\n-> %1");
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId) {
                  return b.constant(std::vector<double>{3, 3, 3}, {DType::kS32, {3}});
              }),
              "%1:s32[3] = constant value=3 @0\n-> %1");
    EXPECT_EQ(
        simplified([](GraphBuilder& b, ValueId) {
            const ValueId values = b.constant(std::vector<double>{1, 2, 3, 4}, {DType::kF32, {4}});
            return b.reshape(values, {2, 2});
        }),
        "%1:f32[2,2] = constant value=[1,2,3,4] @0\n-> %1");
}

TEST(Simplify, LeavesIntegersThatDoNotFitToTheBackend)
{
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId) {
                  const ValueId large = b.scalar(2147483647, DType::kS32);
                  return b.add(large, b.scalar(1, DType::kS32));
              }),
              "%1:s32[] = constant value=2147483647 @0\n"
              "%2:s32[] = constant value=1 @0\n"
              "%3:s32[] = add %1 %2 @0\n"
              "-> %3");
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId) {
                  const ValueId seven = b.scalar(-7, DType::kS32);
                  return b.divide(seven, b.scalar(2, DType::kS32));
              }),
              "%1:s32[] = constant value=-3 @0\n-> %1");
}

TEST(Simplify, DropsOpsThatChangeNothing)
{
    using Make = ValueId (*)(GraphBuilder&, ValueId);
    const std::vector<Make> cases{
        [](GraphBuilder& b, ValueId x) { return b.shift(x, 0); },
        [](GraphBuilder& b, ValueId x) { return b.add(b.zerosLike(x), x); },
        [](GraphBuilder& b, ValueId x) { return b.subtract(x, b.zerosLike(x)); },
        [](GraphBuilder& b, ValueId x) { return b.scale(x, 1); },
        [](GraphBuilder& b, ValueId x) { return b.divide(x, b.onesLike(x)); },
        [](GraphBuilder& b, ValueId x) { return b.maximum(b.constantLike(-kInfinity, x), x); },
        [](GraphBuilder& b, ValueId x) { return b.emit(OpKind::kConvert, {x}, {}, b.type(x)); },
        [](GraphBuilder& b, ValueId x) { return b.emit(OpKind::kReshape, {x}, {}, b.type(x)); },
        [](GraphBuilder& b, ValueId x) {
            return b.reshape(b.reshape(x, {32}), {4, 8});
        },
        [](GraphBuilder& b, ValueId x) {
            return b.transpose(b.transpose(x, {1, 0}), {1, 0});
        },
        [](GraphBuilder& b, ValueId x) {
            return b.broadcast(x, {0, 1}, {4, 8});
        },
        [](GraphBuilder& b, ValueId x) {
            return b.slice(x, {0, 0}, {4, 8});
        },
        [](GraphBuilder& b, ValueId x) { return b.concatenate({x}, 0); },
        [](GraphBuilder& b, ValueId x) { return b.negate(b.negate(x)); },
        [](GraphBuilder& b, ValueId x) {
            return b.convert(b.convert(x, DType::kF64), DType::kF32);
        },
        [](GraphBuilder& b, ValueId x) { return b.sum(x, {}); },
        [](GraphBuilder& b, ValueId x) {
            return b.select(b.scalar(1, DType::kPred), x, b.negate(x));
        },
        [](GraphBuilder& b, ValueId x) {
            return b.select(b.compare(CompareDirection::kLt, x, x), x, x);
        },
    };
    for (size_t i = 0; i < cases.size(); ++i)
        EXPECT_EQ(simplified(cases[i]), "-> x") << "case " << i;
}

TEST(Simplify, KeepsOpsThatOnlyLookNeutral)
{
    // 0 - x, 1 / x and x * 0 (which is NaN for infinite x).
    const auto lastLine = [](const std::string& text) { return text.substr(text.rfind('>')); };
    EXPECT_EQ(lastLine(simplified(
                  [](GraphBuilder& b, ValueId x) { return b.subtract(b.zerosLike(x), x); })),
              "> %2");
    EXPECT_EQ(
        lastLine(simplified([](GraphBuilder& b, ValueId x) { return b.divide(b.onesLike(x), x); })),
        "> %2");
    EXPECT_EQ(lastLine(simplified([](GraphBuilder& b, ValueId x) { return b.scale(x, 0); })),
              "> %2");
}

TEST(Simplify, JoinsChainsOfShapeOps)
{
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId x) {
                  return b.broadcast(b.broadcast(x, {0, 2}, {4, 1, 8}), {1, 2, 3}, {2, 4, 3, 8});
              }),
              "%1:f32[2,4,3,8] = broadcast %0 dims=[1,3] @0\n-> %1");
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId x) {
                  const ValueId cube = b.reshape(x, {4, 2, 4});
                  return b.transpose(b.transpose(cube, {1, 2, 0}), {1, 2, 0});
              }),
              "%1:f32[4,2,4] = reshape %0 @0\n"
              "%2:f32[4,4,2] = transpose %1 dims=[2,0,1] @0\n-> %2");
}

TEST(Simplify, BroadcastsVectorsDirectly)
{
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId x) {
                  return b.broadcast(b.reshape(x, {4, 1, 8}), {1, 2, 3}, {2, 4, 3, 8});
              }),
              "%1:f32[2,4,3,8] = broadcast %0 dims=[1,3] @0\n-> %1");
    // A reshape that moves elements between dimensions stays.
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId x) {
                  return b.broadcast(b.reshape(x, {8, 4}), {0, 1}, {8, 4, 2});
              }),
              "%1:f32[8,4] = reshape %0 @0\n"
              "%2:f32[8,4,2] = broadcast %1 dims=[0,1] @0\n-> %2");
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId x) {
                  return b.reduce(ReduceKind::kMaximum, b.reshape(x, {4, 1, 8}), {1});
              }),
              "-> x");
}

TEST(Simplify, KeepsConversionsThatRound)
{
    EXPECT_EQ(simplified([](GraphBuilder& b, ValueId x) {
                  return b.convert(b.convert(x, DType::kBF16), DType::kF32);
              }),
              "%1:bf16[4,8] = convert %0 @0\n"
              "%2:f32[4,8] = convert %1 @0\n-> %2");
}

TEST(Simplify, SelectOfTrueAndFalseIsItsPredicate)
{
    const auto make = [](GraphBuilder& b, ValueId x) {
        const ValueId isPositive = b.compare(CompareDirection::kGt, x, b.tanh(x));
        const ValueId yes = b.constant(1, b.type(isPositive));
        return b.select(isPositive, yes, b.constant(0, b.type(isPositive)));
    };
    EXPECT_EQ(simplified(make), "%1:f32[4,8] = tanh %0 @0\n"
                                "%2:pred[4,8] = compare %0 %1 direction=gt @0\n-> %2");
}

TEST(MergeEqualOps, KeepsScopesAndPhasesApart)
{
    const auto make = [](GraphBuilder& b, ValueId x) {
        const ValueId first = b.tanh(x);
        const ValueId second = b.tanh(x);
        b.setScope(b.graph().scope("other"));
        const ValueId third = b.tanh(x);
        b.setPhase(Phase::kBackward);
        const ValueId fourth = b.tanh(x);
        return b.concatenate({first, second, third, fourth}, 0);
    };
    EXPECT_EQ(simplified(make, mergeEqualOps),
              "%1:f32[4,8] = tanh %0 @0\n"
              "%2:f32[4,8] = tanh %0 @1\n"
              "%3:f32[4,8] = tanh %0 @1 backward\n"
              "%4:f32[16,8] = concatenate %1 %1 %2 %3 dim=0 @1 backward\n-> %4");
}

TEST(MergeEqualOps, TellsZerosApart)
{
    const auto make = [](GraphBuilder& b, ValueId) {
        const ValueId zero = b.scalar(0.0, DType::kF32);
        return b.divide(zero, b.scalar(-0.0, DType::kF32));
    };
    EXPECT_EQ(simplified(make, mergeEqualOps), "%1:f32[] = constant value=0 @0\n"
                                               "%2:f32[] = constant value=-0 @0\n"
                                               "%3:f32[] = divide %1 %2 @0\n-> %3");
}

TEST(RemoveDeadOps, KeepsInputsOriginsAndOpsWithoutResults)
{
    const Result<Graph> graph = parseGraph(R"(graph "g"
@0 ""
%0:f32[4] "x" = parameter
%1:f32[4] "unused" = batch
%2:f32[4] = exp %0 @0
%3:f32[4] = tanh %0 @0
%4:f32[4] = negate %3 @0 backward from=1
= opaque %4 name="print" @0
%6:f32[4] = sine %3 @0 from=0
%5:f32[4] "late" = state
output other %6
output updated_parameter %3 "x" alias=%0
)");
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    const Graph live = removeDeadOps(*graph);
    EXPECT_TRUE(verifyGraph(live).empty());
    EXPECT_EQ(formatGraph(live), R"(graph "g"
@0 ""
%0:f32[4] "x" = parameter
%1:f32[4] "unused" = batch
%4:f32[4] "late" = state
%2:f32[4] = tanh %0 @0
%3:f32[4] = negate %2 @0 backward from=0
= opaque %3 name="print" @0
%5:f32[4] = sine %2 @0
output other %5
output updated_parameter %2 "x" alias=%0
)");
}

TEST(Simplify, FollowsOutputsAndOriginsToWhatReplacesThem)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4}}, InputRole::kParameter);
    GraphBuilder builder(graph);
    const ValueId first = builder.tanh(x);
    const ValueId second = builder.tanh(x);
    GraphBuilder backward(graph, ScopeId(), Phase::kBackward, graph.value(second).producer);
    const ValueId gradient = backward.add(first, second);
    graph.addOutput({gradient, OutputRole::kGradient, "x", {}});
    graph.addOutput({second, OutputRole::kUpdatedParameter, "x", x});
    const Graph small = simplify(graph);
    ASSERT_EQ(small.ops.size(), 2u);
    EXPECT_EQ(small.ops[1].origin, OpId(0));
    EXPECT_EQ(small.outputs[1].value, small.ops[0].results[0]);
    EXPECT_EQ(small.outputs[1].alias, ValueId(0));
}

} // namespace
} // namespace alpa
