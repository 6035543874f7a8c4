// Plans of real models on CPU devices, lowered and run, against what JAX computed on one device.
#include "core/lowering/lower_plan.h"
#include "core/plan/make_plan.h"
#include "core/program/verify_program.h"
#include "core/training/rebatch.h"
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

constexpr double kF32Tolerance = 1e-4;  // Of five losses, relative.
constexpr double kBf16Tolerance = 2e-2; // The same for bfloat16 activations.

struct PlanCase {
    std::string name = {}; ///< "dp", "tp_pp"
    std::string model = {};
    int devices = 1;
    PlanStrategy strategy = PlanStrategy::kAuto;
    std::optional<int> dp = {};
    std::optional<int> tp = {};
    std::optional<int> pp = {};
    std::optional<int> microbatches = {};
    std::vector<int> mesh = {}; ///< Axes of every stage.
    std::optional<ScheduleKind> schedule = {};
    std::optional<int> chunks = {};
    std::optional<bool> selective = {}; ///< Recomputation of cheap ops.
    std::optional<bool> full = {};      ///< Recomputation of everything.
    int repeats = 1; ///< The global batch is the file's, so often: the same mean loss.
    bool usesSgd = false;
    std::string pattern = {}; ///< Of parameters to be stored as `spec`; empty: none.
    std::string spec = {};
};

std::string caseName(const PlanCase& test)
{
    std::string name = test.model + "_x" + std::to_string(test.devices) + "_" + test.name;
    std::ranges::replace(name, '-', '_');
    return name;
}
void PrintTo(const PlanCase& test, std::ostream* out) { *out << caseName(test); }

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

PlanRequest requestOf(const PlanCase& test)
{
    const SampleModel& model = sampleModel(test.model);
    PlanRequest request;
    request.model = std::make_shared<const Graph>(model.graph);
    request.cluster = *loadCluster("cpu-x" + std::to_string(test.devices));
    PlanOptions& options = request.options;
    options.strategy = test.strategy;
    options.optimizer =
        test.usesSgd ? OptimizerOptions{.kind = OptimizerOptions::Kind::kSgd, .learningRate = 0.1}
                     : OptimizerOptions{.kind = OptimizerOptions::Kind::kAdam};
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

int countCollectives(const Program& program, SegmentKind kind, CollectiveKind collective)
{
    int count = 0;
    for (size_t stage = 0; stage < program.stages.size(); ++stage) {
        for (const Instruction& instruction :
             program.segment(static_cast<int>(stage), kind).instructions)
            count += instruction.kind == InstructionKind::kCollective &&
                     instruction.collective == collective;
    }
    return count;
}

int countCollectives(const Program& program, SegmentKind kind)
{
    int count = 0;
    for (const CollectiveKind collective :
         {CollectiveKind::kAllReduce, CollectiveKind::kAllGather, CollectiveKind::kReduceScatter,
          CollectiveKind::kAllToAll})
        count += countCollectives(program, kind, collective);
    return count;
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

class Plans : public ::testing::TestWithParam<PlanCase>
{
};

TEST_P(Plans, TrainAsOneDeviceDoes)
{
    const PlanCase& test = GetParam();
    const SampleModel& model = sampleModel(test.model);
    const Result<PlanOutcome> outcome = makePlan(requestOf(test), {});
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
    if (test.schedule) {
        EXPECT_EQ(plan.schedule, *test.schedule);
    }
    const Result<Program> program = lowerPlan(plan);
    ASSERT_TRUE(program.ok()) << program.error().message;
    EXPECT_EQ(program->deviceCount(), test.devices);

    const std::vector<double>& expected = test.usesSgd ? model.sgdLosses : model.adamLosses;
    RunOptions options;
    options.steps = static_cast<int>(expected.size());
    options.recordTrace = false;
    const auto backend = makeCpuBackend({.poisonsArenas = true});
    const Result<RunResult> run =
        runProgram(*backend, *program, inputsOf(plan, model, test.repeats), options);
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

INSTANTIATE_TEST_SUITE_P(, Plans, ::testing::ValuesIn(planCases()),
                         [](const auto& test) { return caseName(test.param); });

TEST(DataParallelPlan, ReducesGradientsOncePerStep)
{
    const PlanCase test{.name = "",
                        .model = "gpt-tiny",
                        .devices = 4,
                        .strategy = PlanStrategy::kDataParallel,
                        .microbatches = 4,
                        .repeats = 4};
    const Result<PlanOutcome> outcome = makePlan(requestOf(test), {});
    ASSERT_TRUE(outcome.ok());
    const ParallelPlan& plan = *std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    const Program program = *lowerPlan(plan);
    EXPECT_EQ(countCollectives(program, SegmentKind::kBegin), 0);
    EXPECT_EQ(countCollectives(program, SegmentKind::kForward), 1); // The loss.
    EXPECT_EQ(countCollectives(program, SegmentKind::kBackward), 0);
    int gradients = 0;
    for (const OpId op : plan.stages[0].ops)
        gradients += plan.graph->op(op).kind == OpKind::kAccumulate;
    const int allReduces =
        countCollectives(program, SegmentKind::kUpdate, CollectiveKind::kAllReduce);
    EXPECT_EQ(allReduces, gradients);
    EXPECT_EQ(countCollectives(program, SegmentKind::kUpdate), allReduces);
}

TEST(TensorParallelPlan, ReducesOncePerHalfBlockAndDirection)
{
    // Megatron's layout: columns of qkv and fc, rows of proj and out.
    PlanRequest request =
        requestOf({.model = "gpt-tiny", .devices = 4, .tp = 4, .pp = 1, .microbatches = 1});
    for (const auto& [pattern, spec] :
         {std::pair("block_*.qkv.kernel", "{-, y}"), std::pair("block_*.fc.kernel", "{-, y}"),
          std::pair("block_*.proj.kernel", "{y, -}"), std::pair("block_*.out.kernel", "{y, -}")})
        request.options.constraints.specs.push_back({.pattern = pattern, .spec = *parseSpec(spec)});
    const Result<PlanOutcome> outcome = makePlan(request, {});
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const ParallelPlan>>(*outcome));
    const ParallelPlan& plan = *std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
    const Program program = *lowerPlan(plan);
    std::map<std::string, int> forward;
    std::map<std::string, int> backward;
    for (const SegmentKind kind : {SegmentKind::kForward, SegmentKind::kBackward}) {
        for (const Instruction& instruction : program.segment(0, kind).instructions) {
            if (instruction.kind != InstructionKind::kCollective || !instruction.op.isValid())
                continue;
            const std::string& scope = plan.graph->scopePath(plan.graph->op(instruction.op).scope);
            ++(kind == SegmentKind::kForward ? forward : backward)[scope];
        }
    }
    for (const std::string block : {"GPT/block_0/", "GPT/block_1/"}) {
        EXPECT_FALSE(forward.contains(block + "qkv")); // The heads stay split up to their output.
        EXPECT_EQ(forward[block + "proj"], 1);
        EXPECT_EQ(forward[block + "out"], 1);
        // Cotangents of queries, keys and values are summed first: as many as for a single dot.
        EXPECT_EQ(backward[block + "qkv"], backward[block + "fc"]);
        EXPECT_LE(backward[block + "qkv"], 2); // An all-reduce, or both of its halves.
    }
}

TEST(DataParallelPlan, IsNoneForFewerSamplesThanDevices)
{
    const PlanCase test{.model = "gpt-tiny", .devices = 8, .strategy = PlanStrategy::kDataParallel};
    const Result<PlanOutcome> outcome = makePlan(requestOf(test), {});
    ASSERT_TRUE(outcome.ok());
    const auto* none = std::get_if<NoPlan>(&*outcome);
    ASSERT_NE(none, nullptr);
    EXPECT_NE(none->reason.find("samples does not divide over 8 devices"), std::string::npos)
        << none->reason;
}

} // namespace
} // namespace alpa
