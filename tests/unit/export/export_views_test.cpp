// Timeline, tables and drawings say what the plan says.
#include "tests/unit/export/planned_sample.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace alpa
{
namespace
{

std::shared_ptr<const ParallelPlan> pipelined()
{
    PlanOptions options = degrees(2, 1, 2);
    options.constraints.microbatches = 2;
    return plannedSample("gpt-tiny", options);
}

TEST(ExportTrace, HasEveryTaskAtItsTime)
{
    const auto plan = pipelined();
    const auto json = nlohmann::json::parse(exported(*plan, "trace"));
    size_t tasks = 0;
    double end = 0;
    for (const auto& event : json["traceEvents"]) {
        if (event["ph"] != "X" || event["tid"] != 0)
            continue;
        ++tasks;
        end = std::max(end, event["ts"].get<double>() + event["dur"].get<double>());
    }
    size_t expected = 0;
    for (const StageTimeline& stage : plan->timeline.stages)
        expected += stage.tasks.size();
    EXPECT_EQ(tasks, expected);
    EXPECT_NEAR(end, plan->stepTime.count * 1e6, 1e-6 * end);
}

TEST(ExportTrace, ShowsEveryTransferWithTheStageThatSends)
{
    const auto plan = pipelined();
    const auto json = nlohmann::json::parse(exported(*plan, "trace"));
    size_t transfers = 0;
    for (const auto& event : json["traceEvents"]) {
        if (event["ph"] != "X" || event["tid"] == 0)
            continue;
        ++transfers;
        const int from = event["args"]["from"];
        const int to = event["args"]["to"];
        EXPECT_EQ(event["pid"], from);
        const bool isForward = event["name"].get<std::string>().starts_with("activations");
        EXPECT_EQ(from < to, isForward) << event.dump();
    }
    EXPECT_EQ(transfers, plan->timeline.transfers.size());
    EXPECT_EQ(transfers, 4u); // Two microbatches, there and back.
}

TEST(ExportCsv, HasARowForEveryStoredTensorAndDecision)
{
    const auto plan = pipelined();
    const std::string text = exported(*plan, "csv");
    size_t expected = 1;
    for (const PlanStage& stage : plan->stages) {
        expected +=
            static_cast<size_t>(std::ranges::count_if(stage.inputs, [](const PlannedInput& input) {
                return input.source == InputSource::kOwned || input.source == InputSource::kBatch;
            }));
        expected += static_cast<size_t>(std::ranges::count_if(
            stage.decisions, [](const Decision& decision) { return decision.op.isValid(); }));
    }
    EXPECT_EQ(occurrences(text, "\n"), expected);
}

TEST(ExportDot, ClustersModulesByStage)
{
    const std::string text = exported(*pipelined(), "dot");
    EXPECT_EQ(occurrences(text, "subgraph cluster_"), 2u);
    EXPECT_NE(text.find("GPT/block_1/fc"), std::string::npos);
    EXPECT_EQ(occurrences(text, "{\n"), occurrences(text, "}\n"));
}

TEST(ExportSvg, DrawsEveryTask)
{
    const auto plan = pipelined();
    size_t tasks = 0;
    for (const StageTimeline& stage : plan->timeline.stages)
        tasks += stage.tasks.size();
    EXPECT_EQ(occurrences(exported(*plan, "svg"), "<title>"), tasks);
}

} // namespace
} // namespace alpa
