// What configures other frameworks, and what they cannot express.
#include "core/export/parallel_layout.h"
#include "tests/unit/export/planned_sample.h"

#include <nlohmann/json.hpp>

namespace alpa
{
namespace
{

using Json = nlohmann::json;

PlanOptions baseline(PlanStrategy strategy)
{
    PlanOptions options;
    options.strategy = strategy;
    return options;
}

/// Two stages of two devices each, with Megatron's weights pinned.
PlanOptions megatron()
{
    PlanOptions options = degrees(1, 2, 2);
    const auto pin = [&](const char* pattern, const char* spec) {
        options.constraints.specs.push_back(
            {.pattern = pattern, .spec = *parseSpec(spec), .forbids = false});
    };
    pin("block_?.qkv.kernel*", "{-, y}");
    pin("block_?.proj.kernel", "{y, -}");
    pin("block_?.fc.kernel", "{-, y}");
    pin("block_?.out.kernel", "{y, -}");
    return options;
}

TEST(ParallelLayout, FindsMegatronsColumnsAndRows)
{
    const PlanOptions options = megatron();
    const auto plan = plannedSample("gpt-tiny", options);
    const Result<ParallelLayout> layout = uniformLayout(*plan, "test");
    ASSERT_TRUE(layout.ok()) << layout.error().message;
    EXPECT_EQ(layout->tensorParallel, 2);
    EXPECT_EQ(layout->pipelineParallel, 2);
    int found = 0;
    for (const ModuleLayout& module : layout->modules) {
        const bool isColumn = module.name.ends_with(".qkv") || module.name.ends_with(".fc");
        const bool isRow = module.name.ends_with(".proj") || module.name.ends_with(".out");
        if (!isColumn && !isRow)
            continue;
        EXPECT_EQ(module.partition, isColumn ? Partition::kColumn : Partition::kRow) << module.name;
        ++found;
    }
    EXPECT_EQ(found, 8); // 2 blocks x 4
    EXPECT_EQ(stagesOfBlocks(*layout), (std::vector<int>{0, 1}));
}

TEST(ParallelLayout, TellsTheZeroStages)
{
    const std::pair<PlanStrategy, int> cases[] = {
        {PlanStrategy::kDataParallel, 0}, {PlanStrategy::kZero2, 2}, {PlanStrategy::kZero3, 3}};
    for (const auto& [strategy, stage] : cases) {
        PlanOptions options = baseline(strategy);
        options.constraints.fixedPp = 1;
        const Result<ParallelLayout> layout =
            uniformLayout(*plannedSample("gpt-tiny", options), "test");
        ASSERT_TRUE(layout.ok()) << layout.error().message;
        EXPECT_EQ(layout->zeroStage, stage);
        EXPECT_EQ(layout->dataParallel, 4);
    }
}

TEST(ParallelLayout, SplitsNamesAtTheBlockNumber)
{
    EXPECT_EQ(blockOf("block_12.attn.q")->prefix, "block_");
    EXPECT_EQ(blockOf("block_12.attn.q")->number, 12);
    EXPECT_EQ(blockOf("model.layers.3.mlp")->rest, ".mlp");
    EXPECT_FALSE(blockOf("wte"));
    EXPECT_FALSE(blockOf("ln1")); // No separator in front of the digit.
}

TEST(ExportMegatron, WritesSizesDegreesAndLayout)
{
    PlanOptions options = megatron();
    options.constraints.schedule = ScheduleKind::k1f1b;
    const std::string text = exported(*plannedSample("gpt-tiny", options), "megatron");
    for (const char* argument :
         {"--num-layers 2", "--hidden-size 64", "--ffn-hidden-size 256", "--num-attention-heads 4",
          "--seq-length 32", "--vocab-size 256", "--tensor-model-parallel-size 2",
          "--pipeline-model-parallel-size 2", "--pipeline-model-parallel-layout \"Et|tL\""})
        EXPECT_NE(text.find(argument), std::string::npos) << argument << "\n" << text;
}

TEST(ExportMegatron, RefusesWhatIsNoTransformer)
{
    PlanOptions options = baseline(PlanStrategy::kDataParallel);
    const std::string reason = refused(*plannedSample("mlp-tiny", options), "megatron");
    EXPECT_NE(reason.find("Megatron-LM cannot express this plan: the model is no language model"),
              std::string::npos)
        << reason;
}

TEST(ExportDeepspeed, BatchesMultiplyAndZeroIsThePlans)
{
    PlanOptions options = baseline(PlanStrategy::kZero2);
    options.constraints.fixedPp = 1;
    options.constraints.microbatches = 1;
    const Json json = Json::parse(exported(*plannedSample("gpt-tiny", options), "deepspeed"));
    EXPECT_EQ(json["train_batch_size"], 4);
    EXPECT_EQ(json["train_micro_batch_size_per_gpu"].get<int>() *
                  json["gradient_accumulation_steps"].get<int>() * 4,
              4);
    EXPECT_EQ(json["zero_optimization"]["stage"], 2);
    EXPECT_FALSE(json.contains("tensor_parallel"));
}

TEST(ExportDeepspeed, RefusesPipelinesAndZero3WithTensorParallelism)
{
    EXPECT_NE(refused(*plannedSample("gpt-tiny", degrees(2, 1, 2)), "deepspeed")
                  .find("2 pipeline stages"),
              std::string::npos);
    PlanOptions options = degrees(2, 2, 1);
    options.constraints.parameterStorage = StorageRule::kSplit;
    options.constraints.stateStorage = StorageRule::kSplit;
    const std::string reason = refused(*plannedSample("gpt-tiny", options), "deepspeed");
    EXPECT_NE(reason.find("ZeRO 3 and tensor parallelism"), std::string::npos) << reason;
}

TEST(ExportTpPlan, NamesModulesOfAllBlocksAtOnce)
{
    const Json json =
        Json::parse(exported(*plannedSample("llama-tiny", degrees(2, 2, 1)), "tp-plan"));
    EXPECT_EQ(json.value("layer_*.w1", ""), "colwise") << json.dump();
    EXPECT_EQ(json.value("layer_*.w2", ""), "rowwise");
    PlanOptions options = baseline(PlanStrategy::kDataParallel);
    options.constraints.fixedPp = 1;
    EXPECT_NE(refused(*plannedSample("gpt-tiny", options), "tp-plan").find("no tensor parallelism"),
              std::string::npos);
}

TEST(ExportPipeline, WritesOneRowARankInTheOrderOfTheSchedule)
{
    PlanOptions options = degrees(2, 1, 2);
    options.constraints.microbatches = 2;
    options.constraints.schedule = ScheduleKind::kGpipe;
    EXPECT_EQ(exported(*plannedSample("gpt-tiny", options), "pipeline"),
              "0F0,0F1,0B0,0B1\n1F0,1F1,1B0,1B1\n");
    options.constraints.schedule = ScheduleKind::k1f1b;
    EXPECT_EQ(exported(*plannedSample("gpt-tiny", options), "pipeline"),
              "0F0,0F1,0B0,0B1\n1F0,1B0,1F1,1B1\n");
}

TEST(ExportTorch, PacksFusedProjectionsAndNamesEveryUnit)
{
    PlanOptions options = megatron();
    const auto plan = plannedSample("gpt-tiny", options);
    const std::string text = exported(*plan, "torch");
    EXPECT_NE(text.find("MESH_NAMES = (\"pp\", \"dp\", \"tp\",)"), std::string::npos);
    EXPECT_NE(text.find("\"block_0.qkv\": [64, 64, 64],"), std::string::npos);
    EXPECT_NE(text.find("\"block_1.fc\": ColwiseParallel("), std::string::npos);
    EXPECT_NE(text.find("\"block_1.out\": RowwiseParallel(input_layouts=Shard(-1)"),
              std::string::npos);
    const std::string recipe = exported(*plan, "torchtitan");
    EXPECT_NE(recipe.find("[[\"tok_embeddings\", \"layers.0\"], [\"layers.1\", \"norm\", "
                          "\"lm_head\"]]"),
              std::string::npos)
        << recipe;
}

} // namespace
} // namespace alpa
