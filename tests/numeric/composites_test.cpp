// Every composite that is recognised computes what its name says: evaluated in double precision on
// a model's parameters, its result obeys the formula.
#include "core/fusion/composites.h"
#include "core/training/training_step.h"
#include "runtime/reference/interpret.h"
#include "tests/numeric/onnx/onnx_sample.h"
#include "tests/numeric/sample_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <ostream>

namespace alpa::fusion
{
namespace
{

using Row = std::vector<double>;

Row normalised(const Row& x, const Composite& one, const HostTensor* scale, const HostTensor* bias)
{
    const auto n = static_cast<double>(x.size());
    double mean = 0;
    double squares = 0;
    for (const double value : x) {
        mean += one.kind == CompositeKind::kLayerNorm ? value / n : 0;
        squares += value * value / n;
    }
    Row y;
    for (size_t c = 0; c < x.size(); ++c)
        y.push_back((x[c] - mean) / std::sqrt(squares - mean * mean + one.epsilon) *
                        (scale == nullptr ? 1 : scale->values[c]) +
                    (bias == nullptr ? 0 : bias->values[c]));
    return y;
}

Row gelu(const Row& x, const Composite& one)
{
    Row y;
    for (const double v : x)
        y.push_back(0.5 * v *
                    (1 + (one.isApproximate ? std::tanh(std::sqrt(2 / std::numbers::pi) *
                                                        (v + 0.044715 * v * v * v))
                                            : std::erf(v / std::numbers::sqrt2))));
    return y;
}

Row logSoftmax(const Row& x)
{
    double sum = 0;
    for (const double value : x)
        sum += std::exp(value);
    Row y;
    for (const double value : x)
        y.push_back(value - std::log(sum));
    return y;
}

/// x * cosine + (-upper half, lower half) * sine, with tables for the row or for either half of it.
Row turned(const Row& x, const Row& cosine, const Row& sine)
{
    const size_t half = x.size() / 2;
    Row y;
    for (size_t c = 0; c < x.size(); ++c)
        y.push_back(x[c] * cosine[c % cosine.size()] +
                    (c < half ? -x[c + half] : x[c - half]) * sine[c % sine.size()]);
    return y;
}

/// Tensors of a graph that composites name, as computed in double precision.
struct Computed {
    std::map<ValueId, HostTensor> tensors;

    /// Row `row` of those of `value`.
    Row row(ValueId value, size_t row) const
    {
        const HostTensor& tensor = tensors.at(value);
        const auto width = static_cast<std::ptrdiff_t>(tensor.type.dims.back());
        const auto first = tensor.values.begin() + static_cast<std::ptrdiff_t>(row) * width;
        return Row(first, first + width);
    }
    const HostTensor* find(ValueId value) const
    {
        return value.isValid() ? &tensors.at(value) : nullptr;
    }
};

/// What the result's row should be.
Row expectedRow(const Composite& one, const Computed& computed, size_t row)
{
    const Row x = computed.row(one.x, row);
    switch (one.kind) {
    case CompositeKind::kAttention: {
        Row y = logSoftmax(x);
        std::ranges::transform(y, y.begin(), [](double value) { return std::exp(value); });
        return y;
    }
    case CompositeKind::kGelu:
        return gelu(x, one);
    case CompositeKind::kRotaryEmbedding:
        return turned(x, computed.row(one.cosine, row), computed.row(one.sine, row));
    case CompositeKind::kSoftmaxCrossEntropy: {
        const Row y = logSoftmax(x);
        const HostTensor* labels = computed.find(one.labels);
        return labels == nullptr ? y : Row{-y[static_cast<size_t>(labels->values[row])]};
    }
    case CompositeKind::kLayerNorm:
    case CompositeKind::kRmsNorm:
        break;
    }
    return normalised(x, one, computed.find(one.scale), computed.find(one.bias));
}

/// The scores that an attention's softmax takes follow from a product.
void expectScores(const Composite& one, const Computed& computed, double tolerance)
{
    const HostTensor& x = computed.tensors.at(one.x);
    const HostTensor& scores = computed.tensors.at(one.scores);
    const HostTensor* bias = computed.find(one.bias);
    ASSERT_EQ(x.values.size(), scores.values.size());
    size_t visible = 0;
    for (size_t i = 0; i < x.values.size(); ++i) {
        const double expected =
            one.factor * scores.values[i] + (bias == nullptr ? 0 : bias->values[i]);
        if (x.values[i] < -1e4)
            continue;
        ++visible;
        ASSERT_NEAR(x.values[i], expected, tolerance * (1 + std::abs(expected))) << "score " << i;
    }
    EXPECT_GE(2 * visible, x.values.size());
}

/// Adds what `found` names to the outputs of `graph` and evaluates it.
Computed compute(Graph& graph, const std::vector<Composite>& found,
                 const std::vector<HostTensor>& inputs)
{
    Computed computed;
    std::vector<ValueId> wanted;
    const size_t first = graph.outputs.size();
    for (const Composite& one : found) {
        for (const ValueId id : {one.x, one.result, one.scale, one.bias, one.scores, one.cosine,
                                 one.sine, one.labels}) {
            if (!id.isValid() || std::ranges::find(wanted, id) != wanted.end())
                continue;
            wanted.push_back(id);
            graph.addOutput({id, OutputRole::kOther, "", {}});
        }
    }
    const auto values = interpret(graph, inputs);
    EXPECT_TRUE(values.ok()) << values.error().message;
    for (size_t i = 0; values.ok() && i < wanted.size(); ++i)
        computed.tensors[wanted[i]] = (*values)[first + i];
    return computed;
}

void expectFormulas(const std::vector<Composite>& found, const Computed& computed, double tolerance)
{
    for (const Composite& one : found) {
        if (one.kind == CompositeKind::kAttention)
            expectScores(one, computed, tolerance);
        const HostTensor& result = computed.tensors.at(one.result);
        size_t at = 0;
        for (size_t row = 0; at < result.values.size(); ++row) {
            for (const double expected : expectedRow(one, computed, row)) {
                ASSERT_NEAR(result.values[at], expected, tolerance * (1 + std::abs(expected)))
                    << compositeName(one.kind) << " row " << row << " element " << at;
                ++at;
            }
        }
    }
}

std::map<CompositeKind, size_t> countsOf(const std::vector<Composite>& found)
{
    std::map<CompositeKind, size_t> counts;
    for (const Composite& one : found) {
        ++counts[one.kind];
        EXPECT_FALSE(one.gradients.empty()) << compositeName(one.kind);
    }
    return counts;
}

struct Expected {
    const char* model;
    std::map<CompositeKind, size_t> counts;
    double tolerance; ///< Constants of bf16 graphs are rounded.
    friend void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.model; }
};

class Composites : public testing::TestWithParam<Expected>
{
};

TEST_P(Composites, ComputeWhatTheirNamesSay)
{
    const Result<SampleModel> model = readSampleModel("sample_models", GetParam().model);
    ASSERT_TRUE(model.ok()) << model.error().message;
    Result<TrainingStep> step = makeTrainingStep(model->graph, {});
    ASSERT_TRUE(step.ok()) << step.error().message;
    const std::vector<Composite> found = findComposites(step->graph);
    EXPECT_EQ(countsOf(found), GetParam().counts);
    const std::vector<HostTensor> inputs = stepInputs(step->graph, *model, 1e-3);
    expectFormulas(found, compute(step->graph, found, inputs), GetParam().tolerance);
}

using enum CompositeKind;

const std::map<CompositeKind, size_t> kOfGpt{
    {kAttention, 2}, {kLayerNorm, 5}, {kGelu, 2}, {kSoftmaxCrossEntropy, 1}};
const std::map<CompositeKind, size_t> kOfLlama{
    {kAttention, 2}, {kRmsNorm, 5}, {kRotaryEmbedding, 4}, {kSoftmaxCrossEntropy, 1}};

std::string testName(const testing::TestParamInfo<Expected>& test)
{
    std::string name = test.param.model;
    std::ranges::replace(name, '-', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(, Composites,
                         testing::Values(Expected{"gpt-tiny", kOfGpt, 1e-6},
                                         Expected{"gpt-tiny-bf16", kOfGpt, 5e-3},
                                         Expected{"llama-tiny", kOfLlama, 1e-9}),
                         testName);

/// PyTorch's exporter writes roots where JAX writes their reciprocals, adds masks, and turns whole
/// rows.
class OnnxComposites : public Composites
{
};

TEST_P(OnnxComposites, ComputeWhatTheirNamesSay)
{
    const OnnxSample sample = readOnnxSample(GetParam().model, LossKind::kCrossEntropy);
    Result<TrainingStep> step = makeTrainingStep(sample.graph, {});
    ASSERT_TRUE(step.ok()) << step.error().message;
    const std::vector<Composite> found = findComposites(step->graph);
    EXPECT_EQ(countsOf(found), GetParam().counts);
    const std::vector<HostTensor> inputs = inputsOf(sample, step->graph);
    expectFormulas(found, compute(step->graph, found, inputs), GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(, OnnxComposites,
                         testing::Values(Expected{"gpt2-tiny", kOfGpt, 1e-6},
                                         Expected{"llama-tiny", kOfLlama, 1e-9}),
                         testName);

} // namespace
} // namespace alpa::fusion
