// Plans side by side, as a table and as JSON.
#include "core/base/text.h"
#include "core/explain/show_plan.h"
#include "core/explain/text_table.h"
#include "core/plan/plan_figures.h"
#include "core/plan/plan_json.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// Of the first row's step; nothing if that has no plan.
std::optional<double> ratioToFirst(const std::vector<ComparedPlan>& plans, const ParallelPlan& plan)
{
    if (!plans.front().plan)
        return std::nullopt;
    return plan.stepTime / plans.front().plan->stepTime;
}

std::string milliseconds(Seconds time) { return formatNumber(time.count * 1e3); }

void addFigures(Json& json, const ParallelPlan& plan)
{
    const PlanFigures figures = measurePlan(plan);
    json["step_ms"] = jsonNumber(plan.stepTime.count * 1e3);
    json["samples_per_second"] = jsonNumber(plan.samplesPerSecond());
    json["tflops_per_device"] = jsonNumber(plan.flopsPerDevice() / 1e12);
    json["dp"] = figures.dp;
    json["tp"] = figures.tp;
    json["pp"] = figures.pp;
    json["microbatches"] = plan.microbatches;
    json["microbatch_size"] = plan.microbatchSize;
    json["schedule"] = text(plan.schedule);
    json["peak_memory_bytes"] = figures.peakMemory.count;
    json["memory_limit_bytes"] = figures.memoryLimit.count;
    json["is_optimal"] = figures.isOptimal;
    json["gap"] = jsonNumber(figures.gap);
    json["bubble"] = jsonNumber(figures.bubble);
    if (const std::optional<double> gap = plan.stepGap()) {
        json["step_bound_ms"] = jsonNumber(plan.stepBound.count * 1e3);
        json["step_gap"] = jsonNumber(*gap);
    }
}

Json stageSummary(const ParallelPlan& plan, size_t index)
{
    const PlanStage& stage = plan.stages[index];
    Json json{{"stage", index},
              {"first_layer", stage.firstLayer},
              {"end_layer", stage.endLayer},
              {"mesh", formatMesh(stage.mesh)},
              {"devices", stage.mesh.deviceCount()},
              {"forward_ms", jsonNumber(stage.cost.forward().count * 1e3)},
              {"backward_ms", jsonNumber(stage.cost.backward().count * 1e3)},
              {"gradient_sync_ms", jsonNumber(stage.cost.gradientSync.count * 1e3)},
              {"update_ms", jsonNumber(stage.cost.update.count * 1e3)},
              {"memory_bytes", stage.memory.total().count},
              {"in_flight", stage.memory.inFlight},
              {"is_optimal", stage.certificate.isOptimal},
              {"gap", jsonNumber(stage.certificate.gap())}};
    if (index < plan.timeline.stages.size())
        json["bubble"] = jsonNumber(plan.timeline.stages[index].bubbleFraction);
    return json;
}

std::string dump(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

std::string planSummaryToJson(const ParallelPlan& plan)
{
    Json json{{"status", "planned"},
              {"model", plan.modelName},
              {"cluster", plan.cluster.name},
              {"devices", plan.cluster.deviceCount()},
              {"strategy", strategyName(plan.options.strategy)},
              {"constraints", listConstraints(plan.options.constraints)},
              {"global_batch", plan.globalBatch()}};
    addFigures(json, plan);
    json["stages"] = Json::array();
    for (size_t s = 0; s < plan.stages.size(); ++s)
        json["stages"].push_back(stageSummary(plan, s));
    return dump(json);
}

std::string formatComparison(const std::vector<ComparedPlan>& plans)
{
    const bool isMeasured = std::ranges::any_of(
        plans, [](const ComparedPlan& row) { return row.measuredStep.has_value(); });
    std::vector<std::string> titles{"<plan",    "step ms", "ratio", "samples/s", "TFLOP/s/dev.",
                                    "DP",       "TP",      "PP",    "microb.",   "memory",
                                    "of limit", "bubble",  "<proof"};
    if (isMeasured)
        titles.emplace_back("measured ms");
    TextTable table(std::move(titles));
    std::string problems;
    for (const ComparedPlan& row : plans) {
        if (!row.plan) {
            table.add({row.name, "no plan"});
            problems += fmt::format("{}: {}\n", row.name, row.problem);
            continue;
        }
        const PlanFigures figures = measurePlan(*row.plan);
        const std::optional<double> ratio = ratioToFirst(plans, *row.plan);
        std::vector<std::string> cells{row.name,
                                       milliseconds(row.plan->stepTime),
                                       ratio ? fmt::format("{:.3f}", *ratio) : "-",
                                       formatNumber(row.plan->samplesPerSecond()),
                                       formatNumber(row.plan->flopsPerDevice() / 1e12),
                                       fmt::format("{}", figures.dp),
                                       fmt::format("{}", figures.tp),
                                       fmt::format("{}", figures.pp),
                                       fmt::format("{}", row.plan->microbatches),
                                       formatMemory(figures.peakMemory),
                                       formatShare(figures.peakMemory / figures.memoryLimit),
                                       formatShare(figures.bubble),
                                       formatProof(figures.isOptimal, figures.gap)};
        if (row.measuredStep)
            cells.push_back(milliseconds(*row.measuredStep));
        table.add(std::move(cells));
    }
    return table.text() + (problems.empty() ? "" : "\n" + problems);
}

std::string comparisonToJson(const std::vector<ComparedPlan>& plans)
{
    Json list = Json::array();
    for (const ComparedPlan& row : plans) {
        Json json{{"name", row.name}, {"status", row.plan ? "planned" : "no_plan"}};
        if (row.plan) {
            addFigures(json, *row.plan);
            if (const std::optional<double> ratio = ratioToFirst(plans, *row.plan))
                json["ratio"] = jsonNumber(*ratio);
        } else {
            json["problem"] = row.problem;
        }
        if (row.measuredStep)
            json["measured_ms"] = jsonNumber(row.measuredStep->count * 1e3);
        list.push_back(std::move(json));
    }
    return dump(list);
}

} // namespace alpa
