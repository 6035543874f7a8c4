#include "core/graph/builder.h"
#include "core/training/sample_mixing.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// A loss over x (4, 3) of what `body` makes of it.
template <typename Body>
Graph lossOf(Body body)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4, 3}}, InputRole::kBatch);
    const ValueId w = graph.addInput("w", {DType::kF32, {3}}, InputRole::kParameter);
    GraphBuilder b(graph, "Model");
    const ValueId y = body(b, b.multiply(x, b.broadcast(w, {1}, {4, 3})));
    graph.addOutput({b.scale(b.sumAll(y), 0.25), OutputRole::kLoss, "", {}});
    return graph;
}

TEST(SampleMixing, IsNotFoundWhereSamplesMeetInTheLossOnly)
{
    EXPECT_FALSE(firstSampleMixing(lossOf([](GraphBuilder& b, ValueId x) {
        const ValueId mean = b.scale(b.sum(x, {1}), 1.0 / 3.0); // Of each sample: layer norm.
        return b.subtract(x, b.broadcast(mean, {0}, {4, 3}));
    })));
}

TEST(SampleMixing, IsFoundWhereAMeanOverTheBatchReachesASample)
{
    const Graph graph = lossOf([](GraphBuilder& b, ValueId x) {
        const ValueId mean = b.scale(b.sum(x, {0}), 0.25);
        return b.subtract(x, b.broadcast(mean, {1}, {4, 3}));
    });
    const std::optional<OpId> mixing = firstSampleMixing(graph);
    ASSERT_TRUE(mixing);
    EXPECT_EQ(graph.op(*mixing).kind, OpKind::kBroadcast);
}

TEST(SampleMixing, DoesNotMindParametersThatAreSpreadOverTheBatch)
{
    EXPECT_FALSE(firstSampleMixing(lossOf([](GraphBuilder&, ValueId x) { return x; })));
}

} // namespace
} // namespace alpa
