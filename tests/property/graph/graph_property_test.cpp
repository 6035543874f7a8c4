// Random graphs: the text form is exact, and simplification keeps the graph sound and its results.
#include "core/graph/graph_text.h"
#include "core/graph/simplify.h"
#include "core/graph/verify.h"
#include "runtime/reference/interpret.h"
#include "tests/support/property.h"
#include "tests/support/random_graph.h"

namespace alpa
{
namespace
{

std::string problemsOf(const Graph& graph)
{
    const Status status = checkGraph(graph);
    return status.ok() ? "" : status.error().message + "\n" + formatGraph(graph);
}

std::vector<HostTensor> randomInputValues(const Graph& graph, Rng& rng)
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        inputs.push_back(filledTensor(graph.type(input.value), 0));
        for (double& value : inputs.back().values)
            value = 2 * rng.uniform() - 1;
    }
    return inputs;
}

void expectSameTables(const Graph& a, const Graph& b)
{
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.scopes, b.scopes);
    EXPECT_EQ(a.inputs, b.inputs);
    EXPECT_EQ(a.outputs, b.outputs);
    ASSERT_EQ(a.values.size(), b.values.size());
    for (size_t i = 0; i < a.values.size(); ++i) {
        EXPECT_EQ(a.values[i].type, b.values[i].type);
        EXPECT_EQ(a.values[i].name, b.values[i].name);
        EXPECT_EQ(a.values[i].producer, b.values[i].producer);
    }
    ASSERT_EQ(a.ops.size(), b.ops.size());
    for (size_t i = 0; i < a.ops.size(); ++i) {
        EXPECT_EQ(a.ops[i].kind, b.ops[i].kind);
        EXPECT_EQ(a.ops[i].phase, b.ops[i].phase);
        EXPECT_EQ(a.ops[i].scope, b.ops[i].scope);
        EXPECT_EQ(a.ops[i].sourceLine, b.ops[i].sourceLine);
        EXPECT_EQ(a.ops[i].origin, b.ops[i].origin);
        EXPECT_EQ(a.ops[i].operands, b.ops[i].operands);
        EXPECT_EQ(a.ops[i].results, b.ops[i].results);
        EXPECT_EQ(a.ops[i].attributes, b.ops[i].attributes);
    }
}

TEST(GraphTextProperty, ReadsBackWhatItPrints)
{
    forEachSeed(300, [](Rng& rng, int size) {
        Graph graph =
            randomGraph(rng, size, {.keepsBatch = rng.chance(0.5), .hasLoss = rng.chance(0.8)});
        ASSERT_EQ(problemsOf(graph), "");
        for (Op& op : graph.ops) {
            op.phase = static_cast<Phase>(rng.below(3));
            op.sourceLine = rng.below(4) * 1000;
            if (rng.chance(0.3))
                op.origin = OpId(rng.below(static_cast<int>(graph.ops.size())));
        }
        graph.addOutput({ValueId(0), OutputRole::kUpdatedParameter, "a \"b\"\n\t\\", ValueId(0)});
        const std::string text = formatGraph(graph);
        const Result<Graph> read = parseGraph(text);
        ASSERT_TRUE(read.ok()) << read.error().message << "\n" << text;
        expectSameTables(graph, *read);
        EXPECT_EQ(formatGraph(*read), text);
    });
}

TEST(SimplifyProperty, KeepsGraphsSoundAndTheirResults)
{
    int removed = 0;
    forEachSeed(300, [&](Rng& rng, int size) {
        const Graph graph = randomGraph(rng, size);
        const std::vector<HostTensor> inputs = randomInputValues(graph, rng);
        const Result<std::vector<HostTensor>> expected = interpret(graph, inputs);
        ASSERT_TRUE(expected.ok()) << expected.error().message;
        for (const auto pass :
             {foldConstants, simplifyAlgebra, mergeEqualOps, removeDeadOps, simplify}) {
            const Graph smaller = pass(graph);
            ASSERT_EQ(problemsOf(smaller), "");
            EXPECT_LE(smaller.ops.size(), graph.ops.size());
            EXPECT_EQ(smaller.inputs.size(), graph.inputs.size());
            const Result<std::vector<HostTensor>> actual = interpret(smaller, inputs);
            ASSERT_TRUE(actual.ok()) << actual.error().message;
            EXPECT_LE(relativeDifference((*actual)[0], (*expected)[0]), 1e-13)
                << formatGraph(graph) << formatGraph(smaller);
        }
        const Graph once = simplify(graph);
        removed += static_cast<int>(graph.ops.size() - once.ops.size());
        EXPECT_EQ(formatGraph(simplify(once)), formatGraph(once));
    });
    if (std::getenv("TEST_SEED") == nullptr) {
        EXPECT_GT(removed, 300);
    }
}

} // namespace
} // namespace alpa
