// Programs that XLA partitioned for eight devices: the whole program that is recovered from one
// device's computes the loss of the program as it was written, and its plan is the one that was
// asked of XLA.
#include "core/explain/annotated_plan.h"
#include "core/import/import_model.h"
#include "runtime/reference/interpret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace alpa
{
namespace
{

ImportResult readSample(const std::string& name)
{
    Result<ImportResult> imported =
        importModel(std::string(ALPA_SOURCE_DIR) + "/tests/numeric/data/partitioned/" + name);
    EXPECT_TRUE(imported.ok() && imported->ok()) << name;
    EXPECT_EQ(imported->opaqueCount, 0) << name;
    return std::move(*imported);
}

/// Numbers that depend on the input's name and the place in it only: token numbers, or about 0.1 in
/// size.
HostTensor inputFor(const Graph& graph, const GraphInput& input)
{
    HostTensor tensor = filledTensor(graph.type(input.value), 0);
    double phase = 0;
    for (const char c : graph.value(input.value).name)
        phase = phase * 1.3 + static_cast<double>(c);
    for (size_t i = 0; i < tensor.values.size(); ++i) {
        const double wave = std::sin(phase + 0.7 * static_cast<double>(i));
        tensor.values[i] = isFloating(tensor.type.dtype) ? 0.2 * wave : std::floor(32 + 31 * wave);
    }
    return tensor;
}

double lossOf(const Graph& graph)
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs)
        inputs.push_back(inputFor(graph, input));
    const auto outputs = interpret(graph, inputs);
    EXPECT_TRUE(outputs.ok()) << outputs.error().message;
    return outputs.ok() ? (*outputs)[0].values[0] : std::nan("");
}

class Partitioned : public testing::TestWithParam<const char*>
{
};

TEST_P(Partitioned, IsTheProgramThatWasPartitioned)
{
    const std::string name = GetParam();
    const ImportResult written = readSample(name + ".stablehlo.mlir.gz");
    const ImportResult recovered = readSample(name + ".partitioned.hlo.txt.gz");
    EXPECT_EQ(parameterCount(*recovered.graph), parameterCount(*written.graph));
    const double expected = lossOf(*written.graph);
    EXPECT_NEAR(lossOf(*recovered.graph), expected, 1e-6 * std::fabs(expected));
}

TEST_P(Partitioned, HasThePlanThatXlaWasAskedFor)
{
    const std::string name = GetParam();
    const auto asked = planFromAnnotations(*readSample(name + ".stablehlo.mlir.gz").graph);
    const auto found = planFromAnnotations(*readSample(name + ".partitioned.hlo.txt.gz").graph);
    ASSERT_TRUE(asked.ok() && found.ok());
    EXPECT_EQ(found->plan.constraints.meshAxes, asked->plan.constraints.meshAxes);
    EXPECT_EQ(found->plan.constraints.specs.size(), asked->plan.constraints.specs.size());
    for (const SpecConstraint& spec : asked->plan.constraints.specs)
        EXPECT_NE(std::ranges::find(found->plan.constraints.specs, spec),
                  found->plan.constraints.specs.end())
            << spec.pattern << " " << formatSpec(spec.spec);
    EXPECT_EQ(found->parameters, 29);
}

/// Loss, parameters and state after one step, by name; the loss is "".
std::map<std::string, HostTensor> stepOf(const Graph& graph)
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        inputs.push_back(inputFor(graph, input));
        for (double& number : inputs.back().values) // Second moments are no squares otherwise.
            number = input.role == InputRole::kOptimizerState ? std::fabs(number) : number;
    }
    const auto outputs = interpret(graph, inputs);
    EXPECT_TRUE(outputs.ok()) << outputs.error().message;
    std::map<std::string, HostTensor> results;
    for (size_t at = 0; outputs.ok() && at < graph.outputs.size(); ++at) {
        EXPECT_NE(graph.outputs[at].role, OutputRole::kOther) << at;
        results.emplace(graph.outputs[at].name, (*outputs)[at]);
    }
    return results;
}

class PartitionedStep : public testing::TestWithParam<const char*>
{
};

TEST_P(PartitionedStep, IsTheStepThatWasPartitioned)
{
    const std::string name = GetParam();
    const ImportResult written = readSample(name + ".stablehlo.mlir.gz");
    const ImportResult recovered = readSample(name + ".partitioned.hlo.txt.gz");
    const auto expected = stepOf(*written.graph);
    const auto found = stepOf(*recovered.graph);
    ASSERT_EQ(found.size(), expected.size());
    EXPECT_EQ(expected.size(), 3u * 29 + 2); // Parameters, two moments, the count, the loss.
    for (const auto& [value, tensor] : expected) {
        ASSERT_TRUE(found.contains(value)) << value;
        ASSERT_EQ(found.at(value).type, tensor.type) << value;
        double largest = 0;
        double error = 0;
        for (size_t i = 0; i < tensor.values.size(); ++i) {
            largest = std::max(largest, std::fabs(tensor.values[i]));
            error = std::max(error, std::fabs(tensor.values[i] - found.at(value).values[i]));
        }
        EXPECT_LE(error, 1e-6 * largest) << value;
    }
}

TEST_P(PartitionedStep, HasThePlanThatXlaWasAskedFor)
{
    const std::string name = GetParam();
    const auto asked = planFromAnnotations(*readSample(name + ".stablehlo.mlir.gz").graph);
    const auto found = planFromAnnotations(*readSample(name + ".partitioned.hlo.txt.gz").graph);
    ASSERT_TRUE(asked.ok() && found.ok());
    EXPECT_EQ(found->parameters, 29);
    EXPECT_EQ(found->plan.constraints.stateStorage,
              name == "step-tp" ? StorageRule::kReplicated : StorageRule::kSplit);
    EXPECT_EQ(found->plan.constraints.meshAxes, asked->plan.constraints.meshAxes);
    for (const SpecConstraint& spec : asked->plan.constraints.specs)
        EXPECT_NE(std::ranges::find(found->plan.constraints.specs, spec),
                  found->plan.constraints.specs.end())
            << spec.pattern << " " << formatSpec(spec.spec);
}

INSTANTIATE_TEST_SUITE_P(Samples, PartitionedStep,
                         testing::Values("step-tp", "step-zero1", "step-zero3"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

INSTANTIATE_TEST_SUITE_P(Samples, Partitioned, testing::Values("gpt-tp", "gpt-dp"),
                         [](const auto& test) { return std::string(test.param).substr(4); });

} // namespace
} // namespace alpa
