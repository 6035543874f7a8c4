// Every composite that is recognised computes what its name says: evaluated in double precision on
// a model's parameters, its result obeys the formula.
#include "core/fusion/composites.h"
#include "core/training/training_step.h"
#include "runtime/reference/interpret.h"
#include "tests/numeric/sample_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

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

struct Expected {
    const char* model;
    std::map<CompositeKind, size_t> counts;
    double tolerance; ///< Constants of bf16 graphs are rounded.
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
    Graph& graph = step->graph;
    const std::vector<Composite> found = findComposites(graph);
    std::map<CompositeKind, size_t> counts;
    std::map<ValueId, size_t> outputs;
    for (const Composite& one : found) {
        ++counts[one.kind];
        EXPECT_FALSE(one.gradients.empty()) << compositeName(one.kind);
        for (const ValueId id : {one.x, one.result, one.scale, one.bias}) {
            if (id.isValid() && outputs.try_emplace(id, graph.outputs.size()).second)
                graph.addOutput({id, OutputRole::kOther, "", {}});
        }
    }
    EXPECT_EQ(counts, GetParam().counts);
    const auto values = interpret(graph, stepInputs(graph, *model, 1e-3));
    ASSERT_TRUE(values.ok()) << values.error().message;
    const auto tensor = [&](ValueId id) {
        return id.isValid() ? &(*values)[outputs.at(id)] : nullptr;
    };
    for (const Composite& one : found) {
        if (one.kind == CompositeKind::kAttention)
            continue; // attention_match_test.cpp
        const HostTensor& x = *tensor(one.x);
        const HostTensor& result = *tensor(one.result);
        ASSERT_EQ(x.values.size(), result.values.size());
        const auto width = static_cast<size_t>(x.type.dims.back());
        for (size_t begin = 0; begin < x.values.size(); begin += width) {
            const auto first = x.values.begin() + static_cast<std::ptrdiff_t>(begin);
            const Row row(first, first + static_cast<std::ptrdiff_t>(width));
            const Row y = one.kind == CompositeKind::kGelu ? gelu(row, one)
                          : one.kind == CompositeKind::kSoftmaxCrossEntropy
                              ? logSoftmax(row)
                              : normalised(row, one, tensor(one.scale), tensor(one.bias));
            for (size_t c = 0; c < width; ++c)
                ASSERT_NEAR(result.values[begin + c], y[c],
                            GetParam().tolerance * (1 + std::abs(y[c])))
                    << compositeName(one.kind) << " row " << begin / width << " channel " << c;
        }
    }
}

using enum CompositeKind;

INSTANTIATE_TEST_SUITE_P(
    , Composites,
    testing::Values(
        Expected{"gpt-tiny", {{kLayerNorm, 5}, {kGelu, 2}, {kSoftmaxCrossEntropy, 1}}, 1e-6},
        Expected{"gpt-tiny-bf16",
                 {{kAttention, 2}, {kLayerNorm, 5}, {kGelu, 2}, {kSoftmaxCrossEntropy, 1}},
                 5e-3},
        Expected{"llama-tiny", {{kRmsNorm, 5}, {kSoftmaxCrossEntropy, 1}}, 1e-9}),
    [](const auto& test) {
        std::string name = test.param.model;
        std::ranges::replace(name, '-', '_');
        return name;
    });

} // namespace
} // namespace alpa::fusion
