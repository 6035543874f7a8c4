#include "core/inter_op/cluster_layers.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// `blocks` blocks of 4 heavy ops; each op's value is read by the next op, and weighs 1 byte at a
/// block's end, else 9.
ClusteringProblem chainOfBlocks(int blocks)
{
    ClusteringProblem problem;
    const int ops = blocks * 4;
    problem.cost.assign(static_cast<size_t>(ops), 10.0);
    problem.isHeavy.assign(static_cast<size_t>(ops), 1);
    for (int op = 0; op + 1 < ops; ++op)
        problem.values.push_back({op, {op + 1}, op % 4 == 3 ? 1.0 : 9.0});
    return problem;
}

TEST(ClusterLayers, CutsWhereFewestBytesCross)
{
    const auto layers = clusterLayers(chainOfBlocks(6), {.layerCount = 3});
    ASSERT_TRUE(layers.ok()) << layers.error().message;
    EXPECT_EQ(layers->begins, (std::vector<int>{0, 8, 16}));
    EXPECT_EQ(layers->objective, 1.0);
    EXPECT_EQ(layers->totalBytes, 2.0);
    EXPECT_EQ(layers->end(1, 24), 16);
    EXPECT_EQ(layers->end(2, 24), 24);
}

TEST(ClusterLayers, CountsAValueOnceHoweverOftenALayerReadsIt)
{
    ClusteringProblem problem = chainOfBlocks(2);
    problem.values.push_back({0, {4, 4, 5, 7}, 100.0});
    const auto layers = clusterLayers(problem, {.layerCount = 2});
    ASSERT_TRUE(layers.ok());
    EXPECT_EQ(layers->begins, (std::vector<int>{0, 4}));
    EXPECT_EQ(layers->objective, 101.0); // 1 + 100
}

TEST(ClusterLayers, MakesOneLayerOfEverything)
{
    const auto layers = clusterLayers(chainOfBlocks(2), {.layerCount = 1});
    ASSERT_TRUE(layers.ok());
    EXPECT_EQ(layers->begins, (std::vector<int>{0}));
    EXPECT_EQ(layers->objective, 0.0);
}

TEST(ClusterLayers, RefusesMoreLayersThanHeavyOps)
{
    const auto layers = clusterLayers(chainOfBlocks(1), {.layerCount = 5});
    ASSERT_FALSE(layers.ok());
    EXPECT_EQ(layers.error().message,
              "cannot make 5 layers of 4 heavy ops (dots and convolutions): each layer needs one");
}

TEST(ClusterLayers, SaysWhichLayerCountsWouldDo)
{
    // Two layers of at least three heavy ops: the first must end before the heavy one, which is
    // then the first of the second; that has to end after three ops, as it is over the bound, and
    // leaves one op over.
    ClusteringProblem problem;
    problem.cost = {1, 1, 1, 100, 1, 1, 1};
    problem.isHeavy.assign(7, 1);
    const auto layers = clusterLayers(problem, {.layerCount = 2, .imbalance = 0.0});
    ASSERT_FALSE(layers.ok());
    EXPECT_EQ(layers.error().message,
              "no clustering into 2 layers keeps each within 1 times the mean cost; 3 would do");
    EXPECT_TRUE(clusterLayers(problem, {.layerCount = 3, .imbalance = 0.0}).ok());
}

TEST(ClusterLayers, RefusesMalformedProblems)
{
    ClusteringProblem flags = chainOfBlocks(2);
    flags.isHeavy.pop_back();
    EXPECT_FALSE(clusterLayers(flags, {.layerCount = 2}).ok());
    ClusteringProblem backwards = chainOfBlocks(2);
    backwards.values.push_back({5, {3}, 1.0});
    EXPECT_FALSE(clusterLayers(backwards, {.layerCount = 2}).ok());
    ClusteringProblem outside = chainOfBlocks(2);
    outside.values.push_back({5, {8}, 1.0});
    EXPECT_FALSE(clusterLayers(outside, {.layerCount = 2}).ok());
    EXPECT_FALSE(clusterLayers(chainOfBlocks(2), {.layerCount = 0}).ok());
    EXPECT_FALSE(clusterLayers({}, {.layerCount = 1}).ok());
}

TEST(SearchLayerCount, TakesAsManyLayersAsThereAreCheapCuts)
{
    // Eight blocks of four heavy ops: cuts between blocks cost 1 byte, all others 9.
    EXPECT_EQ(*searchLayerCount(chainOfBlocks(8)), 8);
    EXPECT_EQ(*searchLayerCount(chainOfBlocks(8), 0.5, 8.0), 10); // 32 / 3 heavy ops
    EXPECT_EQ(*searchLayerCount(chainOfBlocks(2)), 2);
}

TEST(SearchLayerCount, MakesOneLayerWhereTwoAreNotPossible)
{
    ClusteringProblem problem = chainOfBlocks(1);
    problem.isHeavy = {1, 0, 0, 0};
    EXPECT_EQ(*searchLayerCount(problem), 1);
}

TEST(ClusterLayers, StopsWhenCancelled)
{
    std::stop_source source;
    source.request_stop();
    const auto layers =
        clusterLayers(chainOfBlocks(2), {.layerCount = 2}, {source.get_token(), {}});
    ASSERT_FALSE(layers.ok());
    EXPECT_EQ(layers.error().code, ErrorCode::kCancelled);
}

} // namespace
} // namespace alpa
