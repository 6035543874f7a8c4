// cuDNN's layer norm, as XLA calls it in programs for GPUs, computes what JAX wrote.
#include "core/import/import_model.h"
#include "runtime/reference/interpret.h"

#include <gtest/gtest.h>

#include <cmath>

namespace alpa
{
namespace
{

/// Forward for training, then backward with the statistics that it kept; tensors padded to rank
/// four, as XLA passes them.
constexpr std::string_view kCalls = R"(HloModule norm

ENTRY main {
  x = f32[6,8]{1,0} parameter(0)
  scale = f32[8]{0} parameter(1)
  bias = f32[8]{0} parameter(2)
  dy = f32[6,8]{1,0} parameter(3)
  x4 = f32[6,8,1,1]{3,2,1,0} bitcast(x)
  scale4 = f32[8,1,1,1]{3,2,1,0} bitcast(scale)
  bias4 = f32[8,1,1,1]{3,2,1,0} bitcast(bias)
  dy4 = f32[6,8,1,1]{3,2,1,0} bitcast(dy)
  forward = (f32[6,8,1,1]{3,2,1,0}, f32[6,1,1,1]{3,2,1,0}, f32[6,1,1,1]{3,2,1,0}, u8[64]{0}) custom-call(x4, scale4, bias4), custom_call_target="__cudnn$norm", backend_config={"cudnn_norm_backend_config":{"epsilon":0.001,"algorithm":{"algo_id":"0"},"kind":"LAYER_FWD_TRAIN"}}
  y4 = f32[6,8,1,1]{3,2,1,0} get-tuple-element(forward), index=0
  mean = f32[6,1,1,1]{3,2,1,0} get-tuple-element(forward), index=1
  factor = f32[6,1,1,1]{3,2,1,0} get-tuple-element(forward), index=2
  backward = (f32[6,8,1,1]{3,2,1,0}, f32[8,1,1,1]{3,2,1,0}, f32[8,1,1,1]{3,2,1,0}, u8[64]{0}) custom-call(x4, scale4, dy4, mean, factor), custom_call_target="__cudnn$norm", backend_config={"cudnn_norm_backend_config":{"epsilon":0,"kind":"LAYER_BWD"}}
  dx4 = f32[6,8,1,1]{3,2,1,0} get-tuple-element(backward), index=0
  dscale4 = f32[8,1,1,1]{3,2,1,0} get-tuple-element(backward), index=1
  dbias4 = f32[8,1,1,1]{3,2,1,0} get-tuple-element(backward), index=2
  y = f32[6,8]{1,0} bitcast(y4)
  dx = f32[6,8]{1,0} bitcast(dx4)
  dscale = f32[8]{0} bitcast(dscale4)
  dbias = f32[8]{0} bitcast(dbias4)
  ROOT all = (f32[6,8]{1,0}, f32[6,8]{1,0}, f32[8]{0}, f32[8]{0}) tuple(y, dx, dscale, dbias)
}
)";

std::vector<HostTensor> resultsOf(const Graph& graph)
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        inputs.push_back(filledTensor(graph.type(input.value), 0));
        for (size_t i = 0; i < inputs.back().values.size(); ++i)
            inputs.back().values[i] = std::sin(static_cast<double>(inputs.size() * 31 + i * 7));
    }
    const auto outputs = interpret(graph, inputs);
    EXPECT_TRUE(outputs.ok()) << outputs.error().message;
    return outputs.ok() ? *outputs : std::vector<HostTensor>();
}

TEST(LayerNormCalls, ComputeWhatJaxWrote)
{
    const auto written = importModel(std::string(ALPA_SOURCE_DIR) +
                                     "/tests/numeric/data/norm/norm.stablehlo.mlir.gz");
    ASSERT_TRUE(written.ok() && written->ok());
    const ImportResult calls = importHlo(kCalls, "norm", {});
    ASSERT_TRUE(calls.ok() && calls.graph);
    EXPECT_EQ(calls.opaqueCount, 0);
    const std::vector<HostTensor> expected = resultsOf(*written->graph);
    const std::vector<HostTensor> found = resultsOf(*calls.graph);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t at = 0; at < expected.size(); ++at) {
        ASSERT_EQ(found[at].type, expected[at].type);
        for (size_t i = 0; i < expected[at].values.size(); ++i)
            EXPECT_NEAR(found[at].values[i], expected[at].values[i], 1e-9) << at << " " << i;
    }
}

TEST(LayerNormCalls, OfKindsNobodyKnowsStayOpaque)
{
    std::string text(kCalls);
    text.replace(text.find("LAYER_BWD"), 9, "GROUP_BWD");
    const ImportResult calls = importHlo(text, "norm", {});
    ASSERT_TRUE(calls.ok());
    EXPECT_EQ(calls.opaqueCount, 1);
    EXPECT_NE(formatDiagnostics("t", text, calls.diagnostics).find("a norm of kind 'GROUP_BWD'"),
              std::string::npos);
}

} // namespace
} // namespace alpa
