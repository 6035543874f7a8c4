// The imported sample models, interpreted in double precision, give the loss that their exporter
// computed.
#include "core/base/safetensors.h"
#include "core/import/import_model.h"
#include "runtime/reference/interpret.h"

#include <gtest/gtest.h>

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

TEST_P(ImportedLoss, IsTheExportersLoss)
{
    const std::string stem = std::string(ALPA_SOURCE_DIR) + "/" + GetParam().folder + "/" +
                             GetParam().name + "/" + GetParam().name;
    const auto imported = importModel(GetParam().text == nullptr
                                          ? stem + ".loss.stablehlo.mlir.gz"
                                          : std::string(ALPA_SOURCE_DIR) + "/" + GetParam().text);
    ASSERT_TRUE(imported.ok() && imported->ok());
    const Graph& graph = *imported->graph;
    const auto reference = readSafetensors(stem + ".reference.safetensors");
    ASSERT_TRUE(reference.ok()) << reference.error().message;
    const auto valuesOf = [&](const std::string& name) {
        for (const SafeTensor& tensor : *reference) {
            if (tensor.name == name)
                return *tensorValues(tensor);
        }
        return std::vector<double>();
    };
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        const std::string prefix = input.role == InputRole::kParameter ? "param:" : "batch:";
        inputs.push_back(
            HostTensor{graph.type(input.value), valuesOf(prefix + graph.value(input.value).name)});
    }
    const auto outputs = interpret(graph, inputs);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    const double expected = valuesOf("loss").at(0);
    EXPECT_NEAR((*outputs)[0].values.at(0), expected, GetParam().tolerance * std::abs(expected));
}

constexpr const char* kData = "tests/numeric/data";

INSTANTIATE_TEST_SUITE_P(
    Samples, ImportedLoss,
    testing::Values(
        Case{"mlp-tiny", 1e-6}, Case{"gpt-tiny", 1e-6}, Case{"llama-tiny", 1e-6},
        Case{"gpt-tiny-bf16", 1e-5}, Case{"dropout", 1e-5, kData},
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
