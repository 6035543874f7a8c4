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
    applyPublishedPlan(*published, options);
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
    EXPECT_NE(messageOf(R"({"name": "x", "stages": [{"layers": [0, 1], "dp": 2, "tp": 1},
                                                    {"layers": [1, 2], "dp": 1, "tp": 2}]})")
                  .find("the same mesh"),
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
