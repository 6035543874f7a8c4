// Differentiation, rebatching and training steps on random graphs.
#include "core/graph/verify.h"
#include "core/training/rebatch.h"
#include "core/training/training_step.h"
#include "tests/support/gradient_check.h"
#include "tests/support/property.h"
#include "tests/support/random_graph.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

double lossOf(const Graph& graph, const std::vector<HostTensor>& inputs)
{
    const Result<std::vector<HostTensor>> outputs = interpret(graph, inputs);
    CHECK(outputs.ok(), outputs.error().message.c_str());
    return (*outputs)[0].values[0];
}

std::vector<HostTensor> batchRows(const Graph& graph, std::vector<HostTensor> inputs, int64_t first,
                                  int64_t count)
{
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (graph.inputs[i].role == InputRole::kBatch)
            inputs[i] = rows(inputs[i], first, count);
    }
    return inputs;
}

TEST(RandomGraphGradients, MatchCentralDifferences)
{
    forEachSeed(
        150,
        [](Rng& rng, int size) {
            const Graph graph = randomGraph(rng, size, {.batch = 4});
            // Central differences of a loss near 1 carry about 1e-11 / 1e-5 of rounding.
            expectGradientsMatchDifferences(graph, randomInputs(graph, rng), 1e-4);
        },
        16);
}

TEST(RandomGraphRebatch, LossIsTheMeanOverMicrobatches)
{
    forEachSeed(
        300,
        [](Rng& rng, int size) {
            const Graph graph = randomGraph(rng, size, {.keepsBatch = true});
            const std::vector<HostTensor> inputs = randomInputs(graph, rng);
            const double whole = lossOf(graph, inputs);
            for (const int64_t microbatch : {1, 2, 4}) {
                const Result<Graph> smaller = rebatch(graph, microbatch);
                ASSERT_TRUE(smaller.ok()) << smaller.error().message;
                double sum = 0.0;
                for (int64_t first = 0; first < 8; first += microbatch)
                    sum += lossOf(*smaller, batchRows(graph, inputs, first, microbatch));
                EXPECT_NEAR(sum * static_cast<double>(microbatch) / 8.0, whole, 1e-9);
            }
        },
        24);
}

TEST(RandomGraphRebatch, ThereAndBackIsTheSameGraph)
{
    forEachSeed(
        200,
        [](Rng& rng, int size) {
            const Graph graph = randomGraph(rng, size);
            const Result<Graph> larger = rebatch(graph, 24);
            if (!larger.ok()) {
                EXPECT_EQ(larger.error().code, ErrorCode::kUnsupported) << larger.error().message;
                return;
            }
            const Result<Graph> back = rebatch(*larger, 8);
            ASSERT_TRUE(back.ok()) << back.error().message;
            const std::vector<HostTensor> inputs = randomInputs(graph, rng);
            EXPECT_NEAR(lossOf(*back, inputs), lossOf(graph, inputs), 1e-12);
        },
        24);
}

TEST(RandomGraphTrainingStep, AccumulatesToTheGradientOfTheWholeBatch)
{
    forEachSeed(
        150,
        [](Rng& rng, int size) {
            const Graph graph = randomGraph(rng, size, {.keepsBatch = true});
            std::vector<HostTensor> inputs = randomInputs(graph, rng);
            const std::vector<HostTensor> expected = *interpret(*differentiate(graph), inputs);
            const Result<TrainingStep> step =
                makeTrainingStep(*rebatch(graph, 2), {.kind = OptimizerOptions::Kind::kSgd});
            ASSERT_TRUE(step.ok()) << step.error().message;
            inputs.push_back(filledTensor({DType::kF32, {}}, 1.0));
            const StepResult result = *interpretStep(step->graph, inputs, 4);
            const std::vector<HostTensor> next = nextInputs(step->graph, inputs, result);
            size_t gradient = graph.outputs.size();
            for (size_t i = 0; i < graph.inputs.size(); ++i) {
                if (graph.inputs[i].role != InputRole::kParameter)
                    continue;
                const HostTensor& slope = expected[gradient++];
                for (size_t e = 0; e < slope.values.size(); ++e)
                    EXPECT_NEAR(inputs[i].values[e] - next[i].values[e], slope.values[e], 1e-9);
            }
        },
        24);
}

} // namespace
} // namespace alpa
