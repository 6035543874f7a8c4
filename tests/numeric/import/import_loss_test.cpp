// The imported sample models, interpreted in double precision, give the loss that their exporter
// computed.
#include "core/base/safetensors.h"
#include "core/import/import_model.h"
#include "core/training/differentiate.h"
#include "runtime/reference/interpret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

struct Case {
    const char* name;
    double tolerance; ///< Relative; the exporter computed in the model's own types.
    const char* folder = "sample_models";
    const char* text = nullptr; ///< Another text of the same model; else its StableHLO.
};

class ImportedLoss : public testing::TestWithParam<Case>
{
};

/// A sample's graph and the numbers of its exporter.
struct Sample {
    Graph graph;
    std::vector<SafeTensor> reference;
    std::vector<HostTensor> inputs;

    std::vector<double> values(const std::string& name) const
    {
        for (const SafeTensor& tensor : reference) {
            if (tensor.name == name)
                return *tensorValues(tensor);
        }
        return {};
    }
};

Sample readSample(const Case& which)
{
    const std::string root = std::string(ALPA_SOURCE_DIR) + "/";
    const std::string stem = root + which.folder + "/" + which.name + "/" + which.name;
    Sample sample;
    auto imported =
        importModel(which.text == nullptr ? stem + ".loss.stablehlo.mlir.gz" : root + which.text);
    auto reference = readSafetensors(stem + ".reference.safetensors");
    if (!imported.ok() || !imported->ok() || !reference.ok()) {
        ADD_FAILURE() << stem;
        return sample;
    }
    EXPECT_EQ(imported->opaqueCount, 0);
    sample.graph = std::move(*imported->graph);
    sample.reference = std::move(*reference);
    for (const GraphInput& input : sample.graph.inputs) {
        const std::string prefix = input.role == InputRole::kParameter ? "param:" : "batch:";
        sample.inputs.push_back({sample.graph.type(input.value),
                                 sample.values(prefix + sample.graph.value(input.value).name)});
    }
    return sample;
}

TEST_P(ImportedLoss, IsTheExportersLoss)
{
    const Sample sample = readSample(GetParam());
    const auto outputs = interpret(sample.graph, sample.inputs);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    const double expected = sample.values("loss").at(0);
    EXPECT_NEAR((*outputs)[0].values.at(0), expected, GetParam().tolerance * std::abs(expected));
}

/// Of convolutions by groups, whose kernels' derivatives are convolutions over the batch.
TEST(ImportedConvolutions, ByGroupsHaveJaxsGradients)
{
    const Sample sample = readSample({"depthwise", 0, "tests/numeric/data"});
    const Result<Graph> differentiated = differentiate(sample.graph);
    ASSERT_TRUE(differentiated.ok()) << differentiated.error().message;
    const auto outputs = interpret(*differentiated, sample.inputs);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    int compared = 0;
    for (size_t at = 0; at < outputs->size(); ++at) {
        const GraphOutput& output = differentiated->outputs[at];
        if (output.role != OutputRole::kGradient)
            continue;
        const std::vector<double> expected = sample.values("grad:" + output.name);
        ASSERT_EQ((*outputs)[at].values.size(), expected.size()) << output.name;
        double largest = 0;
        for (const double number : expected)
            largest = std::max(largest, std::abs(number));
        for (size_t i = 0; i < expected.size(); ++i)
            EXPECT_NEAR((*outputs)[at].values[i], expected[i], 1e-5 * largest) << output.name;
        ++compared;
    }
    EXPECT_EQ(compared, 7);
}

constexpr const char* kData = "tests/numeric/data";

INSTANTIATE_TEST_SUITE_P(
    Samples, ImportedLoss,
    testing::Values(
        Case{"mlp-tiny", 1e-6}, Case{"gpt-tiny", 1e-6}, Case{"llama-tiny", 1e-6},
        Case{"gpt-tiny-bf16", 1e-5}, Case{"dropout", 1e-5, kData}, Case{"functions", 1e-5, kData},
        Case{"depthwise", 1e-6, kData},
        Case{"functions", 1e-5, kData, "tests/numeric/data/functions/functions.loss.hlo.txt.gz"},
        Case{"depthwise", 1e-6, kData, "tests/numeric/data/depthwise/depthwise.loss.hlo.txt.gz"},
        Case{"gpt-tiny", 1e-6, "sample_models", "tests/numeric/data/hlo/gpt-tiny.loss.hlo.txt.gz"},
        Case{"moe-tiny", 1e-6, kData, "tests/numeric/data/hlo/moe-tiny.loss.hlo.txt.gz"},
        Case{"wresnet-tiny", 1e-5, kData, "tests/numeric/data/hlo/wresnet-tiny.loss.hlo.txt.gz"},
        Case{"scan-gpt-tiny", 1e-6, kData, "tests/numeric/data/hlo/scan-gpt-tiny.loss.hlo.txt.gz"}),
    [](const testing::TestParamInfo<Case>& test) {
        std::string name = test.param.name;
        name += test.param.text == nullptr ? "" : "_hlo";
        for (char& c : name)
            c = c == '-' ? '_' : c;
        return name;
    });

} // namespace
} // namespace alpa
