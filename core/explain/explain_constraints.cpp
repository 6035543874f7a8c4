#include "core/explain/explain_constraints.h"

#include "core/base/text.h"
#include "core/explain/request_changes.h"
#include "core/explain/text_table.h"
#include "core/plan/make_plan.h"
#include "core/plan/parallel_degrees.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_figures.h"
#include "core/plan/plan_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

Result<ConstraintPrice> priceOf(std::string edit, const PlanRequest& request,
                                const ParallelPlan& before, PlanCache& cache,
                                const JobControl& control)
{
    ConstraintPrice price{
        .edit = std::move(edit), .plan = nullptr, .problem = {}, .saved = {}, .differs = {}};
    const Result<PlanOutcome> outcome = makePlan(request, control, &cache);
    if (!outcome.ok()) {
        if (outcome.error().code == ErrorCode::kCancelled)
            return outcome.error();
        price.problem = outcome.error().message;
    } else if (const auto* none = std::get_if<NoPlan>(&*outcome)) {
        price.problem = none->reason;
    } else {
        price.plan = std::get<std::shared_ptr<const ParallelPlan>>(*outcome);
        price.saved = before.stepTime - price.plan->stepTime;
        price.differs = formatDegreeChanges(before, *price.plan);
    }
    return price;
}

/// "12.3 ms (4.1 %)".
std::string formatSaved(Seconds saved, Seconds step)
{
    if (std::abs(saved / step) < 5e-6)
        return "nothing";
    const Seconds size(std::abs(saved.count));
    return fmt::format("{}{} ({})", saved.count < 0 ? "loses " : "", formatSeconds(size),
                       formatShare(size / step));
}

} // namespace

std::string formatDegreeChanges(const ParallelPlan& before, const ParallelPlan& after)
{
    std::string text;
    const auto add = [&text](std::string_view name, const auto& from, const auto& to) {
        if (from != to)
            text += fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", name, from, to);
    };
    const ParallelDegrees degreesBefore = parallelDegrees(before);
    const ParallelDegrees degreesAfter = parallelDegrees(after);
    add("DP", degreesBefore.data, degreesAfter.data);
    add("TP", degreesBefore.tensor, degreesAfter.tensor);
    add("PP", before.pipelineParallel(), after.pipelineParallel());
    add("microbatches", before.microbatches, after.microbatches);
    add("schedule", alpa::text(before.schedule), alpa::text(after.schedule));
    const auto recomputing = [](const ParallelPlan& plan) {
        return std::ranges::count_if(plan.stages, [](const PlanStage& stage) {
            return stage.recomputes || stage.recomputedLayers > 0;
        });
    };
    add("recomputing stages", recomputing(before), recomputing(after));
    return text;
}

Result<ConstraintPrices> priceConstraints(const PlanRequest& request, const ParallelPlan& plan,
                                          PlanCache& cache, const JobControl& control)
{
    ConstraintPrices prices{.stepTime = plan.stepTime, .prices = {}};
    const std::vector<RequestChange> removals = listRemovals(request);
    for (size_t i = 0; i < removals.size(); ++i) {
        control.report("planning without " + removals[i].before,
                       static_cast<double>(i) / static_cast<double>(removals.size() + 1));
        PlanRequest edited = request;
        removals[i].apply(edited);
        const std::string name =
            removals[i].name == "strategy" ? "strategy " + removals[i].before : removals[i].before;
        ASSIGN_OR_RETURN(ConstraintPrice price,
                         priceOf("without " + name, edited, plan, cache, control));
        prices.prices.push_back(std::move(price));
    }
    control.report("planning with more memory", -1);
    PlanRequest larger = request;
    larger.cluster.device.memory += kGiB;
    if (larger.cluster.second)
        larger.cluster.second->device.memory += kGiB;
    if (larger.options.constraints.memoryPerDevice)
        *larger.options.constraints.memoryPerDevice += kGiB;
    ASSIGN_OR_RETURN(ConstraintPrice price,
                     priceOf("with 1 GiB more memory a device", larger, plan, cache, control));
    prices.prices.push_back(std::move(price));
    return prices;
}

std::string formatPrices(const ConstraintPrices& prices)
{
    TextTable table({"<", "step", "<saves", "<the plan then"});
    table.add({"as asked", formatSeconds(prices.stepTime)});
    for (const ConstraintPrice& price : prices.prices) {
        if (price.plan)
            table.add({price.edit, formatSeconds(price.plan->stepTime),
                       formatSaved(price.saved, prices.stepTime),
                       price.differs.empty() ? "has the same degrees" : price.differs});
        else
            table.add({price.edit, "no plan", "", price.problem});
    }
    return table.text();
}

std::string pricesToJson(const ConstraintPrices& prices)
{
    Json json{{"step_ms", jsonNumber(prices.stepTime.count * 1e3)}};
    json["prices"] = Json::array();
    for (const ConstraintPrice& price : prices.prices) {
        Json entry{{"edit", price.edit}};
        if (price.plan) {
            entry["step_ms"] = jsonNumber(price.plan->stepTime.count * 1e3);
            entry["saved_ms"] = jsonNumber(price.saved.count * 1e3);
            entry["differs"] = price.differs;
        } else {
            entry["problem"] = price.problem;
        }
        json["prices"].push_back(std::move(entry));
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace alpa
