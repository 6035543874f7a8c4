#include "tests/numeric/plan_cases.h"

#include "core/lowering/lower_plan.h"
#include "core/training/rebatch.h"
#include "runtime/executor/run_program.h"
#include "tests/support/host_buffers.h"
#include "tests/support/two_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace alpa
{
namespace
{

constexpr double kF32Tolerance = 1e-4;  // Of five losses, relative.
constexpr double kBf16Tolerance = 2e-2; // The same for bfloat16 activations.

const SampleModel& sampleModel(const std::string& name)
{
    static std::map<std::string, SampleModel> models;
    const auto known = models.find(name);
    if (known != models.end())
        return known->second;
    const bool isSample =
        std::filesystem::exists(std::string(ALPA_SOURCE_DIR) + "/sample_models/" + name);
    Result<SampleModel> model =
        readSampleModel(isSample ? "sample_models" : "tests/numeric/data", name);
    CHECK(model.ok(), model.error().message.c_str());
    return models.emplace(name, std::move(*model)).first->second;
}

/// Whole tensors by input name: the model's own, parts of them by view, and zeros for states.
std::map<std::string, HostBuffer> inputsOf(const ParallelPlan& plan, const SampleModel& model,
                                           int repeats)
{
    std::map<std::string, HostTensor> known;
    for (size_t i = 0; i < model.inputs.size(); ++i)
        known[model.graph.value(model.graph.inputs[i].value).name] = model.inputs[i];
    std::map<std::string, HostBuffer> inputs;
    for (const GraphInput& input : plan.graph->inputs) {
        const Value& value = plan.graph->value(input.value);
        HostBuffer& buffer = inputs[value.name];
        const auto view = viewOfInput(plan.views, value.name);
        const auto found = known.find(view ? view->source : value.name);
        if (found == known.end()) {
            const bool isRate = value.name == "learning_rate";
            buffer = toHostBuffer(
                filledTensor(value.type, isRate ? plan.options.optimizer.learningRate : 0.0));
            continue;
        }
        buffer = toHostBuffer(found->second);
        if (view) {
            buffer.bytes =
                readView(*view, buffer.bytes, buffer.type.dims, dtypeBytes(buffer.type.dtype));
            buffer.type.dims = viewDims(*view, buffer.type.dims);
        }
        if (input.role == InputRole::kBatch && value.type.rank() > 0) {
            const std::vector<std::byte> once = buffer.bytes;
            for (int repeat = 1; repeat < repeats; ++repeat)
                buffer.bytes.insert(buffer.bytes.end(), once.begin(), once.end());
            buffer.type.dims[0] *= repeats;
        }
    }
    return inputs;
}

/// What the plan of a request is in words, for failures.
std::string planText(const ParallelPlan& plan)
{
    std::string text = std::to_string(plan.microbatches) + " microbatches";
    for (const PlanStage& stage : plan.stages)
        text += ", layers " + std::to_string(stage.firstLayer) + "-" +
                std::to_string(stage.endLayer) + " on " + formatMesh(stage.mesh);
    return text;
}

} // namespace

std::string caseName(const PlanCase& test)
{
    std::string name = test.model + "_x" + std::to_string(test.devices) + "_" + test.name;
    std::ranges::replace(name, '-', '_');
    return name;
}
void PrintTo(const PlanCase& test, std::ostream* out) { *out << caseName(test); }

namespace
{

void slowDownHalf(Cluster& cluster)
{
    DeviceKind& second = addSecondKind(cluster);
    second.matrixFlops32 /= 3;
    second.memoryBandwidth /= 3;
    second.memory = cluster.device.memory / int64_t{2};
}

} // namespace

PlanRequest requestOf(const PlanCase& test, const std::string& cluster)
{
    const SampleModel& model = sampleModel(test.model);
    PlanRequest request;
    request.model = std::make_shared<const Graph>(model.graph);
    request.cluster = *loadCluster(cluster + "-x" + std::to_string(test.devices));
    if (test.hasTwoKinds)
        slowDownHalf(request.cluster);
    PlanOptions& options = request.options;
    options.strategy = test.strategy;
    options.optimizer =
        test.usesSgd ? OptimizerOptions{.kind = OptimizerOptions::Kind::kSgd, .learningRate = 0.1}
                     : OptimizerOptions{.kind = OptimizerOptions::Kind::kAdam};
    options.constraints.usesAllDevices = test.idle == 0;
    options.constraints.contextParallel = test.cp;
    options.constraints.recomputedLayers = test.layers;
    options.constraints.fixedDp = test.dp;
    options.constraints.fixedTp = test.tp;
    options.constraints.fixedPp = test.pp;
    options.constraints.microbatches = test.microbatches;
    options.constraints.meshAxes = test.mesh;
    options.constraints.schedule = test.schedule;
    options.constraints.chunks = test.chunks;
    options.constraints.selectiveRecomputation = test.selective;
    options.constraints.recomputation = test.full;
    if (!test.pattern.empty())
        options.constraints.specs.push_back(
            {.pattern = test.pattern, .spec = *parseSpec(test.spec)});
    options.globalBatch = batchSize(model.graph) * test.repeats;
    options.threads = 1;
    return request;
}

void checkPlanCase(const PlanCase& test, const std::string& cluster, Backend& backend)
{
    const SampleModel& model = sampleModel(test.model);
    const Result<PlanOutcome> outcome = makePlan(requestOf(test, cluster), {});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    if (const auto* none = std::get_if<NoPlan>(&*outcome))
        FAIL() << "no plan: " << none->reason;
    const ParallelPlan& plan = *std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    SCOPED_TRACE(planText(plan));
    for (const PlanStage& stage : plan.stages) {
        if (!test.mesh.empty()) {
            EXPECT_EQ(stage.mesh.axes.size(), test.mesh.size());
        }
    }
    for (const PlanStage& stage : plan.stages) {
        EXPECT_EQ(stage.repeatsCheapOps, test.selective.value_or(stage.repeatsCheapOps));
        EXPECT_EQ(stage.recomputes, test.full.value_or(stage.recomputes));
    }
    for (const PlanStage& stage : plan.stages) {
        const int most = stage.endLayer - stage.firstLayer;
        EXPECT_EQ(stage.recomputedLayers, std::min(test.layers.value_or(0), most));
    }
    if (test.hasTwoKinds && plan.stages.size() > 1) {
        EXPECT_NE(plan.kindOf(plan.stages.front()), plan.kindOf(plan.stages.back()));
    }
    if (test.schedule) {
        EXPECT_EQ(plan.schedule, *test.schedule);
    }
    const Result<Program> program = lowerPlan(plan);
    ASSERT_TRUE(program.ok()) << program.error().message;
    EXPECT_EQ(program->deviceCount(), test.devices - test.idle);

    const std::vector<double>& expected = test.usesSgd ? model.sgdLosses : model.adamLosses;
    RunOptions options;
    options.steps = static_cast<int>(expected.size());
    options.recordTrace = false;
    const Result<RunResult> run =
        runProgram(backend, *program, inputsOf(plan, model, test.repeats), options);
    ASSERT_TRUE(run.ok()) << run.error().message;
    const double tolerance = test.model == "gpt-tiny-bf16" ? kBf16Tolerance : kF32Tolerance;
    ASSERT_EQ(run->steps.size(), expected.size());
    for (size_t step = 0; step < expected.size(); ++step)
        EXPECT_NEAR(run->steps[step].loss, expected[step], tolerance * expected[step])
            << "step " << step;
}

std::vector<PlanCase> planCases()
{
    std::vector<PlanCase> cases;
    for (const char* model : {"gpt-tiny", "llama-tiny"}) {
        for (const int devices : {1, 2, 4, 8}) {
            const int repeats = devices == 8 ? 2 : 1; // The file's batch is 4.
            const auto add = [&](PlanCase test) {
                test.model = model;
                test.devices = devices;
                cases.push_back(std::move(test));
            };
            add({.name = "auto"});
            if (devices == 1)
                add({.name = "microbatches", .microbatches = 4});
            add({.name = "selective", .selective = true});
            add({.name = "full", .full = true});
            add({.name = "one_layer_again", .layers = 1});
            if (devices == 1)
                continue;
            add({.name = "dp", .strategy = PlanStrategy::kDataParallel, .repeats = repeats});
            add({.name = "dp_sgd",
                 .strategy = PlanStrategy::kDataParallel,
                 .repeats = repeats,
                 .usesSgd = true});
            add({.name = "zero2", .strategy = PlanStrategy::kZero2, .repeats = repeats});
            add({.name = "zero3", .strategy = PlanStrategy::kZero3, .repeats = repeats});
            add({.name = "tp", .tp = devices, .pp = 1});
            add({.name = "tp_sgd", .tp = devices, .pp = 1, .microbatches = 2, .usesSgd = true});
            add({.name = "pp", .strategy = PlanStrategy::kPipeline, .microbatches = 4});
            add({.name = "cp", .tp = 1, .cp = devices});
            add({.name = "cp_microbatches", .microbatches = 2, .cp = 2});
            add({.name = "megatron", .strategy = PlanStrategy::kMegatron});
            add({.name = "zero_bubble",
                 .strategy = PlanStrategy::kPipeline,
                 .microbatches = 4,
                 .schedule = ScheduleKind::kZeroBubble});
            add({.name = "gpipe",
                 .strategy = PlanStrategy::kPipeline,
                 .microbatches = 4,
                 .schedule = ScheduleKind::kGpipe});
            add({.name = "interleaved",
                 .pp = 2,
                 .microbatches = 4,
                 .schedule = ScheduleKind::kInterleaved1f1b});
            if (devices == 2)
                continue;
            add({.name = "zero_bubble_selective",
                 .strategy = PlanStrategy::kPipeline,
                 .microbatches = 4,
                 .schedule = ScheduleKind::kZeroBubble,
                 .selective = true});
            add({.name = "zero_bubble_full",
                 .strategy = PlanStrategy::kPipeline,
                 .microbatches = 4,
                 .schedule = ScheduleKind::kZeroBubble,
                 .full = true});
            add({.name = "zero_bubble_one_layer_again",
                 .strategy = PlanStrategy::kPipeline,
                 .microbatches = 4,
                 .schedule = ScheduleKind::kZeroBubble,
                 .layers = 1});
            add({.name = "two_kinds", .pp = 2, .microbatches = 4, .hasTwoKinds = true});
            add({.name = "two_kinds_tp",
                 .tp = devices / 2,
                 .pp = 2,
                 .microbatches = 2,
                 .hasTwoKinds = true});
            add({.name = "zero_bubble_tp",
                 .dp = 1,
                 .tp = devices / 2,
                 .pp = 2,
                 .microbatches = 4,
                 .schedule = ScheduleKind::kZeroBubble});
            add({.name = "zero_bubble_dp",
                 .dp = 2,
                 .tp = devices / 4,
                 .pp = 2,
                 .microbatches = 2,
                 .schedule = ScheduleKind::kZeroBubble});
            add({.name = "interleaved_dp",
                 .dp = 2,
                 .tp = devices / 4,
                 .pp = 2,
                 .microbatches = 2,
                 .schedule = ScheduleKind::kInterleaved1f1b,
                 .chunks = 3});
            add({.name = "pp_tp", .dp = 1, .tp = devices / 2, .pp = 2, .microbatches = 4});
            add({.name = "pp_dp",
                 .dp = devices / 2,
                 .tp = 1,
                 .pp = 2,
                 .microbatches = 2,
                 .repeats = repeats});
            add({.name = "dp_tp", .dp = 2, .tp = devices / 2, .pp = 1, .microbatches = 2});
            add({.name = "dp_microbatches",
                 .strategy = PlanStrategy::kDataParallel,
                 .microbatches = 2,
                 .repeats = 2 * repeats});
            if (devices == 8) {
                add({.name = "mesh_2x2x2", .microbatches = 2, .mesh = {2, 2, 2}});
                add({.name = "mesh_1x4x2", .microbatches = 1, .mesh = {1, 4, 2}});
                add({.name = "pp_mesh_1x2x2", .pp = 2, .microbatches = 2, .mesh = {1, 2, 2}});
                add({.name = "zero_bubble_mesh_2x2x1",
                     .pp = 2,
                     .microbatches = 2,
                     .mesh = {2, 2, 1},
                     .schedule = ScheduleKind::kZeroBubble});
            }
            if (devices == 8)
                add({.name = "pp_dp_tp", .dp = 2, .tp = 2, .pp = 2, .microbatches = 2});
        }
    }
    // Experts, convolutions and scanned layers.
    for (const char* model : {"moe-tiny", "wresnet-tiny", "scan-gpt-tiny"}) {
        for (const int devices : {2, 4}) {
            const auto add = [&](PlanCase test) {
                test.model = model;
                test.devices = devices;
                cases.push_back(std::move(test));
            };
            add({.name = "auto"});
            add({.name = "dp", .strategy = PlanStrategy::kDataParallel});
            add({.name = "dp_sgd", .strategy = PlanStrategy::kDataParallel, .usesSgd = true});
            add({.name = "zero3", .strategy = PlanStrategy::kZero3});
            add({.name = "tp", .tp = devices, .pp = 1});
            add({.name = "tp_sgd", .tp = devices, .pp = 1, .usesSgd = true});
            add({.name = "pp", .strategy = PlanStrategy::kPipeline, .microbatches = 1});
            if (devices == 4) {
                add({.name = "pp_tp", .dp = 1, .tp = 2, .pp = 2, .microbatches = 1});
                add({.name = "pp_dp", .dp = 2, .tp = 1, .pp = 2, .microbatches = 1});
                add({.name = "dp_tp", .dp = 2, .tp = 2, .pp = 1, .microbatches = 1});
            }
            if (std::string(model) == "wresnet-tiny")
                continue; // Batch statistics are those of a microbatch.
            add({.name = "pp_microbatches", .pp = 2, .microbatches = 2});
            add({.name = "dp_microbatches",
                 .dp = 2,
                 .tp = devices / 2,
                 .pp = 1,
                 .microbatches = 2});
        }
    }
    for (const int devices : {2, 4})
        cases.push_back({.name = "ep",
                         .model = "moe-tiny",
                         .devices = devices,
                         .tp = devices,
                         .pp = 1,
                         .pattern = "block_*.moe.w*",
                         .spec = "{y, -, -}"});
    cases.push_back(
        {.name = "idle", .model = "gpt-tiny", .devices = 3, .dp = 2, .tp = 1, .pp = 1, .idle = 1});
    cases.push_back({.name = "idle_stages",
                     .model = "llama-tiny",
                     .devices = 6,
                     .dp = 2,
                     .tp = 1,
                     .pp = 2,
                     .microbatches = 2,
                     .idle = 2});
    for (const int devices : {1, 4}) {
        cases.push_back({.name = "auto", .model = "gpt-tiny-bf16", .devices = devices});
        if (devices == 1)
            continue;
        cases.push_back({.name = "dp",
                         .model = "gpt-tiny-bf16",
                         .devices = devices,
                         .strategy = PlanStrategy::kDataParallel});
        cases.push_back(
            {.name = "tp", .model = "gpt-tiny-bf16", .devices = devices, .tp = devices, .pp = 1});
        cases.push_back({.name = "pp_dp",
                         .model = "gpt-tiny-bf16",
                         .devices = devices,
                         .dp = 2,
                         .tp = 1,
                         .pp = 2,
                         .microbatches = 2});
    }
    return cases;
}

} // namespace alpa
