#include "core/base/text.h"
#include "core/explain/show_plan.h"
#include "tests/unit/plan_file/sample_plan.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace alpa
{
namespace
{

size_t lineCount(const std::string& text)
{
    return static_cast<size_t>(std::ranges::count(text, '\n'));
}

std::vector<std::string> linesOf(const std::string& text) { return splitText(text, '\n'); }

TEST(ShowPlan, TellsTheStepAndEveryStage)
{
    const auto plan = samplePlan(busyOptions());
    const std::string summary = formatPlanSummary(*plan);
    EXPECT_NE(summary.find(formatSeconds(plan->stepTime) + " predicted"), std::string::npos);
    EXPECT_NE(summary.find("PP 2 on 4 devices"), std::string::npos);
    EXPECT_NE(summary.find("8 in 4 microbatches of 2, schedule gpipe"), std::string::npos);
    EXPECT_EQ(lineCount(formatStages(*plan)), 3u); // titles + 2 stages
    EXPECT_EQ(lineCount(formatMemory(*plan)), 4u); // titles + 2 stages + legend
}

TEST(ShowPlan, DrawsEveryStageOverTheSameTime)
{
    const auto plan = samplePlan(busyOptions());
    const std::vector<std::string> lines = linesOf(formatTimeline(*plan));
    ASSERT_EQ(lines.size(), 5u); // head, two stages, legend, end
    for (size_t s = 1; s <= 2; ++s) {
        EXPECT_EQ(lines[s].rfind('|') - lines[s].find('|'), 101u);
        EXPECT_NE(lines[s].find('3'), std::string::npos); // forward of the last microbatch
        EXPECT_NE(lines[s].find('d'), std::string::npos); // its backward
    }
    // GPipe: the first stage has done all forwards before its first backward.
    EXPECT_LT(lines[1].rfind('3', lines[1].rfind('|')), lines[1].find('a', 10));
}

TEST(ShowPlan, ListsEveryParameterWithItsSpec)
{
    const auto plan = samplePlan(busyOptions());
    const std::string text = formatShardings(*plan);
    for (const GraphInput& input : plan->graph->inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        const std::string& name = plan->graph->value(input.value).name;
        EXPECT_NE(text.find("  " + name + " "), std::string::npos) << name;
    }
}

TEST(ComparePlans, AlignsRowsAndNamesWhatHasNoPlan)
{
    PlanOptions dp;
    dp.strategy = PlanStrategy::kDataParallel;
    std::vector<ComparedPlan> rows;
    rows.push_back({.name = "auto", .plan = samplePlan({}), .problem = "", .measuredStep = {}});
    rows.push_back(
        {.name = "dp", .plan = samplePlan(dp), .problem = "", .measuredStep = Seconds(0.25)});
    rows.push_back({.name = "zero3", .plan = nullptr, .problem = "too small", .measuredStep = {}});
    const std::vector<std::string> lines = linesOf(formatComparison(rows));
    ASSERT_GE(lines.size(), 6u);
    EXPECT_EQ(lines[0].size(), lines[2].size()); // The only measured row reaches the last title.
    EXPECT_NE(lines[1].find(" 1.000 "), std::string::npos);
    EXPECT_NE(lines[2].find(" 250"), std::string::npos);
    EXPECT_NE(lines[3].find("no plan"), std::string::npos);
    EXPECT_EQ(lines[5], "zero3: too small");
    const auto json = nlohmann::json::parse(comparisonToJson(rows));
    EXPECT_EQ(json[0]["ratio"], 1.0);
    EXPECT_DOUBLE_EQ(json[1]["ratio"].get<double>(),
                     rows[1].plan->stepTime / rows[0].plan->stepTime);
    EXPECT_EQ(json[1]["measured_ms"], 250.0);
    EXPECT_EQ(json[2]["status"], "no_plan");
    EXPECT_EQ(json[2]["problem"], "too small");
}

} // namespace
} // namespace alpa
