// Loss, gradients and training losses of real models against JAX.
#include "core/graph/graph_text.h"
#include "core/training/differentiate.h"
#include "core/training/training_step.h"
#include "runtime/reference/interpret.h"
#include "tests/numeric/sample_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace alpa
{
namespace
{

struct ModelCase {
    const char* name;
    const char* folder;
    bool roundToDtype; ///< bf16 models are compared with bf16 arithmetic.
    double tolerance;  ///< Of losses and, in the Euclidean norm, of each gradient; relative.
};

/// |actual - expected| / |expected| in the Euclidean norm.
double relativeError(const HostTensor& actual, const HostTensor& expected)
{
    if (actual.type.dims != expected.type.dims)
        return std::numeric_limits<double>::infinity();
    double difference = 0.0;
    double size = 0.0;
    for (size_t i = 0; i < expected.values.size(); ++i) {
        difference += std::pow(actual.values[i] - expected.values[i], 2);
        size += std::pow(expected.values[i], 2);
    }
    return std::sqrt(difference / size);
}

class JaxReference : public ::testing::TestWithParam<ModelCase>
{
protected:
    void SetUp() override
    {
        Result<SampleModel> read = readSampleModel(GetParam().folder, GetParam().name);
        ASSERT_TRUE(read.ok()) << read.error().message;
        model_ = std::move(*read);
    }
    InterpretOptions options() const { return {.roundToDtype = GetParam().roundToDtype}; }

    /// Losses before each of as many updates as `expected` has.
    void expectLosses(const OptimizerOptions& optimizer, const std::vector<double>& expected)
    {
        const Result<TrainingStep> step = makeTrainingStep(model_.graph, optimizer);
        ASSERT_TRUE(step.ok()) << step.error().message;
        std::vector<HostTensor> inputs = stepInputs(step->graph, model_, optimizer.learningRate);
        for (size_t i = 0; i < expected.size(); ++i) {
            const Result<StepResult> result = interpretStep(step->graph, inputs, 1, options());
            ASSERT_TRUE(result.ok()) << result.error().message;
            EXPECT_NEAR(result->loss, expected[i], GetParam().tolerance * std::fabs(expected[i]))
                << "step " << i;
            inputs = nextInputs(step->graph, inputs, *result);
        }
    }

    SampleModel model_;
};

TEST_P(JaxReference, LossAndGradients)
{
    const Result<Graph> graph = differentiate(model_.graph);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    const Result<std::vector<HostTensor>> outputs = interpret(*graph, model_.inputs, options());
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    size_t gradients = 0;
    double worst = 0.0;
    for (size_t i = 0; i < graph->outputs.size(); ++i) {
        const GraphOutput& output = graph->outputs[i];
        if (output.role == OutputRole::kLoss) {
            EXPECT_NEAR((*outputs)[i].values[0], model_.loss,
                        GetParam().tolerance * std::fabs(model_.loss));
        }
        if (output.role != OutputRole::kGradient)
            continue;
        ++gradients;
        const double error = relativeError((*outputs)[i], model_.gradients.at(output.name));
        EXPECT_LE(error, GetParam().tolerance) << output.name;
        worst = std::max(worst, error);
    }
    EXPECT_EQ(gradients, model_.gradients.size());
    std::printf("%s: the worst gradient has relative error %.2e\n", GetParam().name, worst);
}

TEST_P(JaxReference, FiveAdamSteps)
{
    expectLosses({.kind = OptimizerOptions::Kind::kAdam, .learningRate = 1e-3}, model_.adamLosses);
}

TEST_P(JaxReference, FiveSgdSteps)
{
    expectLosses({.kind = OptimizerOptions::Kind::kSgd, .learningRate = 0.1}, model_.sgdLosses);
}

INSTANTIATE_TEST_SUITE_P(
    , JaxReference,
    ::testing::Values(ModelCase{"mlp-tiny", "sample_models", false, 1e-4},
                      ModelCase{"gpt-tiny", "sample_models", false, 1e-4},
                      ModelCase{"llama-tiny", "sample_models", false, 1e-4},
                      ModelCase{"gpt-tiny-bf16", "sample_models", true, 2e-2},
                      ModelCase{"moe-tiny", "tests/numeric/data", false, 1e-4},
                      ModelCase{"scan-gpt-tiny", "tests/numeric/data", false, 1e-4},
                      ModelCase{"wresnet-tiny", "tests/numeric/data", false, 1e-4}),
    [](const ::testing::TestParamInfo<ModelCase>& test) {
        std::string name = test.param.name;
        std::ranges::replace(name, '-', '_');
        return name;
    });

} // namespace
} // namespace alpa
