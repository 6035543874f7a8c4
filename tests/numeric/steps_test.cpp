// Whole training steps as JAX exports them (loss, gradients and Adam in one function), planned with
// their own backward pass and update, lowered and run: the losses are JAX's.
#include "core/import/import_model.h"
#include "core/lowering/lower_plan.h"
#include "core/plan/make_plan.h"
#include "core/training/rebatch.h"
#include "core/training/split_step.h"
#include "runtime/cpu/cpu_backend.h"
#include "runtime/executor/run_program.h"
#include "tests/numeric/sample_model.h"
#include "tests/support/host_buffers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

namespace alpa
{
namespace
{

constexpr double kTolerance = 1e-4; // Of five losses, relative.

struct StepCase {
    const char* model;
    const char* name;
    int devices = 1;
    std::optional<int> dp = {};
    std::optional<int> tp = {};
    std::optional<int> pp = {};
    std::optional<int> microbatches = {};
};

std::string caseName(const StepCase& test)
{
    std::string name = std::string(test.model) + "_" + test.name;
    std::ranges::replace(name, '-', '_');
    return name;
}
void PrintTo(const StepCase& test, std::ostream* out) { *out << caseName(test); }

Graph readStep(const std::string& name)
{
    const Result<ImportResult> imported =
        importModel(std::string(ALPA_SOURCE_DIR) + "/tests/numeric/data/steps/" + name +
                    ".step.stablehlo.mlir.gz");
    CHECK(imported.ok() && imported->ok(), "the step can be read");
    return *imported->graph;
}

SampleModel readLoss(const std::string& name)
{
    const bool isSample =
        std::filesystem::exists(std::string(ALPA_SOURCE_DIR) + "/sample_models/" + name);
    Result<SampleModel> model =
        readSampleModel(isSample ? "sample_models" : "tests/numeric/data", name);
    CHECK(model.ok(), model.error().message.c_str());
    return std::move(*model);
}

Result<PlanOutcome> planOf(const Graph& model, const StepCase& test)
{
    PlanRequest request;
    request.model = std::make_shared<const Graph>(model);
    request.cluster = *loadCluster("cpu-x" + std::to_string(test.devices));
    request.options.constraints.fixedDp = test.dp;
    request.options.constraints.fixedTp = test.tp;
    request.options.constraints.fixedPp = test.pp;
    request.options.constraints.microbatches = test.microbatches;
    request.options.threads = 1;
    return makePlan(request, {});
}

/// The parameters and the batch by name; zero for states.
std::map<std::string, HostBuffer> inputsOf(const ParallelPlan& plan, const SampleModel& model)
{
    std::map<std::string, HostTensor> known;
    for (size_t i = 0; i < model.inputs.size(); ++i)
        known[model.graph.value(model.graph.inputs[i].value).name] = model.inputs[i];
    std::map<std::string, HostBuffer> inputs;
    for (const GraphInput& input : plan.graph->inputs) {
        const Value& value = plan.graph->value(input.value);
        const auto found = known.find(value.name);
        inputs[value.name] =
            toHostBuffer(found == known.end() ? filledTensor(value.type, 0.0) : found->second);
    }
    return inputs;
}

class Steps : public ::testing::TestWithParam<StepCase>
{
};

TEST_P(Steps, TrainAsJaxDoes)
{
    const StepCase& test = GetParam();
    const SampleModel model = readLoss(test.model);
    const Result<PlanOutcome> outcome = planOf(readStep(test.model), test);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    if (const auto* none = std::get_if<NoPlan>(&*outcome))
        FAIL() << "no plan: " << none->reason;
    const ParallelPlan& plan = *std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    const Result<Program> program = lowerPlan(plan);
    ASSERT_TRUE(program.ok()) << program.error().message;
    RunOptions options;
    options.steps = static_cast<int>(model.adamLosses.size());
    options.recordTrace = false;
    const auto backend = makeCpuBackend({.poisonsArenas = true});
    const Result<RunResult> run = runProgram(*backend, *program, inputsOf(plan, model), options);
    ASSERT_TRUE(run.ok()) << run.error().message;
    ASSERT_EQ(run->steps.size(), model.adamLosses.size());
    for (size_t step = 0; step < model.adamLosses.size(); ++step)
        EXPECT_NEAR(run->steps[step].loss, model.adamLosses[step],
                    kTolerance * model.adamLosses[step])
            << "step " << step;
}

std::vector<StepCase> stepCases()
{
    std::vector<StepCase> cases;
    for (const char* model :
         {"mlp-tiny", "gpt-tiny", "moe-tiny", "wresnet-tiny", "scan-gpt-tiny"}) {
        cases.push_back({.model = model, .name = "single"});
        cases.push_back({.model = model, .name = "auto_x4", .devices = 4});
        cases.push_back({.model = model, .name = "dp_x2", .devices = 2, .dp = 2});
        cases.push_back({.model = model, .name = "tp_x2", .devices = 2, .tp = 2, .pp = 1});
        cases.push_back(
            {.model = model, .name = "pp_x2", .devices = 2, .pp = 2, .microbatches = 1});
        if (std::string(model) == "wresnet-tiny")
            continue; // Batch statistics are those of a microbatch.
        cases.push_back({.model = model,
                         .name = "pp_dp_microbatches_x4",
                         .devices = 4,
                         .dp = 2,
                         .tp = 1,
                         .pp = 2,
                         .microbatches = 2});
    }
    return cases;
}

INSTANTIATE_TEST_SUITE_P(, Steps, ::testing::ValuesIn(stepCases()),
                         [](const auto& test) { return caseName(test.param); });

TEST(StepPlan, CostsAboutWhatThePlanOfTheLossCosts)
{
    const StepCase test{.model = "gpt-tiny", .name = "cost", .devices = 4};
    const Result<PlanOutcome> ofStep = planOf(readStep("gpt-tiny"), test);
    const Result<PlanOutcome> ofLoss = planOf(readLoss("gpt-tiny").graph, test);
    ASSERT_TRUE(ofStep.ok() && ofLoss.ok());
    const auto& step = *std::get<std::shared_ptr<const ParallelPlan>>(*ofStep);
    const auto& loss = *std::get<std::shared_ptr<const ParallelPlan>>(*ofLoss);
    EXPECT_NEAR(step.stepTime.count, loss.stepTime.count, 0.15 * loss.stepTime.count);
}

TEST(StepPlan, RefusesStagesWhereThePassesAreNotKnown)
{
    Graph step = readStep("mlp-tiny");
    for (Op& op : step.ops)
        op.phase = Phase::kForward; // As in a text without name stacks.
    const Result<PlanOutcome> staged =
        planOf(step, {.model = "mlp-tiny", .name = "", .devices = 2, .pp = 2});
    ASSERT_FALSE(staged.ok());
    EXPECT_NE(staged.error().message.find("cannot be told apart"), std::string::npos);
    const Result<PlanOutcome> whole = planOf(step, {.model = "mlp-tiny", .name = "", .devices = 2});
    ASSERT_TRUE(whole.ok()) << whole.error().message;
    const auto* plan = std::get_if<std::shared_ptr<const ParallelPlan>>(&*whole);
    ASSERT_NE(plan, nullptr);
    EXPECT_EQ((*plan)->stages.size(), 1u);
    EXPECT_EQ((*plan)->microbatches, 1);
}

TEST(OpaquePlan, GoesOnAroundAnOperationThatNobodyKnows)
{
    Graph loss = readLoss("mlp-tiny").graph;
    const auto tanhLike = std::ranges::find(loss.ops, OpKind::kMaximum, &Op::kind);
    ASSERT_NE(tanhLike, loss.ops.end());
    tanhLike->kind = OpKind::kOpaque;
    tanhLike->attributes = OpaqueAttributes{"custom.activation", "custom.activation", {}, {}};
    const Result<PlanOutcome> outcome =
        planOf(loss, {.model = "mlp-tiny", .name = "", .devices = 4});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    const auto* plan = std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome);
    ASSERT_NE(plan, nullptr);
    EXPECT_EQ((*plan)->microbatches, 1); // It cannot be given another batch.
    const Result<Program> program = lowerPlan(**plan);
    ASSERT_FALSE(program.ok()); // Planned, but nobody can run it.
    EXPECT_NE(program.error().message.find("can be planned but not run"), std::string::npos)
        << program.error().message;
}

} // namespace
} // namespace alpa
