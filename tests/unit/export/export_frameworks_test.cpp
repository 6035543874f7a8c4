// What configures other frameworks, and what they cannot express.
#include "core/export/parallel_layout.h"
#include "core/export/value_specs.h"
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

// Of layers that the model's file stacks in one parameter each is a block, on its own stage.
TEST(ParallelLayout, FindsTheLayersOfAStack)
{
    PlanOptions options = degrees(1, 2, 2);
    for (const auto& [pattern, spec] :
         {std::pair("*qkv.kernel", "{-, -, y}"), std::pair("*proj.kernel", "{-, y, -}"),
          std::pair("*fc.kernel", "{-, -, y}"), std::pair("*out.kernel", "{-, y, -}")})
        options.constraints.specs.push_back(
            {.pattern = pattern, .spec = *parseSpec(spec), .forbids = false});
    options.constraints.schedule = ScheduleKind::k1f1b;
    options.constraints.microbatches = 4;
    options.layers = 4;
    options.constraints.cuts = {1};
    const auto plan = plannedSample("scan-gpt-tiny", options);
    const Result<ParallelLayout> layout = uniformLayout(*plan, "test");
    ASSERT_TRUE(layout.ok()) << layout.error().message;
    EXPECT_EQ(layout->blockPrefix, "iteration_");
    EXPECT_EQ(stagesOfBlocks(*layout), (std::vector<int>{0, 1, 1, 1}));
    int found = 0;
    for (const ModuleLayout& module : layout->modules) {
        if (module.name.ends_with(".out")) {
            EXPECT_EQ(module.partition, Partition::kRow) << module.name;
            EXPECT_EQ(module.weights, (std::vector<std::vector<int64_t>>{{256, 64}}));
            ++found;
        }
    }
    EXPECT_EQ(found, 4);
    const std::string text = exported(*plan, "megatron");
    for (const char* argument : {"--num-layers 4", "--ffn-hidden-size 256",
                                 "--pipeline-model-parallel-layout \"Et|t*3L\""})
        EXPECT_NE(text.find(argument), std::string::npos) << argument << "\n" << text;
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

// Megatron-LM's validate_args insists on the variable in front of its Blackwell code paths, and
// has dropout, tied tables and learned positions by default.
TEST(ExportMegatron, StartsAsItsArgumentsAreChecked)
{
    PlanOptions options = megatron();
    options.constraints.schedule = ScheduleKind::k1f1b;
    const std::string gpt = exported(*plannedSample("gpt-tiny", options), "megatron");
    EXPECT_NE(gpt.find("\nCUDA_DEVICE_MAX_CONNECTIONS=1 torchrun "), std::string::npos) << gpt;
    EXPECT_NE(gpt.find("--attention-dropout 0 --hidden-dropout 0"), std::string::npos);
    EXPECT_EQ(gpt.find("--untie-embeddings"), std::string::npos);
    EXPECT_EQ(gpt.find("--position-embedding-type"), std::string::npos);
    options = baseline(PlanStrategy::kDataParallel);
    options.constraints.fixedPp = 1;
    const std::string llama = exported(*plannedSample("llama-tiny", options), "megatron");
    EXPECT_EQ(llama.find("CUDA_DEVICE_MAX_CONNECTIONS"), std::string::npos);
    EXPECT_NE(llama.find("--untie-embeddings-and-output-weights"), std::string::npos) << llama;
    EXPECT_NE(llama.find("--position-embedding-type rope"), std::string::npos);
    EXPECT_NE(llama.find("--swiglu --normalization RMSNorm"), std::string::npos);
}

TEST(ExportMegatron, RefusesSchedulesThatItLacks)
{
    PlanOptions options = megatron();
    options.constraints.microbatches = 2;
    const std::pair<ScheduleKind, const char*> cases[] = {
        {ScheduleKind::kGpipe, "GPipe"}, {ScheduleKind::kZeroBubble, "zero-bubble"}};
    for (const auto& [schedule, name] : cases) {
        options.constraints.schedule = schedule;
        EXPECT_EQ(refused(*plannedSample("gpt-tiny", options), "megatron"),
                  "Megatron-LM cannot express this plan: its schedule is " + std::string(name) +
                      ", and it runs 1F1B, plain or interleaved; plan with --schedule 1f1b");
    }
}

TEST(ExportMegatron, RefusesWhatIsNoTransformer)
{
    PlanOptions options = baseline(PlanStrategy::kDataParallel);
    const std::string reason = refused(*plannedSample("mlp-tiny", options), "megatron");
    EXPECT_NE(reason.find("Megatron-LM cannot express this plan: the model is no language model"),
              std::string::npos)
        << reason;
}

// Two heads of keys over four devices: queries are split, keys and values are not.
TEST(ParallelLayout, RefusesHeadsThatAreSplitBehindTheirModules)
{
    const auto plan = plannedSample("llama-tiny", degrees(1, 4, 1));
    for (const char* format : {"torch", "torchtitan", "megatron", "deepspeed", "tp-plan"})
        EXPECT_NE(refused(*plan, format)
                      .find("in Llama/layer_0 heads are split that whole modules "
                            "give all of"),
                  std::string::npos)
            << refused(*plan, format);
    EXPECT_FALSE(exported(*plannedSample("llama-tiny", degrees(2, 2, 1)), "torch").empty());
}

TEST(ExportMegatron, RefusesExperts)
{
    const std::string reason =
        refused(*plannedSample("moe-tiny", baseline(PlanStrategy::kDataParallel)), "megatron");
    EXPECT_NE(reason.find("its blocks hold experts"), std::string::npos) << reason;
}

TEST(ExportTorchtitan, RefusesWhatIsNoLanguageModel)
{
    const std::string reason =
        refused(*plannedSample("mlp-tiny", baseline(PlanStrategy::kDataParallel)), "torchtitan");
    EXPECT_NE(reason.find("torchtitan cannot express this plan: the model is no language model"),
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

TEST(ExportTorch, LeavesTablesThatGiveTheLogitsToTheModel)
{
    PlanOptions options = baseline(PlanStrategy::kZero3);
    options.constraints.fixedPp = 1;
    const auto units = [&](const char* model) {
        const std::string text = exported(*plannedSample(model, options), "torch");
        const size_t at = text.find("STAGES = [");
        return text.substr(at, text.find("]\n", at) - at);
    };
    EXPECT_EQ(units("gpt-tiny").find("\"wte\""), std::string::npos);
    EXPECT_NE(units("gpt-tiny").find("\"block_0\""), std::string::npos);
    EXPECT_NE(units("llama-tiny").find("\"embed\""), std::string::npos);
}

TEST(ExportSettings, SayWhatIsRecomputed)
{
    PlanOptions options = baseline(PlanStrategy::kZero2);
    options.constraints.fixedPp = 1;
    options.constraints.recomputation = false;
    options.constraints.selectiveRecomputation = true;
    const auto selective = plannedSample("gpt-tiny", options);
    ASSERT_TRUE(selective->stages[0].repeatsCheapOps);
    EXPECT_NE(exported(*selective, "torch").find("RECOMPUTATION = \"selective\""),
              std::string::npos);
    EXPECT_NE(exported(*selective, "torchtitan").find("SelectiveAC.Config()"), std::string::npos);
    EXPECT_NE(exported(*selective, "megatron").find("--recompute-granularity selective"),
              std::string::npos);
    EXPECT_EQ(
        refused(*selective, "deepspeed"),
        "DeepSpeed cannot express this plan: it recomputes cheap operations, and whole layers "
        "are all that can be recomputed there; plan with --recomputation none or full");
    options.constraints.recomputation = true;
    options.constraints.selectiveRecomputation = false;
    const auto full = plannedSample("gpt-tiny", options);
    EXPECT_NE(exported(*full, "torch").find("RECOMPUTATION = \"full\""), std::string::npos);
    EXPECT_NE(exported(*full, "torchtitan").find(" = FullAC.Config()"), std::string::npos);
    EXPECT_TRUE(Json::parse(exported(*full, "deepspeed")).contains("activation_checkpointing"));

    ParallelPlan uneven = *plannedSample("gpt-tiny", degrees(2, 1, 2));
    uneven.stages[0].recomputes = uneven.stages[1].recomputes = false;
    uneven.stages[0].repeatsCheapOps = false;
    uneven.stages[1].repeatsCheapOps = true;
    EXPECT_EQ(
        refused(uneven, "torchtitan"),
        "torchtitan cannot express this plan: stage 1 recomputes cheap operations and stage 0 "
        "keeps its activations: it treats all alike; plan with --recomputation none, selective "
        "or full");
}

TEST(ExportSettings, RefuseDevicesThatAreIdleOrOutOfOrder)
{
    PlanOptions options = megatron();
    options.constraints.schedule = ScheduleKind::k1f1b;
    ParallelPlan plan = *plannedSample("gpt-tiny", options);
    std::swap(plan.stages[0].mesh.devices, plan.stages[1].mesh.devices);
    for (const char* format : {"megatron", "torch", "torchtitan"})
        EXPECT_NE(refused(plan, format).find("stage 0 does not begin behind the devices"),
                  std::string::npos);
    options = baseline(PlanStrategy::kZero2);
    options.constraints.fixedPp = 1;
    plan = *plannedSample("gpt-tiny", options);
    plan.cluster.devicesPerHost = 8;
    for (const char* format : {"megatron", "deepspeed"})
        EXPECT_NE(refused(plan, format).find("it leaves 4 of 8 devices idle"), std::string::npos);
}

// A file with a whole step brings its own optimizer, of which a plan knows no settings.
TEST(ExportSettings, DoNotInventTheOptimizerOfAFile)
{
    PlanOptions options = baseline(PlanStrategy::kZero2);
    options.constraints.fixedPp = 1;
    ParallelPlan plan = *plannedSample("gpt-tiny", options);
    EXPECT_TRUE(hasPlannersOptimizer(plan));
    EXPECT_NE(exported(plan, "megatron").find("--optimizer adam"), std::string::npos);
    EXPECT_TRUE(Json::parse(exported(plan, "deepspeed")).contains("optimizer"));
    auto graph = std::make_shared<Graph>(*plan.graph);
    for (const GraphInput& input : graph->inputs) {
        std::string& name = graph->values[input.value.index()].name;
        if (input.role == InputRole::kOptimizerState && name.ends_with(".m"))
            name = "0.mu." + name.substr(0, name.size() - 2); // As optax has it.
    }
    plan.graph = graph;
    EXPECT_FALSE(hasPlannersOptimizer(plan));
    const std::string arguments = exported(plan, "megatron");
    EXPECT_EQ(arguments.find("--optimizer adam"), std::string::npos);
    EXPECT_NE(arguments.find("an optimizer of its own"), std::string::npos);
    EXPECT_FALSE(Json::parse(exported(plan, "deepspeed")).contains("optimizer"));
    EXPECT_NE(refused(plan, "jax").find("an optimizer of its own"), std::string::npos);
}

} // namespace
} // namespace alpa
