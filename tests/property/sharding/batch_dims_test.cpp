// What the batch dimension means: exchanging the samples of a batch exchanges the parts of every
// value along its batch dimension, and leaves every value without one as it was.
#include "core/import/import_model.h"
#include "core/sharding/strategy.h"
#include "core/training/differentiate.h"
#include "tests/property/sharding/local_op.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// The tensor with its `samples` equal parts along `dim` in reverse order.
HostTensor reversedSamples(const HostTensor& tensor, int dim, int64_t samples)
{
    HostTensor result = tensor;
    const std::vector<int64_t>& dims = tensor.type.dims;
    int64_t inner = dims[static_cast<size_t>(dim)] / samples;
    for (size_t place = static_cast<size_t>(dim) + 1; place < dims.size(); ++place)
        inner *= dims[place];
    for (size_t at = 0; at < tensor.values.size(); ++at) {
        const int64_t flat = static_cast<int64_t>(at);
        const int64_t sample = flat / inner % samples;
        result.values[static_cast<size_t>(flat + (samples - 1 - 2 * sample) * inner)] =
            tensor.values[at];
    }
    return result;
}

TEST(BatchDimsProperty, ExchangingSamplesExchangesPartsAlongTheBatchDimension)
{
    for (const char* name : {"mlp-tiny", "gpt-tiny", "llama-tiny"}) {
        SCOPED_TRACE(name);
        const std::string stem = name;
        const Result<ImportResult> imported =
            importModel("sample_models/" + stem + "/" + stem + ".loss.stablehlo.mlir.gz");
        ASSERT_TRUE(imported.ok() && imported->ok());
        const Graph graph = differentiate(*imported->graph).value();
        std::vector<FactorRule> rules;
        std::vector<int> ruleOfOp;
        for (const Op& op : graph.ops) {
            ruleOfOp.push_back(static_cast<int>(rules.size()));
            rules.push_back(factorRule(graph, op));
        }
        const BatchDims batch = findBatchDims(graph, rules, ruleOfOp);

        Rng rng(1);
        const std::vector<HostTensor> inputs = randomInputs(graph, rng);
        std::vector<HostTensor> exchanged = inputs;
        int64_t samples = 0;
        for (size_t place = 0; place < inputs.size(); ++place) {
            if (graph.inputs[place].role != InputRole::kBatch)
                continue;
            samples = inputs[place].type.dims[0];
            exchanged[place] = reversedSamples(inputs[place], 0, samples);
        }
        ASSERT_GT(samples, 1);
        const std::vector<HostTensor> before = evaluateAll(graph, inputs);
        const std::vector<HostTensor> after = evaluateAll(graph, exchanged);
        int marked = 0;
        for (size_t value = 0; value < before.size(); ++value) {
            const int dim = batch.ofValue[value];
            const HostTensor expected =
                dim < 0 ? before[value] : reversedSamples(before[value], dim, samples);
            ASSERT_LT(relativeDifference(after[value], expected), 1e-9)
                << valueLabel(graph, ValueId(value)) << " " << formatType(before[value].type)
                << " batch dimension " << dim;
            marked += dim < 0 ? 0 : 1;
        }
        EXPECT_GT(marked, static_cast<int>(before.size()) / 4);
    }
}

} // namespace
} // namespace alpa
