#include "core/graph/builder.h"
#include "core/graph/graph_text.h"
#include "core/training/localize_invariants.h"
#include "core/training/scope_group.h"
#include "core/training/training_step.h"
#include "tests/support/gradient_check.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace alpa
{
namespace
{

/// Two blocks around a tied embedding (8, 4): looked up at the start, transposed at the end; the
/// first block's weight is converted to `dtype` for its product. Loss is the mean square over the
/// batch of 3.
Graph tiedModel(DType parameterType = DType::kF32)
{
    Graph graph;
    const ValueId table =
        graph.addInput("embed.table", {parameterType, {8, 4}}, InputRole::kParameter);
    const ValueId weight =
        graph.addInput("block_0.fc.kernel", {parameterType, {4, 4}}, InputRole::kParameter);
    const ValueId unused = graph.addInput("unused", {parameterType, {2}}, InputRole::kParameter);
    static_cast<void>(unused);
    const ValueId ids = graph.addInput("ids", {DType::kS32, {3, 1}}, InputRole::kBatch);
    GraphBuilder b(graph, "Model/embed");
    const GatherAttributes rowsOf{.offsetDims = {1},
                                  .collapsedSliceDims = {0},
                                  .operandBatchingDims = {},
                                  .indicesBatchingDims = {},
                                  .startIndexMap = {0},
                                  .indexVectorDim = 1,
                                  .sliceSizes = {1, 4}};
    const ValueId x = b.convert(b.gather(table, ids, rowsOf), DType::kF32);
    const ValueId half = b.constant(0.5, b.type(x));
    b.setScope(graph.scope("Model/block_0/fc"));
    const ValueId h = b.tanh(b.matmul(b.multiply(x, half), b.convert(weight, DType::kF32)));
    b.setScope(graph.scope("Model/head"));
    const ValueId logits =
        b.matmul(b.multiply(h, half), b.convert(b.transpose(table, {1, 0}), DType::kF32));
    b.setScope(graph.scope("Model"));
    graph.addOutput({b.divide(b.sumAll(b.multiply(logits, logits)), b.scalar(24.0, DType::kF32)),
                     OutputRole::kLoss,
                     "",
                     {}});
    return graph;
}

TrainingStep stepOf(const Graph& graph, const OptimizerOptions& options = {})
{
    Result<TrainingStep> step = makeTrainingStep(graph, options);
    CHECK(step.ok(), step.error().message.c_str());
    return std::move(*step);
}

size_t inputIndex(const Graph& graph, const std::string& name)
{
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
        if (graph.value(graph.inputs[i].value).name == name)
            return i;
    }
    CHECK(false, "the graph has the input");
}

TEST(TrainingStep, KeepsGradientsOfATiedParameterApartUntilTheUpdate)
{
    const TrainingStep step = stepOf(tiedModel());
    const TrainedParameter& table = step.parameters[0];
    ASSERT_EQ(table.gradients.size(), 2u);
    ASSERT_EQ(table.accumulatedParts.size(), 2u);
    const Graph& graph = step.graph;
    std::set<std::string> scopes;
    for (const ValueId part : table.accumulatedParts) {
        const Op& op = graph.op(graph.value(part).producer);
        EXPECT_EQ(op.kind, OpKind::kAccumulate);
        EXPECT_EQ(op.phase, Phase::kBackward);
        scopes.insert(graph.scopePath(op.scope));
    }
    EXPECT_EQ(scopes, (std::set<std::string>{"Model/embed", "Model/head"}));
    const Op& sum = graph.op(graph.value(table.accumulated).producer);
    EXPECT_EQ(sum.kind, OpKind::kAdd);
    EXPECT_EQ(sum.phase, Phase::kUpdate);
    EXPECT_EQ(step.parameters[1].gradients.size(), 1u);
    EXPECT_TRUE(step.parameters[2].gradients.empty());
    EXPECT_EQ(step.microbatchSize, 3);
}

TEST(TrainingStep, UpdatesShareNoOpAndStandInTheirParametersScope)
{
    const TrainingStep step = stepOf(tiedModel());
    const Graph& graph = step.graph;
    std::set<size_t> seen;
    for (const TrainedParameter& trained : step.parameters) {
        std::vector<ValueId> open = trained.updatedStates;
        open.push_back(trained.updated);
        std::set<size_t> ops;
        while (!open.empty()) {
            const OpId producer = graph.value(open.back()).producer;
            open.pop_back();
            if (!producer.isValid() || graph.op(producer).phase != Phase::kUpdate ||
                !ops.insert(producer.index()).second)
                continue;
            const Op& op = graph.op(producer);
            EXPECT_TRUE(isElementwise(op.kind) || op.kind == OpKind::kConstant ||
                        op.kind == OpKind::kBroadcast);
            open.insert(open.end(), op.operands.begin(), op.operands.end());
            EXPECT_TRUE(seen.insert(producer.index()).second)
                << "op " << producer.index() << " is in two updates";
        }
        const Op& last = graph.op(graph.value(trained.updated).producer);
        const std::string& name = graph.value(trained.parameter).name;
        const std::string expected = name == "unused"        ? "Model/unused"
                                     : name == "embed.table" ? "Model/embed"
                                                             : "Model/block_0/fc";
        EXPECT_EQ(graph.scopePath(last.scope), expected);
    }
}

TEST(TrainingStep, SharesNoConstantBetweenScopeGroupsOrPhases)
{
    const Graph graph = stepOf(tiedModel()).graph;
    const std::vector<int> groups = scopeGroups(graph);
    for (const Op& op : graph.ops) {
        for (const ValueId operand : op.operands) {
            const OpId producer = graph.value(operand).producer;
            if (!producer.isValid() || graph.op(producer).kind != OpKind::kConstant)
                continue;
            EXPECT_EQ(graph.op(producer).phase, op.phase);
            EXPECT_EQ(groups[graph.op(producer).scope.index()], groups[op.scope.index()]);
        }
    }
}

/// optax's formulas on plain numbers.
struct Adam {
    double m = 0.0, v = 0.0;
    double update(double gradient, int step)
    {
        m = 0.9 * m + 0.1 * gradient;
        v = 0.999 * v + 0.001 * gradient * gradient;
        return m / (1.0 - std::pow(0.9, step)) /
               (std::sqrt(v / (1.0 - std::pow(0.999, step))) + 1e-8);
    }
};

std::vector<HostTensor> trainingInputs(const Graph& graph)
{
    Rng rng(3);
    std::vector<HostTensor> inputs = randomInputs(graph, rng, {.low = -1, .high = 1, .limit = 8});
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (graph.inputs[i].role == InputRole::kOptimizerState)
            inputs[i] = filledTensor(inputs[i].type, 0.0);
    }
    inputs[inputIndex(graph, "learning_rate")].values = {0.01};
    return inputs;
}

TEST(TrainingStep, FollowsOptaxAdamW)
{
    const Graph loss = tiedModel();
    const TrainingStep step =
        stepOf(loss, {.kind = OptimizerOptions::Kind::kAdamW, .weightDecay = 0.1});
    std::vector<HostTensor> inputs = trainingInputs(step.graph);
    const Graph gradients = *differentiate(loss);
    std::vector<std::vector<Adam>> adams = {std::vector<Adam>(32), std::vector<Adam>(16),
                                            std::vector<Adam>(2)};
    for (int number = 1; number <= 3; ++number) {
        const std::vector<HostTensor> lossInputs(inputs.begin(), inputs.begin() + 4);
        const std::vector<HostTensor> expected = *interpret(gradients, lossInputs);
        const StepResult result = *interpretStep(step.graph, inputs, 1);
        const std::vector<HostTensor> next = nextInputs(step.graph, inputs, result);
        EXPECT_EQ(next[inputIndex(step.graph, "step")].values[0], number);
        for (size_t p = 0; p < 3; ++p) {
            for (size_t e = 0; e < adams[p].size(); ++e) {
                const double weight = inputs[p].values[e];
                const double direction =
                    adams[p][e].update(expected[1 + p].values[e], number) + 0.1 * weight;
                EXPECT_NEAR(next[p].values[e], weight - 0.01 * direction, 1e-9);
            }
        }
        inputs = next;
    }
}

TEST(TrainingStep, KeepsFloat32MasterCopiesOfSmallParameters)
{
    const TrainingStep step = stepOf(tiedModel(DType::kBF16));
    const Graph& graph = step.graph;
    const TrainedParameter& weight = step.parameters[1];
    ASSERT_EQ(weight.stateInputs.size(), 3u);
    EXPECT_EQ(graph.value(weight.stateInputs[0]).name, "block_0.fc.kernel.m");
    EXPECT_EQ(graph.value(weight.stateInputs[2]).name, "block_0.fc.kernel.master");
    for (const ValueId state : weight.stateInputs)
        EXPECT_EQ(graph.type(state), (TensorType{DType::kF32, {4, 4}}));
    EXPECT_EQ(graph.type(weight.accumulated).dtype, DType::kF32);
    EXPECT_EQ(graph.type(weight.updated), (TensorType{DType::kBF16, {4, 4}}));
    const TrainingStep plain = stepOf(tiedModel(DType::kBF16), {.masterWeights = false});
    EXPECT_EQ(plain.parameters[1].stateInputs.size(), 2u);
    EXPECT_EQ(stepOf(tiedModel(), {.kind = OptimizerOptions::Kind::kSgd})
                  .parameters[1]
                  .stateInputs.size(),
              0u);
}

/// Simplifying, localizing and splitting the gradients by scope group changes no gradient: SGD with
/// rate 1 subtracts what plain differentiation gives.
TEST(TrainingStepProperty, UpdatesByTheGradient)
{
    forEachSeed(
        80,
        [](Rng& rng, int size) {
            const Graph loss = randomExpression(rng, size);
            const TrainingStep step = stepOf(loss, {.kind = OptimizerOptions::Kind::kSgd});
            std::vector<HostTensor> inputs = randomInputs(loss, rng);
            const std::vector<HostTensor> expected = *interpret(*differentiate(loss), inputs);
            inputs.push_back(filledTensor({DType::kF32, {}}, 1.0));
            const StepResult result = *interpretStep(step.graph, inputs, 1);
            EXPECT_NEAR(result.loss, expected[0].values[0], 1e-12);
            const std::vector<HostTensor> next = nextInputs(step.graph, inputs, result);
            for (size_t p = 0; p < 3; ++p) {
                for (size_t e = 0; e < next[p].values.size(); ++e)
                    EXPECT_NEAR(inputs[p].values[e] - next[p].values[e], expected[1 + p].values[e],
                                1e-10);
            }
            for (const Op& op : step.graph.ops)
                EXPECT_TRUE(op.phase != Phase::kBackward ||
                            step.graph.op(op.origin).phase == Phase::kForward);
        },
        20);
}

TEST(TrainingStep, IsTheSameEveryTime)
{
    EXPECT_EQ(formatGraph(stepOf(tiedModel()).graph), formatGraph(stepOf(tiedModel()).graph));
    EXPECT_EQ(stepOf(tiedModel()).parameters, stepOf(tiedModel()).parameters);
}

TEST(LocalizeInvariants, KeepsTheMeaning)
{
    const Graph graph = tiedModel();
    const Graph localized = localizeInvariants(graph);
    Rng rng(9);
    const std::vector<HostTensor> inputs =
        randomInputs(graph, rng, {.low = -1, .high = 1, .limit = 8});
    EXPECT_EQ(*interpret(graph, inputs), *interpret(localized, inputs));
    // The shared constant stands in the block and in the head.
    const auto constants = std::ranges::count(localized.ops, OpKind::kConstant, &Op::kind);
    EXPECT_EQ(constants, std::ranges::count(graph.ops, OpKind::kConstant, &Op::kind) + 1);
}

TEST(ScopeGroups, DivideAtTheFirstDepthThatDiffers)
{
    Graph graph;
    GraphBuilder b(graph);
    for (const char* path :
         {"GPT", "GPT/block_0/ln1", "GPT/block_0/mlp/fc", "GPT/block_1/ln1", "GPT/ln_f"}) {
        b.setScope(graph.scope(path));
        b.scalar(1.0, DType::kF32);
    }
    const std::vector<int> groups = scopeGroups(graph);
    const auto of = [&](const char* path) { return groups[graph.scope(path).index()]; };
    EXPECT_EQ(of("GPT/block_0/ln1"), of("GPT/block_0/mlp/fc"));
    EXPECT_NE(of("GPT/block_0/ln1"), of("GPT/block_1/ln1"));
    EXPECT_NE(of("GPT"), of("GPT/ln_f"));
}

} // namespace
} // namespace alpa
