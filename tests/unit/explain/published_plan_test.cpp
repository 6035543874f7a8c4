// Plans that others wrote down, opened as constraints; the planner's own is never slower.
#include "core/explain/published_plan.h"
#include "tests/unit/plan_file/sample_plan.h"

#include <filesystem>

namespace alpa
{
namespace
{

constexpr const char* kTwoStages = R"({"name": "two stages", "globalBatch": 64, "microbatches": 8,
    "recomputation": true, "stages": [{"layers": [0, 1], "dp": 2, "tp": 1},
                                      {"layers": [1, 2], "dp": 2, "tp": 1}]})";

TEST(PublishedPlan, BecomesConstraintsThatThePlanObeys)
{
    const auto published = parsePublishedPlan(kTwoStages);
    ASSERT_TRUE(published.ok()) << published.error().message;
    PlanOptions options;
    EXPECT_TRUE(applyPublishedPlan(*published, Graph(), options).ok());
    const auto plan = samplePlan(options);
    EXPECT_EQ(plan->pipelineParallel(), 2);
    EXPECT_EQ(plan->microbatches, 8);
    EXPECT_EQ(plan->globalBatch(), 64);
    EXPECT_EQ(plan->schedule, ScheduleKind::k1f1b);
    for (const PlanStage& stage : plan->stages) {
        EXPECT_TRUE(stage.recomputes);
        EXPECT_EQ(stage.mesh.axisSize(0), 2);
        EXPECT_EQ(stage.mesh.axisSize(1), 1);
    }
    PlanOptions free;
    free.globalBatch = 64;
    free.layers = options.layers;
    EXPECT_LE(samplePlan(free)->stepTime, plan->stepTime);
}

TEST(PublishedPlan, GivesStagesMeshesOfTheirOwn)
{
    const auto published = parsePublishedPlan(R"({"name": "different stages", "globalBatch": 64,
        "microbatches": 8, "stages": [{"layers": [0, 1], "devices": 2, "mesh": [2, 1]},
                                      {"layers": [1, 2], "devices": 2, "mesh": [2]}]})");
    ASSERT_TRUE(published.ok()) << published.error().message;
    PlanOptions options;
    ASSERT_TRUE(applyPublishedPlan(*published, Graph(), options).ok());
    const auto plan = samplePlan(options);
    ASSERT_EQ(plan->stages.size(), 2u);
    EXPECT_EQ(plan->stages[0].mesh.axisSize(0), 2);
    EXPECT_EQ(plan->stages[1].mesh.axisSize(0), 1); // A single axis is the tensor axis.
    EXPECT_EQ(plan->stages[1].mesh.axisSize(1), 2);
    PlanOptions free;
    free.globalBatch = 64;
    free.layers = options.layers;
    EXPECT_LE(samplePlan(free)->stepTime, plan->stepTime);
}

TEST(StageMeshText, ReadsWhatItPrintsAndNamesWhatItCannot)
{
    for (const char* written : {"1x8", "1x8:8", "1x8:2x4", "4x8:4x4x2"}) {
        const Result<StageMesh> mesh = parseStageMesh(3, written);
        ASSERT_TRUE(mesh.ok()) << written;
        EXPECT_EQ(mesh->layer, 3);
        EXPECT_EQ(text(*mesh), written);
    }
    for (const char* written : {"", "8", "1x8x2", "1x8:", "1x8:2x2x2x1", "1x-8", "1x8:2x4:1", "a"})
        EXPECT_NE(parseStageMesh(0, written).error().message.find("as in 1x8 or 1x8:2x4"),
                  std::string::npos)
            << written;
    EXPECT_EQ(parseStageMesh(0, "1x8:2x2").error().message, "'1x8:2x2': a mesh of 4 on 8 devices");
}

TEST(PublishedPlan, ReadsMegatronsArguments)
{
    const auto plan = parsePublishedPlan(
        "torchrun --nproc_per_node=8 --nnodes 2 pretrain_gpt.py --bf16 \\\n"
        " --tensor-model-parallel-size 4 --pipeline-model-parallel-size 2 --micro-batch-size 1 \\\n"
        " --global-batch-size 128 --use-distributed-optimizer --recompute-granularity full");
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_EQ(plan->constraints.fixedTp, 4);
    EXPECT_EQ(plan->constraints.fixedPp, 2);
    EXPECT_EQ(plan->constraints.fixedDp, 2);
    EXPECT_EQ(plan->constraints.microbatches, 64);
    EXPECT_EQ(plan->constraints.recomputation, true);
    EXPECT_EQ(plan->constraints.stateStorage, StorageRule::kSplit);
    EXPECT_EQ(plan->globalBatch, 128);
}

TEST(PublishedPlan, ReadsMegatronsLayouts)
{
    const auto read = [](const std::string& layout, int groups = 2) {
        return parsePublishedPlan("--tensor-model-parallel-size 1 --pipeline-model-parallel-size " +
                                  std::to_string(groups) + " --pipeline-model-parallel-layout \"" +
                                  layout + "\"");
    };
    const auto uneven = read("Et|t*3L");
    ASSERT_TRUE(uneven.ok()) << uneven.error().message;
    EXPECT_EQ(uneven->constraints.cuts, std::vector<int>{1});
    EXPECT_EQ(uneven->layers, 4);
    EXPECT_EQ(uneven->constraints.schedule, ScheduleKind::k1f1b);
    EXPECT_EQ(read("E,t|(tt|)*2,tmL", 4)->constraints.cuts, (std::vector<int>{1, 3, 5}));
    const auto interleaved = read("Et|(t|)*2tL");
    ASSERT_TRUE(interleaved.ok()) << interleaved.error().message;
    EXPECT_EQ(interleaved->constraints.schedule, ScheduleKind::kInterleaved1f1b);
    EXPECT_EQ(interleaved->constraints.chunks, 2);
    EXPECT_EQ(interleaved->layers, 4);
    // A stage of its own for the loss leaves the cuts to the planner.
    EXPECT_TRUE(read("Et*2|L")->constraints.cuts.empty());
    for (const char* broken : {"Et|t|tL", "Et|(t", "Et|x", "Et*0|t", "t)|t", "Et*99999999999|t",
                               "((t*1048576)*1048576)|t"})
        EXPECT_EQ(read(broken).error().message,
                  "--pipeline-model-parallel-layout " + std::string(broken) +
                      ": expected stages such as Et*2|t*2L, a multiple of 2 of them");
    EXPECT_EQ(read("Et|tL", 0).error().message,
              "--pipeline-model-parallel-size 0: expected a number from 1 to 1048576");
}

TEST(PublishedPlan, ReadsMegatronsShardingStrategies)
{
    const auto constraintsOf = [](const std::string& more) {
        return parsePublishedPlan("--tensor-model-parallel-size 1 " + more)->constraints;
    };
    const auto zero3 =
        constraintsOf("--use-megatron-fsdp --data-parallel-sharding-strategy optim_grads_params");
    EXPECT_EQ(zero3.parameterStorage, StorageRule::kSplit);
    EXPECT_EQ(zero3.stateStorage, StorageRule::kSplit);
    const auto zero2 =
        constraintsOf("--use-megatron-fsdp --data-parallel-sharding-strategy optim_grads");
    EXPECT_EQ(zero2.parameterStorage, StorageRule::kReplicated);
    EXPECT_EQ(zero2.stateStorage, StorageRule::kSplit);
    const auto selective = constraintsOf("--recompute-granularity selective");
    EXPECT_EQ(selective.recomputation, false);
    EXPECT_EQ(selective.selectiveRecomputation, true);
}

TEST(PublishedPlan, ReadsGalvatronsPlans)
{
    const auto plan = parsePublishedPlan(
        R"({"pp_deg": 2, "tp_sizes_enc": "2,2,2,2", "dp_types_enc": "0,0,0,0", "checkpoint": "1,1,1,1",
            "global_bsz": 16, "chunks": 4, "pp_division": "2,2", "default_dp_type": "zero2"})");
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_EQ(plan->constraints.fixedTp, 2);
    EXPECT_EQ(plan->constraints.fixedPp, 2);
    EXPECT_EQ(plan->constraints.cuts, std::vector<int>{2});
    EXPECT_EQ(plan->constraints.stateStorage, StorageRule::kSplit);
    EXPECT_EQ(plan->constraints.parameterStorage, StorageRule::kReplicated);
    EXPECT_EQ(plan->layers, 4);
}

TEST(PublishedPlan, ReadsAutoParallelsPlacements)
{
    EXPECT_EQ(parsePlacement("S(0)R", 2), (std::vector<std::optional<int>>{0, std::nullopt}));
    EXPECT_EQ(parsePlacement("P(sum)S(12)", 2), std::nullopt);
    EXPECT_EQ(parsePlacement("P(sum)S(1)", 2), (std::vector<std::optional<int>>{std::nullopt, 1}));
    EXPECT_EQ(parsePlacement("S(0)", 2), std::nullopt);
    const auto plan = parsePublishedPlan(R"json({
        "version": 1, "mesh_shape": [2, 4], "mesh_dim_names": ["dp", "tp"], "placements": {
            "primals_10": {"output": "RR", "inputs": []},
            "mm": {"output": "(S(0)R, RR)", "inputs": []},
            "primals_1": {"output": "RS(1)", "inputs": ["RS(1)"]},
            "primals_2": {"output": "S(0)S(0)", "inputs": []}}})json");
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    Graph model;
    const auto add = [&](const char* name, std::vector<int64_t> dims, InputRole role) {
        model.inputs.push_back({ValueId(static_cast<uint32_t>(model.values.size())), role});
        model.values.push_back({TensorType{DType::kF32, std::move(dims)}, OpId(), name, {}});
    };
    add("wte", {8, 4}, InputRole::kParameter);
    add("x", {8}, InputRole::kBatch);
    add("bias", {8}, InputRole::kParameter);
    PlanOptions options;
    ASSERT_TRUE(applyPublishedPlan(*plan, model, options).ok());
    EXPECT_EQ(options.constraints.meshAxes, (std::vector<int>{2, 4}));
    EXPECT_EQ(options.constraints.fixedPp, 1);
    ASSERT_EQ(options.constraints.specs.size(), 2u);
    EXPECT_EQ(options.constraints.specs[0].pattern, "wte");
    EXPECT_EQ(formatSpec(options.constraints.specs[0].spec), "{-, y}");
    EXPECT_EQ(options.constraints.specs[1].pattern, "bias");
    EXPECT_EQ(formatSpec(options.constraints.specs[1].spec), "{x.y}");
    // Now the first is of the bias, which has not the dimension that the table has.
    std::swap(model.inputs[0], model.inputs[2]);
    const Status status = applyPublishedPlan(*plan, model, options);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message.substr(0, 65),
              "placements: primals_1 splits dimension 1, and bias (f32[8]) has 1");
}

TEST(PublishedPlan, FindsPlacementsByName)
{
    const auto plan = parsePublishedPlan(R"json({
        "version": 1, "mesh_shape": [4], "mesh_dim_names": null, "placements": {
            "p_block_0_fc_weight": {"output": "S(1)", "inputs": []},
            "primals_1": {"output": "S(0)", "inputs": []}}})json");
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    Graph model;
    model.inputs.push_back({ValueId(0), InputRole::kParameter});
    model.values.push_back({TensorType{DType::kF32, {8, 8}}, OpId(), "block_0.fc.weight", {}});
    PlanOptions options;
    ASSERT_TRUE(applyPublishedPlan(*plan, model, options).ok());
    EXPECT_EQ(options.constraints.meshAxes, (std::vector<int>{4, 1}));
    ASSERT_EQ(options.constraints.specs.size(), 1u);
    EXPECT_EQ(formatSpec(options.constraints.specs[0].spec), "{-, x}");
}

TEST(PublishedPlan, SaysWhatItCannotRead)
{
    const auto messageOf = [](const std::string& text) {
        const auto plan = parsePublishedPlan(text);
        EXPECT_FALSE(plan.ok()) << text;
        return plan.ok() ? std::string() : plan.error().message;
    };
    EXPECT_NE(messageOf("no plan").find("neither JSON nor"), std::string::npos);
    EXPECT_NE(messageOf(R"({"name": "x", "stages": []})").find("at least one stage"),
              std::string::npos);
    EXPECT_NE(messageOf(R"({"name": "x", "stages": [{"layers": [1, 2], "dp": 1, "tp": 1}]})")
                  .find("begins at 0"),
              std::string::npos);
    EXPECT_NE(messageOf(R"({"name": "x", "stages": [{"layers": [0, 1], "hosts": 1, "devices": 4,
                                                     "mesh": [2, 4]}]})")
                  .find("got a mesh of 8 devices on 1 x 4"),
              std::string::npos);
    EXPECT_EQ(
        messageOf(
            R"({"version": 1, "mesh_shape": [2, 2], "placements": {"mm": {"output": "S(0"}}})"),
        "placements.mm.output: got 'S(0', expected S(d), R or P(sum) for each of 2 mesh axes");
    EXPECT_EQ(
        messageOf("torchrun --nproc_per_node=8 pretrain_gpt.py --tensor-model-parallel-size 4 "
                  "--pipeline-model-parallel-size=0000000574010185"),
        "--pipeline-model-parallel-size 0000000574010185: expected a number from 1 to 1048576");
    EXPECT_NE(messageOf("torchrun --nproc_per_node 1048576 --nnodes 1048576 x.py "
                        "--tensor-model-parallel-size 1")
                  .find("1099511627776 devices do not divide"),
              std::string::npos);
    EXPECT_NE(
        messageOf(R"({"pp_deg": 2, "tp_sizes_enc": "1", "dp_types_enc": "0", "checkpoint": "0",
                            "global_bsz": 1, "chunks": 1, "pp_division": "2000000000,2000000000"})")
            .find("pp_division: expected a positive number"),
        std::string::npos);
    EXPECT_NE(messageOf(R"({"pp_deg": 1, "tp_sizes_enc": "1,2", "checkpoint": "0",
                            "dp_types_enc": "0", "global_bsz": 1, "chunks": 1})")
                  .find("the same for every layer"),
              std::string::npos);
}

TEST(PublishedPlan, AllOfTheResourcesCanBeRead)
{
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(ALPA_SOURCE_DIR) +
                                                                 "/resources/published_plans")) {
        const auto plan = loadPublishedPlan(entry.path().string());
        EXPECT_TRUE(plan.ok()) << entry.path() << ": " << plan.error().message;
        ++count;
    }
    EXPECT_GE(count, 3);
}

} // namespace
} // namespace alpa
