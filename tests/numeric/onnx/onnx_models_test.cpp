// Whole models that PyTorch exported: outputs as PyTorch computed them, gradients by differences,
// and plans that train as one device does.
#include "core/lowering/lower_plan.h"
#include "core/plan/make_plan.h"
#include "runtime/executor/run_program.h"
#include "tests/numeric/onnx/onnx_sample.h"
#include "tests/support/gradient_check.h"
#include "tests/support/host_buffers.h"

#include <gtest/gtest.h>

#include <map>

namespace alpa
{
namespace
{

TEST(OnnxModels, GiveTheExportersOutputs)
{
    for (const char* name : {"gpt2-tiny", "llama-tiny"}) {
        const OnnxSample sample = readOnnxSample(name);
        const auto outputs = interpret(sample.graph, inputsOf(sample, sample.graph));
        ASSERT_TRUE(outputs.ok()) << outputs.error().message;
        ASSERT_EQ(sample.outputs.size(), 1u);
        EXPECT_LT(relativeDifference((*outputs)[0], sample.outputs.begin()->second), 1e-4) << name;
    }
}

/// The derivative along a direction in which each parameter moves by its gradient.
TEST(OnnxModels, HaveTheGradientsOfDifferences)
{
    for (const char* name : {"gpt2-tiny", "llama-tiny"}) {
        const OnnxSample sample = readOnnxSample(name, LossKind::kCrossEntropy);
        const Result<Graph> differentiated = differentiate(sample.graph);
        ASSERT_TRUE(differentiated.ok()) << differentiated.error().message;
        const std::vector<HostTensor> inputs = inputsOf(sample, sample.graph);
        const auto outputs = interpret(*differentiated, inputs);
        ASSERT_TRUE(outputs.ok());
        size_t output = 1;
        for (size_t i = 0; i < inputs.size(); ++i) {
            if (sample.graph.inputs[i].role != InputRole::kParameter)
                continue;
            const HostTensor& gradient = (*outputs)[output++];
            double square = 0;
            for (const double value : gradient.values)
                square += value * value;
            ASSERT_GT(square, 0) << sample.graph.value(sample.graph.inputs[i].value).name;
            const double step = 1e-4 / std::sqrt(square);
            std::vector<HostTensor> moved = inputs;
            const auto lossAt = [&](double distance) {
                for (size_t e = 0; e < gradient.values.size(); ++e)
                    moved[i].values[e] = inputs[i].values[e] + distance * gradient.values[e];
                return (*interpret(sample.graph, moved))[0].values[0];
            };
            const double slope = (lossAt(step) - lossAt(-step)) / (2 * step);
            EXPECT_NEAR(slope, square, 1e-3 * square)
                << name << " " << sample.graph.value(sample.graph.inputs[i].value).name;
        }
    }
}

std::vector<double> losses(const OnnxSample& sample, int devices, std::optional<int> dp,
                           std::optional<int> tp, std::optional<int> pp)
{
    PlanRequest request;
    request.model = std::make_shared<const Graph>(sample.graph);
    request.cluster = *loadCluster("cpu-x" + std::to_string(devices));
    request.options.constraints.fixedDp = dp;
    request.options.constraints.fixedTp = tp;
    request.options.constraints.fixedPp = pp;
    request.options.constraints.microbatches = 1;
    const auto outcome = makePlan(request, {});
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
    const auto* plan = std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome);
    if (plan == nullptr) {
        ADD_FAILURE() << std::get<NoPlan>(*outcome).reason;
        return {};
    }
    const Result<Program> program = lowerPlan(**plan);
    EXPECT_TRUE(program.ok()) << (program.ok() ? "" : program.error().message);
    std::map<std::string, HostBuffer> inputs;
    const Graph& graph = *(*plan)->graph;
    std::vector<HostTensor> values = inputsOf(sample, graph);
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
        const std::string& name = graph.value(graph.inputs[i].value).name;
        if (graph.inputs[i].role == InputRole::kOptimizerState)
            std::ranges::fill(values[i].values, name == "learning_rate" ? 1e-3 : 0.0);
        if (const auto view = viewOfInput((*plan)->views, name);
            view && graph.inputs[i].role == InputRole::kParameter) {
            const HostTensor& whole = sample.values.at(view->source);
            const HostBuffer source = toHostBuffer(whole);
            inputs[name] = {graph.type(graph.inputs[i].value),
                            readView(*view, source.bytes, whole.type.dims, 4)};
            continue;
        }
        inputs[name] = toHostBuffer(values[i]);
    }
    RunOptions options;
    options.steps = 3;
    options.recordTrace = false;
    const auto run = runProgram(*program, inputs, options);
    EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.error().message);
    std::vector<double> found;
    for (const StepReport& step : run->steps)
        found.push_back(step.loss);
    return found;
}

TEST(OnnxModels, TrainAlikeUnderEveryPlan)
{
    for (const char* name : {"gpt2-tiny", "llama-tiny"}) {
        const OnnxSample sample = readOnnxSample(name, LossKind::kCrossEntropy);
        const std::vector<double> expected = losses(sample, 1, 1, 1, 1);
        ASSERT_EQ(expected.size(), 3u);
        EXPECT_LT(expected[2], expected[0]); // It learns.
        const auto check = [&](const std::vector<double>& actual, const char* plan) {
            ASSERT_EQ(actual.size(), expected.size()) << plan;
            for (size_t i = 0; i < expected.size(); ++i)
                EXPECT_NEAR(actual[i], expected[i], 1e-4 * expected[i]) << name << " " << plan;
        };
        check(losses(sample, 2, 2, 1, 1), "dp");
        check(losses(sample, 2, 1, 2, 1), "tp");
        check(losses(sample, 2, 1, 1, 2), "pp");
    }
}

} // namespace
} // namespace alpa
