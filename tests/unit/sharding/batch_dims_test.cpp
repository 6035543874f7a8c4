#include "core/sharding/strategy.h"

#include <gtest/gtest.h>

#include <numeric>

namespace alpa
{
namespace
{

/// Builds a graph and the rules of its ops side by side.
struct BatchDimsTest : ::testing::Test {
    Graph graph;
    std::vector<FactorRule> rules;

    ValueId add(OpKind kind, std::vector<ValueId> operands, std::vector<int64_t> resultDims,
                FactorRule rule)
    {
        Op op;
        op.kind = kind;
        op.operands = std::move(operands);
        const OpId id = graph.addOp(op, {TensorType{DType::kF32, std::move(resultDims)}});
        rules.push_back(std::move(rule));
        return graph.op(id).results.front();
    }
    BatchDims batchDims() const
    {
        std::vector<int> ruleOfOp(rules.size());
        std::iota(ruleOfOp.begin(), ruleOfOp.end(), 0);
        return findBatchDims(graph, rules, ruleOfOp);
    }
    static FactorRule rule(std::vector<Factor> factors,
                           std::vector<std::vector<DimFactors>> operands,
                           std::vector<DimFactors> result)
    {
        FactorRule made;
        made.factors = std::move(factors);
        made.operands = std::move(operands);
        made.results = {std::move(result)};
        return made;
    }
};

TEST_F(BatchDimsTest, FollowTheBatchThroughAMatmulAndItsGradient)
{
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 8, 16}}, InputRole::kBatch);
    const ValueId w = graph.addInput("w", {DType::kF32, {16, 32}}, InputRole::kParameter);
    const ValueId flat = add(OpKind::kReshape, {x}, {32, 16},
                             rule({{4}, {8}, {16}}, {{{0}, {1}, {2}}}, {{0, 1}, {2}}));
    const ValueId y =
        add(OpKind::kDot, {flat, w}, {32, 32},
            rule({{32}, {16, FactorKind::kReduction}, {32}}, {{{0}, {1}}, {{1}, {2}}}, {{0}, {2}}));
    const ValueId transposed =
        add(OpKind::kTranspose, {y}, {32, 32}, rule({{32}, {32}}, {{{0}, {1}}}, {{1}, {0}}));
    const ValueId gradient =
        add(OpKind::kDot, {flat, transposed}, {16, 32},
            rule({{16}, {32, FactorKind::kReduction}, {32}}, {{{1}, {0}}, {{2}, {1}}}, {{0}, {2}}));
    const BatchDims batch = batchDims();
    EXPECT_EQ(batch.ofValue[x.index()], 0);
    EXPECT_EQ(batch.ofValue[w.index()], -1);
    EXPECT_EQ(batch.ofValue[flat.index()], 0);
    EXPECT_EQ(batch.ofValue[y.index()], 0);
    EXPECT_EQ(batch.ofValue[transposed.index()], 1);
    EXPECT_EQ(batch.ofValue[gradient.index()], -1);
    EXPECT_EQ(batch.factorOfOp, (std::vector<int>{0, 0, 0, 1}));
}

TEST_F(BatchDimsTest, ReachMasksThatAreBroadcastOverTheBatch)
{
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 8}}, InputRole::kBatch);
    const ValueId bias = graph.addInput("bias", {DType::kF32, {8}}, InputRole::kParameter);
    const ValueId wide =
        add(OpKind::kBroadcast, {bias}, {4, 8}, rule({{4}, {8}}, {{{1}}}, {{0}, {1}}));
    const ValueId sum = add(OpKind::kAdd, {wide, x}, {4, 8},
                            rule({{4}, {8}}, {{{0}, {1}}, {{0}, {1}}}, {{0}, {1}}));
    const BatchDims batch = batchDims();
    EXPECT_EQ(batch.ofValue[wide.index()], 0);
    EXPECT_EQ(batch.ofValue[bias.index()], -1);
    EXPECT_EQ(batch.ofValue[sum.index()], 0);
    EXPECT_EQ(batch.factorOfOp, (std::vector<int>{0, 0}));
}

TEST_F(BatchDimsTest, NeverMarkAParameterEvenWhenItMeetsTheBatch)
{
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 8}}, InputRole::kBatch);
    const ValueId table = graph.addInput("table", {DType::kF32, {4, 8}}, InputRole::kParameter);
    add(OpKind::kAdd, {x, table}, {4, 8}, rule({{4}, {8}}, {{{0}, {1}}, {{0}, {1}}}, {{0}, {1}}));
    EXPECT_EQ(batchDims().ofValue[table.index()], -1);
}

} // namespace
} // namespace alpa
