// Every strategy of every op of real models computes the op: tiles by the strategy's specs, the op
// on each tile, partial results combined, equal the op on whole tensors. This holds factor rules
// and strategies to what ops mean.
#include "core/graph/builder.h"
#include "core/import/import_model.h"
#include "core/sharding/strategy.h"
#include "core/training/differentiate.h"
#include "tests/property/sharding/local_op.h"
#include "tests/support/convolutions.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <map>

namespace alpa
{
namespace
{

struct Coverage {
    int strategies = 0;
    std::map<std::string, int> splitByKind; ///< Strategies that split something.
};

/// Tries up to `most` strategies of each op on a mesh of these axis sizes.
void checkStrategies(const Graph& graph, const std::vector<int>& axisSizes, int most, Rng& rng,
                     Coverage& coverage)
{
    Cluster cluster;
    for (const int size : axisSizes)
        cluster.devicesPerHost *= size;
    cluster.withinHost = {Seconds{}, 1e9};
    const DeviceMesh mesh = makeDeviceMesh(cluster, {0, 1, 0, cluster.devicesPerHost}, axisSizes);
    const std::vector<HostTensor> values = evaluateAll(graph, randomInputs(graph, rng));
    for (const Op& op : graph.ops) {
        const FactorRule rule = factorRule(graph, op);
        const std::vector<Strategy> strategies = enumerateStrategies(
            rule, axisSizes, static_cast<AxisSet>((1u << axisSizes.size()) - 1));
        std::vector<const HostTensor*> operands;
        std::vector<const HostTensor*> results;
        for (const ValueId operand : op.operands)
            operands.push_back(&values[operand.index()]);
        for (const ValueId result : op.results)
            results.push_back(&values[result.index()]);
        const int count = static_cast<int>(strategies.size());
        for (int tried = 0; tried < std::min(count, most); ++tried) {
            const int place = count <= most ? tried : rng.below(count);
            const Strategy& strategy = strategies[static_cast<size_t>(place)];
            const OpSharding sharding = shardingOf(rule, strategy, axisSizes).value();
            const std::string difference =
                differenceUnder(graph, op, sharding, mesh, operands, results);
            ASSERT_EQ(difference, "") << opKindName(op.kind) << " line " << op.sourceLine << " "
                                      << phaseName(op.phase) << " " << formatRule(rule);
            ++coverage.strategies;
            if (strategy != Strategy{})
                ++coverage.splitByKind[std::string(opKindName(op.kind))];
        }
    }
}

Graph differentiated(const std::string& name)
{
    const Result<ImportResult> imported =
        importModel("sample_models/" + name + "/" + name + ".loss.stablehlo.mlir.gz");
    EXPECT_TRUE(imported.ok() && imported->ok()) << name;
    return differentiate(*imported->graph).value();
}

TEST(StrategyProperty, EveryStrategyOfAModelsOpsComputesTheOp)
{
    Coverage coverage;
    forEachSeed(1, [&](Rng& rng, int) {
        for (const char* name : {"mlp-tiny", "gpt-tiny", "llama-tiny"}) {
            SCOPED_TRACE(name);
            checkStrategies(differentiated(name), {2, 2}, 5, rng, coverage);
        }
    });
    EXPECT_GT(coverage.strategies, 2500);
    for (const char* kind : {"add", "dot", "reduce", "broadcast", "reshape", "transpose", "gather",
                             "scatter", "select", "iota", "slice", "concatenate"})
        EXPECT_GT(coverage.splitByKind[kind], 0) << kind;
}

/// Two matrix products around a reshape, a reduction and a convolution with random sizes: uneven
/// meshes and three axes.
Graph randomGraph(Rng& rng, int size)
{
    Graph graph;
    GraphBuilder builder(graph);
    const auto dim = [&] { return int64_t{1} << rng.between(0, 1 + size / 7); };
    const int64_t batch = dim() * rng.between(1, 3);
    const int64_t tokens = dim();
    const int64_t width = 2 * dim();
    const ValueId x = graph.addInput("x", {DType::kF32, {batch, tokens, width}}, InputRole::kBatch);
    const ValueId w = graph.addInput("w", {DType::kF32, {width, 6}}, InputRole::kParameter);
    const ValueId product = builder.matmul(x, w);
    const ValueId flat = builder.reshape(product, {batch * tokens, 6});
    const ValueId turned = builder.transpose(flat, {1, 0});
    builder.dot(turned, flat, {{}, {}, {1}, {0}});
    builder.dot(x, x, {{0}, {0}, {2}, {2}});
    const auto kind = static_cast<ReduceKind>(rng.below(4));
    builder.reduce(kind, product, {rng.below(3)});
    builder.concatenate({flat, flat}, rng.below(2));
    builder.reverse(product, {rng.below(3)});
    const ValueId image =
        graph.addInput("image", {DType::kF32, {batch, 6, 6, width}}, InputRole::kBatch);
    const ValueId kernel =
        graph.addInput("kernel", {DType::kF32, {3, 3, width, 4}}, InputRole::kParameter);
    builder.convolution(image, kernel, convolution2d({1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}));
    return graph;
}

TEST(StrategyProperty, EveryStrategyOfRandomGraphsComputesTheOp)
{
    Coverage coverage;
    forEachSeed(60, [&](Rng& rng, int size) {
        std::vector<int> axisSizes;
        for (int axis = rng.between(1, 3); axis > 0; --axis)
            axisSizes.push_back(rng.between(1, 3));
        checkStrategies(randomGraph(rng, size), axisSizes, 8, rng, coverage);
    });
    EXPECT_GT(coverage.splitByKind["convolution"], 50);
    EXPECT_GT(coverage.splitByKind["dot"], 200);
}

} // namespace
} // namespace alpa
