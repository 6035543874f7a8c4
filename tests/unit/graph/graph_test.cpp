#include "core/graph/builder.h"
#include "core/graph/graph.h"
#include "core/graph/verify.h"

#include <gtest/gtest.h>

#include <limits>

namespace alpa
{
namespace
{

TEST(Types, EveryElementTypeReadsBackByName)
{
    for (int i = 0; i <= static_cast<int>(DType::kF64); ++i) {
        const auto dtype = static_cast<DType>(i);
        EXPECT_EQ(dtypeFromName(dtypeName(dtype)), dtype);
    }
    EXPECT_EQ(dtypeFromName("ui32"), DType::kU32);
    EXPECT_EQ(dtypeFromName("i64"), DType::kS64);
    EXPECT_EQ(dtypeFromName("f8"), std::nullopt);
    EXPECT_EQ(dtypeBytes(DType::kBF16), 2);
    EXPECT_TRUE(isFloating(DType::kBF16));
    EXPECT_FALSE(isFloating(DType::kU64));
}

TEST(Types, CountsSaturateInsteadOfOverflowing)
{
    EXPECT_EQ((TensorType{DType::kF32, {4, 32, 64}}).bytes(), Bytes(32768)); // 4 * 32 * 64 * 4
    EXPECT_EQ((TensorType{DType::kF32, {}}).elementCount(), 1);
    const TensorType huge{DType::kF64, {int64_t{1} << 40, int64_t{1} << 40}};
    EXPECT_EQ(huge.elementCount(), std::numeric_limits<int64_t>::max() / 16);
    EXPECT_GT(huge.bytes(), Bytes(0));
}

TEST(Op, EveryKindReadsBackByName)
{
    for (int i = 0; i <= static_cast<int>(OpKind::kOpaque); ++i) {
        const auto kind = static_cast<OpKind>(i);
        EXPECT_EQ(opKindFromName(opKindName(kind)), kind);
    }
    EXPECT_EQ(opKindName(OpKind::kSelectAndScatter), "select_and_scatter");
    EXPECT_EQ(opKindName(OpKind::kXor), "xor");
    EXPECT_TRUE(isElementwise(OpKind::kXor));
    EXPECT_FALSE(isElementwise(OpKind::kConstant));
}

TEST(Graph, TablesStayConsistent)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 8}}, InputRole::kBatch);
    const ValueId w = graph.addInput("w", {DType::kF32, {8, 2}}, InputRole::kParameter);
    GraphBuilder builder(graph, "MLP/fc");
    const ValueId y = builder.matmul(x, w);
    const ValueId z = builder.multiply(y, y);
    graph.addOutput({builder.sumAll(z), OutputRole::kLoss, "", {}});
    EXPECT_TRUE(verifyGraph(graph).empty());
    EXPECT_EQ(graph.scope("MLP/fc"), ScopeId(1));
    EXPECT_EQ(graph.scope("other"), ScopeId(2));
    EXPECT_EQ(graph.inputRole(w), InputRole::kParameter);
    EXPECT_EQ(graph.inputRole(y), std::nullopt);
    EXPECT_EQ(parameterCount(graph), 16);
    EXPECT_EQ(valueLabel(graph, w), "w");
    EXPECT_EQ(valueLabel(graph, z), "%3");
    // An op that reads a value twice uses it once.
    EXPECT_EQ(valueUsers(graph)[y.index()], std::vector<OpId>{OpId(1)});
}

TEST(Graph, InputsAddedLateKeepTheirRole)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4}}, InputRole::kBatch);
    GraphBuilder builder(graph);
    builder.negate(x);
    const ValueId late = graph.addInput("m", {DType::kF32, {4}}, InputRole::kOptimizerState);
    EXPECT_EQ(late, ValueId(2));
    EXPECT_EQ(graph.inputRole(late), InputRole::kOptimizerState);
}

TEST(Graph, ScopesFilledDirectlyAreFound)
{
    Graph graph;
    graph.scopes = {"", "a", "b"};
    EXPECT_EQ(graph.scope("b"), ScopeId(2));
    graph.scopes = {"", "b"};
    EXPECT_EQ(graph.scope("b"), ScopeId(1));
    EXPECT_EQ(graph.scope("c"), ScopeId(2));
}

TEST(VerifyGraph, FindsBrokenTables)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4}}, InputRole::kBatch);
    GraphBuilder builder(graph);
    const ValueId y = builder.negate(x);
    graph.addOutput({y, OutputRole::kUpdatedParameter, "x", x});
    ASSERT_TRUE(checkGraph(graph).ok());

    const auto messageOf = [&graph](auto change) {
        Graph broken = graph;
        change(broken);
        const Status status = checkGraph(broken);
        return status.ok() ? "" : status.error().message;
    };
    EXPECT_EQ(messageOf([&](Graph& g) { g.ops[0].operands[0] = y; }),
              "op 0 (negate): operand %1 is not defined before it");
    EXPECT_EQ(messageOf([&](Graph& g) { g.ops[0].operands[0] = ValueId(99); }),
              "op 0 (negate): operand %99 is not defined before it");
    EXPECT_EQ(messageOf([&](Graph& g) { g.ops[0].scope = ScopeId(5); }),
              "op 0 (negate): its scope does not exist");
    EXPECT_EQ(messageOf([&](Graph& g) { g.values[1].producer = OpId(); }),
              "op 0 (negate): %1 names another producer");
    EXPECT_EQ(messageOf([&](Graph& g) { g.values.push_back({}); }),
              "%2 is neither an input nor a result");
    EXPECT_EQ(messageOf([&](Graph& g) { g.outputs[0].alias = y; }),
              "output 0 replaces %1, which is not an input");
    EXPECT_EQ(messageOf([&](Graph& g) { g.values[0].type.dtype = DType::kF64; }),
              "op 0 (negate): %1 is f32[4], expected f64[4] (and 1 more)");
    EXPECT_EQ(messageOf([&](Graph& g) { g.outputs[0].value = ValueId(9); }),
              "output 0 is %9, which does not exist");
    EXPECT_EQ(messageOf([&](Graph& g) { g.inputs.push_back(g.inputs[0]); }),
              "%0 is an input twice");
}

TEST(GraphBuilder, DerivedOpsCarryTheirOrigin)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 8}}, InputRole::kBatch);
    GraphBuilder builder(graph, "net");
    const ValueId y = builder.reduce(ReduceKind::kAdd, x, {1});
    GraphBuilder backward(graph, ScopeId(), Phase::kBackward);
    backward.deriveFrom(graph.value(y).producer);
    const std::vector<int> reduced{1};
    const ValueId gradient = backward.broadcastOver(y, reduced, graph.type(x).dims);
    EXPECT_EQ(formatType(graph.type(gradient)), "f32[4,8]");
    const Op& op = graph.ops.back();
    EXPECT_EQ(op.origin, OpId(0));
    EXPECT_EQ(op.phase, Phase::kBackward);
    EXPECT_EQ(graph.scopePath(op.scope), "net");
    EXPECT_EQ(backward.convert(y, DType::kF32), y);
    EXPECT_EQ(backward.reshape(y, {4}), y);
    EXPECT_TRUE(verifyGraph(graph).empty());
}

} // namespace
} // namespace alpa
