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
};

class ImportedLoss : public testing::TestWithParam<Case>
{
};

TEST_P(ImportedLoss, IsTheExportersLoss)
{
    const std::string stem =
        std::string(ALPA_SOURCE_DIR) + "/sample_models/" + GetParam().name + "/" + GetParam().name;
    const auto imported = importModel(stem + ".loss.stablehlo.mlir.gz");
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

INSTANTIATE_TEST_SUITE_P(Samples, ImportedLoss,
                         testing::Values(Case{"mlp-tiny", 1e-6}, Case{"gpt-tiny", 1e-6},
                                         Case{"llama-tiny", 1e-6}, Case{"gpt-tiny-bf16", 1e-5}),
                         [](const testing::TestParamInfo<Case>& test) {
                             std::string name = test.param.name;
                             for (char& c : name)
                                 c = c == '-' ? '_' : c;
                             return name;
                         });

} // namespace
} // namespace alpa
