#include "core/base/files.h"
#include "core/base/rng.h"
#include "core/graph/graph_text.h"
#include "core/lowering/lower_plan.h"
#include "core/plan/plan_file.h"
#include "tests/unit/plan_file/sample_plan.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

/// The message with which the document is refused after `change`.
template <typename Change>
std::string refusal(const std::string& text, Change&& change)
{
    Json json = Json::parse(text);
    change(json);
    const auto plan = planFromJson(json.dump());
    return plan.ok() ? "accepted" : plan.error().message;
}

class PlanFile : public testing::Test
{
protected:
    void SetUp() override
    {
        plan_ = samplePlan(busyOptions());
        text_ = planToJson(*plan_);
    }

    std::shared_ptr<const ParallelPlan> plan_;
    std::string text_;
};

TEST_F(PlanFile, KeepsEveryField)
{
    const auto read = planFromJson(text_);
    ASSERT_TRUE(read.ok()) << read.error().message;
    const ParallelPlan& plan = **read;
    EXPECT_EQ(planToJson(plan), text_);
    EXPECT_EQ(formatGraph(*plan.graph), formatGraph(*plan_->graph));
    EXPECT_EQ(plan.cluster, plan_->cluster);
    EXPECT_EQ(plan.views, plan_->views);
    EXPECT_EQ(plan.options.constraints, plan_->options.constraints);
    EXPECT_EQ(plan.options.optimizer, plan_->options.optimizer);
    EXPECT_EQ(plan.options.globalBatch, plan_->options.globalBatch);
    EXPECT_EQ(plan.layerOfOp, plan_->layerOfOp);
    EXPECT_EQ(plan.stepTime, plan_->stepTime);
    ASSERT_EQ(plan.stages.size(), 2u);
    for (size_t s = 0; s < 2; ++s) {
        const PlanStage& stage = plan.stages[s];
        EXPECT_EQ(stage.mesh, plan_->stages[s].mesh);
        EXPECT_EQ(stage.ops, plan_->stages[s].ops);
        EXPECT_EQ(stage.shardings, plan_->stages[s].shardings);
        EXPECT_EQ(stage.memory.total(), plan_->stages[s].memory.total());
        EXPECT_EQ(stage.cost.perMicrobatch(), plan_->stages[s].cost.perMicrobatch());
        ASSERT_EQ(stage.decisions.size(), plan_->stages[s].decisions.size());
        EXPECT_GT(stage.decisions.size(), 10u);
    }
    EXPECT_EQ(text(plan.timeline), text(plan_->timeline));
}

TEST_F(PlanFile, LowersToTheSameProgramsAsThePlanItself)
{
    const auto read = planFromJson(text_);
    ASSERT_TRUE(read.ok());
    const Result<Program> before = lowerPlan(*plan_);
    const Result<Program> after = lowerPlan(**read);
    ASSERT_TRUE(before.ok() && after.ok());
    for (int stage = 0; stage < 2; ++stage)
        EXPECT_EQ(formatStageProgram(*before, *plan_->graph, stage, 1),
                  formatStageProgram(*after, *(*read)->graph, stage, 1));
}

TEST_F(PlanFile, IsTheSameTextForTheSameRequest)
{
    EXPECT_EQ(planToJson(*samplePlan(busyOptions())), text_);
}

TEST_F(PlanFile, NamesThePlaceOfWhatIsWrong)
{
    EXPECT_EQ(refusal(text_, [](Json& json) { json["version"] = 2; }),
              "version: got 2, but this program reads version 1 only: make the plan again");
    EXPECT_EQ(refusal(text_, [](Json& json) { json.erase("layers"); }), "layers: missing");
    EXPECT_EQ(refusal(text_, [](Json& json) { json["stages"][1]["memory"]["inFlight"] = "two"; }),
              "stages[1].memory.inFlight: got \"two\", expected a whole number from 1 to 65536");
    EXPECT_EQ(refusal(text_, [](Json& json) { json["specs"][0] = "{q}"; }).substr(0, 9),
              "specs[0]:");
    EXPECT_EQ(refusal(text_,
                      [](Json& json) {
                          json["stages"][0]["axes"] = {1, 3};
                      }),
              "stages[0].axes: expected up to 4 sizes whose product is the submesh's 2 devices");
    EXPECT_EQ(
        refusal(text_, [](Json& json) { json["stages"][0]["ops"][0] = 1 << 23; }).substr(0, 17),
        "stages[0].ops[0]:");
    EXPECT_EQ(
        refusal(text_, [](Json& json) { json["stages"][0]["opSpecs"].erase(0); }).substr(0, 18),
        "stages[0].opSpecs:");
    EXPECT_EQ(refusal(text_, [](Json& json) { json["stages"][1]["submesh"]["firstDevice"] = 0; }),
              "stages[1].submesh: device 0 is of another stage too");
    EXPECT_EQ(refusal(text_,
                      [](Json& json) {
                          json["stages"].erase(1);
                          json["timeline"]["stages"].erase(1);
                      }),
              "stages: cover 1 of 2 layers");
    EXPECT_EQ(refusal(text_, [](Json& json) { json["graph"] = "graph \"x\"\n%0:f32[ = batch"; })
                  .substr(0, 10),
              "graph: 2:8");
    EXPECT_EQ(refusal(text_,
                      [](Json& json) {
                          for (Json& input : json["stages"][0]["inputs"]) {
                              if (input["source"] == "owned")
                                  input["source"] = "received";
                          }
                      })
                  .substr(0, 17),
              "stages[0].inputs:");
    EXPECT_EQ(refusal(text_, [](Json& json) { json["format"] = "pudding"; }),
              "not a plan: expected the format 'alpa plan'");
    EXPECT_EQ(planFromJson("{\n  \"a\": tru }").error().message,
              "line 2, column 11: not valid JSON\n    \"a\": tru }\n            ^");
    EXPECT_EQ(planFromJson("{\"a\": 1}").error().message,
              "is JSON, but not a plan: made with 'alpa plan -o'?");
}

TEST_F(PlanFile, RefusesEveryTruncation)
{
    for (size_t size = 0; size + 2 < text_.size(); size += 1 + text_.size() / 60)
        EXPECT_FALSE(planFromJson(text_.substr(0, size)).ok()) << size;
}

/// Whatever is read must also be lowered or refused, never crash.
TEST_F(PlanFile, SurvivesDamage)
{
    Rng rng(7);
    int accepted = 0;
    for (int round = 0; round < 200; ++round) {
        std::string damaged = text_;
        for (int flip = rng.between(1, 3); flip > 0; --flip) {
            char& letter =
                damaged[static_cast<size_t>(rng.below(static_cast<int>(damaged.size())))];
            // Half the time a digit stays a digit: numbers that are well formed and wrong.
            if (letter >= '0' && letter <= '9' && rng.chance(0.5))
                letter = static_cast<char>('0' + rng.below(10));
            else
                letter = static_cast<char>(letter ^ (1 << rng.below(7)));
        }
        const auto plan = planFromJson(damaged);
        if (!plan.ok())
            continue;
        ++accepted;
        const Result<Program> program = lowerPlan(**plan);
        EXPECT_TRUE(program.ok() || !program.error().message.empty());
    }
    EXPECT_GT(accepted, 5);
}

TEST_F(PlanFile, IsWrittenAndReadWhole)
{
    const std::string path =
        (std::filesystem::temp_directory_path() / "alpa_plan_file_test.json").string();
    ASSERT_TRUE(savePlan(*plan_, path).ok());
    const auto read = loadPlan(path);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(planToJson(**read), text_);
    ASSERT_TRUE(writeFileAtomically(path, text_.substr(0, text_.size() / 2)).ok());
    EXPECT_TRUE(loadPlan(path).error().message.starts_with(path + ": line "));
    std::filesystem::remove(path);
}

} // namespace
} // namespace alpa
