// Models with separated projections against the same models as imported.
#include "core/graph/graph_text.h"
#include "core/import/import_model.h"
#include "core/training/differentiate.h"
#include "core/training/split_projections.h"
#include "runtime/reference/interpret.h"
#include "tests/numeric/sample_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace alpa
{
namespace
{

HostTensor partOf(const HostTensor& whole, const ParameterView& view)
{
    const std::span<const std::byte> bytes = std::as_bytes(std::span(whole.values));
    const std::vector<std::byte> part =
        readView(view, bytes, whole.type.dims, static_cast<int64_t>(sizeof(double)));
    HostTensor tensor{{whole.type.dtype, viewDims(view, whole.type.dims)}, {}};
    tensor.values.resize(part.size() / sizeof(double));
    std::ranges::copy(part, std::as_writable_bytes(std::span(tensor.values)).begin());
    return tensor;
}

class FusedModel : public ::testing::TestWithParam<const char*>
{
};

TEST_P(FusedModel, ComputesTheSameInParts)
{
    const Result<SampleModel> model = readSampleModel("sample_models", GetParam());
    ASSERT_TRUE(model.ok()) << model.error().message;
    const Result<SplitModel> split = splitFusedProjections(model->graph);
    ASSERT_TRUE(split.ok()) << split.error().message;
    EXPECT_EQ(split->views.size(), 12u); // 2 blocks x (kernel, bias) x (queries, keys, values)

    std::map<std::string, HostTensor> known;
    for (size_t i = 0; i < model->inputs.size(); ++i)
        known[model->graph.value(model->graph.inputs[i].value).name] = model->inputs[i];
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : split->graph.inputs) {
        const std::string& name = split->graph.value(input.value).name;
        const auto view = viewOfInput(split->views, name);
        inputs.push_back(view ? partOf(known.at(view->source), *view) : known.at(name));
    }
    const Graph whole = *differentiate(model->graph);
    const Graph parts = *differentiate(split->graph);
    const auto expected = interpret(whole, model->inputs);
    const auto actual = interpret(parts, inputs);
    ASSERT_TRUE(expected.ok() && actual.ok());
    std::map<std::string, const HostTensor*> gradients;
    for (size_t i = 0; i < whole.outputs.size(); ++i)
        gradients[whole.outputs[i].name] = &(*expected)[i];
    int compared = 0;
    for (size_t i = 0; i < parts.outputs.size(); ++i) {
        const std::string& name = parts.outputs[i].name;
        const auto view = viewOfInput(split->views, name);
        const HostTensor& source = *gradients.at(view ? view->source : name);
        const HostTensor want = view ? partOf(source, *view) : source;
        // Relative to the whole: the gradient of the keys' bias is zero but for rounding.
        ASSERT_EQ((*actual)[i].values.size(), want.values.size()) << name;
        double largest = 0.0;
        double difference = 0.0;
        for (const double value : source.values)
            largest = std::max(largest, std::fabs(value));
        for (size_t at = 0; at < want.values.size(); ++at)
            difference = std::max(difference, std::fabs((*actual)[i].values[at] - want.values[at]));
        EXPECT_LE(difference, 1e-9 * largest) << name;
        ++compared;
    }
    EXPECT_EQ(compared, 28 - 4 + 12 + 1); // Parameters, 4 of them in 3 parts each, and the loss.
}

INSTANTIATE_TEST_SUITE_P(, FusedModel, ::testing::Values("gpt-tiny", "gpt-tiny-bf16"),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

Graph importSample(const std::string& name)
{
    const auto imported = importModel(std::string(ALPA_SOURCE_DIR) + "/sample_models/" + name +
                                      "/" + name + ".loss.stablehlo.mlir.gz");
    CHECK(imported.ok() && imported->ok(), "samples can be imported");
    return *imported->graph;
}

TEST(SplitFusedProjections, LeavesModelsWithSeparateProjectionsAlone)
{
    for (const char* name : {"llama-tiny", "llama-8b", "mlp-tiny", "mlp-seed"}) {
        const Graph loss = importSample(name);
        const SplitModel split = *splitFusedProjections(loss);
        EXPECT_TRUE(split.views.empty()) << name;
        EXPECT_EQ(formatGraph(split.graph), formatGraph(loss)) << name;
    }
}

TEST(SplitFusedProjections, TakesMilliseconds)
{
    const Graph loss = importSample("gpt-39b");
    const auto begin = std::chrono::steady_clock::now();
    const Result<SplitModel> split = splitFusedProjections(loss);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
    ASSERT_TRUE(split.ok());
    EXPECT_EQ(split->views.size() % 6, 0u);
    EXPECT_GT(split->views.size(), 200u);
    std::printf("gpt-39b: %zu ops, %zu views, %.1f ms\n", loss.ops.size(), split->views.size(),
                time.count());
    EXPECT_LT(time.count(), 200.0); // 20 times the goal: machines under test are loaded.
}

} // namespace
} // namespace alpa
