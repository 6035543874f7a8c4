// The sample models against what their exporter recorded about them: parameters, and the order and
// roles of arguments.
#include "core/base/files.h"
#include "core/import/import_model.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ctime>
#include <set>

namespace alpa
{
namespace
{

struct Sample {
    const char* name;
    size_t batch; ///< Rows of dimension 0 of the batch inputs.
    size_t dots; ///< Matrix products, counted in the exporter's text: per layer, and those outside.
    const char* folder = "sample_models";
};

class ImportSample : public testing::TestWithParam<Sample>
{
protected:
    std::string path(std::string_view ending) const
    {
        const std::string name = GetParam().name;
        return std::string(ALPA_SOURCE_DIR) + "/" + GetParam().folder + "/" + name + "/" + name +
               std::string(ending);
    }
};

TEST_P(ImportSample, AgreesWithItsExporter)
{
    const auto result = importModel(path(".loss.stablehlo.mlir.gz"));
    ASSERT_TRUE(result.ok()) << result.error().message;
    ASSERT_TRUE(result->ok()) << formatDiagnostics("", result->sourceText, result->diagnostics);
    EXPECT_TRUE(result->diagnostics.empty());
    EXPECT_EQ(result->opaqueCount, 0);
    const Graph& graph = *result->graph;
    EXPECT_EQ(graph.name, GetParam().name);
    const auto recorded = nlohmann::json::parse(*readFile(path(".json")));
    EXPECT_EQ(parameterCount(graph), recorded["parameters"].get<int64_t>());
    std::vector<std::string> arguments;
    for (const GraphInput& input : graph.inputs) {
        EXPECT_NE(input.role, InputRole::kOptimizerState);
        const bool isParameter = input.role == InputRole::kParameter;
        arguments.push_back((isParameter ? "param:" : "batch:") + graph.value(input.value).name);
        if (!isParameter) {
            const int64_t rows = graph.type(input.value).dims.at(0);
            EXPECT_EQ(rows, static_cast<int64_t>(GetParam().batch));
        }
    }
    EXPECT_EQ(arguments, recorded["argument_order"].get<std::vector<std::string>>());
    ASSERT_EQ(graph.outputs.size(), 1u);
    EXPECT_EQ(graph.outputs[0].role, OutputRole::kLoss);
    size_t dots = 0;
    for (const Op& op : graph.ops) {
        EXPECT_EQ(op.phase, Phase::kForward);
        dots += op.kind == OpKind::kDot ? 1 : 0;
        if (op.kind == OpKind::kDot) { // Every product belongs to a module of the model.
            EXPECT_NE(graph.scopePath(op.scope), "");
        }
    }
    EXPECT_EQ(dots, GetParam().dots);
}

constexpr const char* kData = "tests/numeric/data";
constexpr const char* kModels = "tests/unit/import/models";

// GPT: qkv, scores, values, proj, fc, out in each block, and the logits. Llama: wq, wk, wv, scores,
// values, wo, w1, w2, w3.
INSTANTIATE_TEST_SUITE_P(
    All, ImportSample,
    testing::Values(Sample{"mlp-tiny", 16, 3}, Sample{"mlp-seed", 32, 3}, Sample{"gpt-tiny", 4, 13},
                    Sample{"gpt-tiny-bf16", 4, 13}, Sample{"gpt-125m", 8, 73},
                    Sample{"gpt-1.3b", 8, 145}, Sample{"gpt-39b", 8, 289},
                    Sample{"llama-tiny", 4, 19}, Sample{"llama-8b", 4, 289},
                    Sample{"moe-tiny", 4, 31, kData}, Sample{"scan-gpt-tiny", 4, 25, kData},
                    Sample{"wresnet-tiny", 4, 1, kData}, Sample{"moe-2.4b", 8, 121, kModels},
                    Sample{"wresnet-1b", 32, 1, kModels}),
    [](const testing::TestParamInfo<Sample>& test) {
        std::string name = test.param.name;
        for (char& c : name)
            c = c == '-' || c == '.' ? '_' : c;
        return name;
    });

TEST(ImportSamples, StepsNameTheirStatesAndReplaceTheirInputs)
{
    for (const std::string name :
         {"mlp-tiny", "gpt-tiny", "moe-tiny", "wresnet-tiny", "scan-gpt-tiny"}) {
        SCOPED_TRACE(name);
        const auto result =
            importModel(std::string(ALPA_SOURCE_DIR) + "/tests/numeric/data/steps/" + name +
                        ".step.stablehlo.mlir.gz");
        ASSERT_TRUE(result.ok() && result->ok());
        EXPECT_EQ(result->opaqueCount, 0);
        const Graph& graph = *result->graph;
        std::set<ValueId> replaced;
        for (const GraphOutput& output : graph.outputs) {
            if (output.alias.isValid())
                replaced.insert(output.alias);
        }
        std::set<Phase> phases;
        for (const Op& op : graph.ops)
            phases.insert(op.phase);
        EXPECT_EQ(phases.size(), 3u);
        for (const GraphInput& input : graph.inputs)
            EXPECT_EQ(replaced.contains(input.value), input.role != InputRole::kBatch)
                << graph.value(input.value).name;
    }
}

TEST(ImportSamples, ScopesAreTheModulesOfTheModel)
{
    const auto result = importModel(std::string(ALPA_SOURCE_DIR) +
                                    "/sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz");
    ASSERT_TRUE(result.ok() && result->ok());
    const std::set<std::string> scopes(result->graph->scopes.begin(), result->graph->scopes.end());
    std::set<std::string> expected = {"", "GPT", "GPT/wte", "GPT/ln_f", "GPT/wte.attend"};
    for (const std::string block : {"GPT/block_0", "GPT/block_1"}) {
        expected.insert(block);
        for (const char* part : {"/ln1", "/qkv", "/proj", "/ln2", "/fc", "/out"})
            expected.insert(block + part);
    }
    EXPECT_EQ(scopes, expected);
}

TEST(ImportSamples, TheLargestTakesLessThanAThirdOfASecond)
{
    const std::clock_t begin = std::clock(); // Of the processor, so that other work does not count.
    const auto result = importModel(std::string(ALPA_SOURCE_DIR) +
                                    "/sample_models/gpt-39b/gpt-39b.loss.stablehlo.mlir.gz");
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    ASSERT_TRUE(result.ok() && result->ok());
    RecordProperty("import_ms", static_cast<int>(seconds * 1e3));
    EXPECT_LT(seconds, 0.3); // 0.022 s measured on an idle machine.
}

} // namespace
} // namespace alpa
