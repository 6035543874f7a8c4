// Rebatched models and gradient accumulation against the batch that the file was exported with.
#include "core/training/rebatch.h"
#include "core/training/training_step.h"
#include "runtime/reference/interpret.h"
#include "tests/numeric/sample_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

/// In double precision only the order of summation differs.
constexpr double kTolerance = 1e-9;

struct RebatchedModel {
    const char* name;
    std::vector<int64_t> smaller; ///< Batch sizes that divide the file's.
};

class Microbatches : public ::testing::TestWithParam<RebatchedModel>
{
protected:
    void SetUp() override
    {
        Result<SampleModel> read = readSampleModel("sample_models", GetParam().name);
        ASSERT_TRUE(read.ok()) << read.error().message;
        model_ = std::move(*read);
    }

    double loss(const Graph& graph, const std::vector<HostTensor>& inputs)
    {
        const Result<std::vector<HostTensor>> outputs = interpret(graph, inputs);
        CHECK(outputs.ok(), outputs.error().message.c_str());
        return (*outputs)[0].values[0];
    }
    /// The model's inputs with rows [first, first + count) of the batch.
    std::vector<HostTensor> part(int64_t first, int64_t count)
    {
        std::vector<HostTensor> inputs = model_.inputs;
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (model_.graph.inputs[i].role == InputRole::kBatch)
                inputs[i] = rows(inputs[i], first, count);
        }
        return inputs;
    }

    SampleModel model_;
};

TEST_P(Microbatches, LossOfTheBatchIsTheMeanOverItsParts)
{
    const int64_t batch = batchSize(model_.graph);
    const double whole = loss(model_.graph, model_.inputs);
    for (const int64_t size : GetParam().smaller) {
        const Result<Graph> smaller = rebatch(model_.graph, size);
        ASSERT_TRUE(smaller.ok()) << smaller.error().message;
        double sum = 0.0;
        for (int64_t first = 0; first < batch; first += size)
            sum += loss(*smaller, part(first, size));
        EXPECT_NEAR(sum * static_cast<double>(size) / static_cast<double>(batch), whole,
                    kTolerance * whole);
    }
}

TEST_P(Microbatches, LargerBatchIsTheMeanOfItsHalves)
{
    const int64_t batch = batchSize(model_.graph);
    const Result<Graph> larger = rebatch(model_.graph, 2 * batch);
    ASSERT_TRUE(larger.ok()) << larger.error().message;
    // The second half is the first one with its examples and features rolled, so that the halves
    // differ.
    std::vector<HostTensor> second = model_.inputs;
    std::vector<HostTensor> both = model_.inputs;
    for (size_t i = 0; i < both.size(); ++i) {
        if (model_.graph.inputs[i].role != InputRole::kBatch)
            continue;
        std::ranges::rotate(second[i].values, second[i].values.begin() + 3);
        both[i].type.dims[0] *= 2;
        both[i].values.insert(both[i].values.end(), second[i].values.begin(),
                              second[i].values.end());
    }
    const double mean = (loss(model_.graph, model_.inputs) + loss(model_.graph, second)) / 2.0;
    EXPECT_NE(loss(model_.graph, model_.inputs), loss(model_.graph, second));
    EXPECT_NEAR(loss(*larger, both), mean, kTolerance * mean);
}

TEST_P(Microbatches, AccumulationGivesTheStepOfTheWholeBatch)
{
    const int64_t batch = batchSize(model_.graph);
    const Result<TrainingStep> whole = makeTrainingStep(model_.graph);
    ASSERT_TRUE(whole.ok()) << whole.error().message;
    const std::vector<HostTensor> inputs = stepInputs(whole->graph, model_, 1e-3);
    const Result<StepResult> expected = interpretStep(whole->graph, inputs, 1);
    ASSERT_TRUE(expected.ok()) << expected.error().message;
    for (const int64_t size : GetParam().smaller) {
        const Result<TrainingStep> step = makeTrainingStep(*rebatch(model_.graph, size));
        ASSERT_TRUE(step.ok()) << step.error().message;
        EXPECT_EQ(step->microbatchSize, size);
        const Result<StepResult> result = interpretStep(step->graph, inputs, batch / size);
        ASSERT_TRUE(result.ok()) << result.error().message;
        EXPECT_NEAR(result->loss, expected->loss, kTolerance * expected->loss);
        for (size_t i = 0; i < expected->outputs.size(); ++i) {
            // Adam's first update is the sign of the gradient; where that is zero but for rounding,
            // it is noise.
            const bool isUpdate = step->graph.outputs[i].role == OutputRole::kUpdatedParameter;
            EXPECT_LE(relativeDifference(result->outputs[i], expected->outputs[i]),
                      isUpdate ? 1e-2 : 1e-8)
                << step->graph.outputs[i].name;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(, Microbatches,
                         ::testing::Values(RebatchedModel{"mlp-tiny", {4, 8}},
                                           RebatchedModel{"gpt-tiny", {1, 2}},
                                           RebatchedModel{"llama-tiny", {1, 2}},
                                           RebatchedModel{"gpt-tiny-bf16", {1, 2}}),
                         [](const ::testing::TestParamInfo<RebatchedModel>& test) {
                             std::string name = test.param.name;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

} // namespace
} // namespace alpa
