// The terms of a step as text.
#include "core/base/text.h"
#include "core/explain/explain_costs.h"
#include "core/explain/show_plan.h"
#include "core/explain/text_table.h"
#include "core/plan/plan_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

std::string formatStep(const ParallelPlan& plan, const PlanCosts& costs)
{
    std::string text =
        fmt::format("step {}, along its critical path\n", formatSeconds(costs.stepTime));
    TextTable table({"<", "time", "share"});
    for (const CriticalTerm& term : costs.critical)
        table.add({term.name, formatSeconds(term.time), formatShare(term.time / costs.stepTime)});
    text += table.text("  ");
    if (plan.microbatches > 1)
        text += fmt::format("  over {} microbatches and {} stages\n", plan.microbatches,
                            plan.stages.size());
    return text;
}

/// What the device's overlap factors take off, and the memory that allocators lose.
std::string overlapText(const ParallelPlan& plan, const PlanCosts& costs,
                        const CostSelection& selection)
{
    std::string text;
    for (size_t s = 0; s < costs.stages.size(); ++s) {
        if (selection.stage && *selection.stage != static_cast<int>(s))
            continue;
        const StageCost& cost = costs.stages[s].total;
        const DeviceKind& device = plan.cluster.deviceOf(plan.kindOf(plan.stages[s]));
        const auto add = [&](Seconds hidden, Seconds whole, double factor, const char* what) {
            if (hidden.count > 0)
                text += fmt::format("Stage {}: {} of {} {} hidden behind compute (overlap {}), not "
                                    "in the step.\n",
                                    s, formatSeconds(hidden), formatSeconds(whole), what,
                                    formatShare(factor));
        };
        add(cost.hiddenReduction, cost.gradientSync, device.reductionOverlap, "gradient sync");
        add(cost.hiddenGather, cost.update, device.gatherOverlap, "update");
        if (device.memoryMargin > 0)
            text += fmt::format("Stage {}: {} of {} memory a device left to fragments ({}).\n", s,
                                formatMemory(device.memory - device.usableMemory()),
                                formatMemory(device.memory), formatShare(device.memoryMargin));
    }
    return text;
}

std::string formatStageTotals(const ParallelPlan& plan, const PlanCosts& costs,
                              const CostSelection& selection)
{
    TextTable table({"stage", "forward", "+ comm.", "again", "backward", "+ comm.", "= microbatch",
                     fmt::format("x {}", plan.microbatches), "sync", "update", "idle", "= step",
                     "receive"});
    for (size_t s = 0; s < costs.stages.size(); ++s) {
        if (selection.stage && *selection.stage != static_cast<int>(s))
            continue;
        const StageCosts& stage = costs.stages[s];
        const StageCost& cost = stage.total;
        table.add({fmt::format("{}", s), formatSeconds(cost.forwardCompute),
                   formatSeconds(cost.forwardCommunication), formatSeconds(cost.recomputation),
                   formatSeconds(cost.backwardCompute), formatSeconds(cost.backwardCommunication),
                   formatSeconds(cost.perMicrobatch()),
                   formatSeconds(cost.perMicrobatch() * static_cast<double>(plan.microbatches)),
                   formatSeconds(cost.gradientSync), formatSeconds(cost.update),
                   formatSeconds(Seconds(std::max(0.0, stage.idle.count))),
                   formatSeconds(costs.stepTime), formatSeconds(cost.receive)});
    }
    return table.text() + overlapText(plan, costs, selection) +
           "Times of one stage; forward to microbatch are of one microbatch. Again is the forward "
           "pass repeated\nbefore the backward where activations are recomputed. Receive is the "
           "transfer of one microbatch's\nactivations, which overlaps with computing.\n";
}

std::string formatLayers(const ParallelPlan& plan, size_t index, const StageCosts& stage)
{
    TextTable table(
        {"layer", "<name", "forward", "+ comm.", "again", "backward", "+ comm.", "sync", "update"});
    for (size_t l = 0; l < stage.layers.size(); ++l) {
        const StageCost& cost = stage.layers[l];
        const size_t layer = l + static_cast<size_t>(plan.stages[index].firstLayer);
        table.add({fmt::format("{}", layer), plan.layers[layer].name,
                   formatSeconds(cost.forwardCompute), formatSeconds(cost.forwardCommunication),
                   formatSeconds(cost.recomputation), formatSeconds(cost.backwardCompute),
                   formatSeconds(cost.backwardCommunication), formatSeconds(cost.gradientSync),
                   formatSeconds(cost.update)});
    }
    return table.text("  ");
}

/// Equal collectives in one row.
std::string formatCollectives(const StageCosts& stage)
{
    struct Sum {
        int count = 0;
        Seconds time;
        CollectiveTerm one;
    };
    std::map<std::tuple<int, int, std::string, int64_t, Seconds>, Sum> sums;
    for (const ExplainedTerm& term : stage.terms) {
        for (const CollectiveTerm& step : term.steps) {
            if (step.time().count == 0)
                continue;
            Sum& sum = sums[{static_cast<int>(term.term.group), static_cast<int>(step.kind),
                             step.axis, -step.bytes.count, step.copies}];
            ++sum.count;
            sum.time += step.time();
            sum.one = step;
        }
    }
    if (sums.empty())
        return "  no collectives\n";
    TextTable table({"<for", "<collective", "<axis", "devices", "bytes", "fixed", "+ transfer",
                     "+ copies", "= one", "count", "all", "<by"});
    for (const auto& [key, sum] : sums) {
        table.add({std::string(costGroupName(static_cast<CostGroup>(std::get<0>(key)))),
                   std::string(reshardName(sum.one.kind)), sum.one.axis,
                   fmt::format("{}", sum.one.devices), formatBytes(sum.one.bytes),
                   formatSeconds(sum.one.fixed), formatSeconds(sum.one.transfer),
                   formatSeconds(sum.one.copies), formatSeconds(sum.one.time()),
                   fmt::format("{}", sum.count), formatSeconds(sum.time),
                   sum.one.isMeasured ? "measured" : "alpha-beta"});
    }
    return table.text("  ");
}

std::string describe(const ExplainedTerm& term)
{
    if (term.compute) {
        const OpRoofline& roofline = *term.compute;
        std::string text;
        if (roofline.arithmetic.count > 0)
            text = fmt::format("{} at {}/s = {}; ", formatFlops(roofline.flops),
                               formatFlops(Flops(roofline.flops.count / roofline.arithmetic.count)),
                               formatSeconds(roofline.arithmetic));
        return text + fmt::format("{} = {}; launch {}; {}",
                                  formatBytes(Bytes(static_cast<int64_t>(roofline.bytes))),
                                  formatSeconds(roofline.traffic), formatSeconds(roofline.launch),
                                  boundName(roofline.bound()));
    }
    std::string text =
        fmt::format("{} to {}", formatSpec(term.term.from), formatSpec(term.term.to));
    for (const CollectiveTerm& step : term.steps)
        text += "; " + formatCollective(step);
    return text;
}

std::string formatTerms(const ParallelPlan& plan, std::vector<const ExplainedTerm*> terms)
{
    TextTable table({"<term", "<for", "time", "<value", "<because"});
    for (const ExplainedTerm* term : terms)
        table.add({term->label, std::string(costGroupName(term->term.group)),
                   formatSeconds(term->term.time), valueLabel(*plan.graph, term->term.value),
                   describe(*term)});
    return table.text("  ");
}

std::string formatReceived(const ParallelPlan& plan, const StageCosts& stage)
{
    if (stage.received.empty())
        return "";
    TextTable table({"<receives", "<from stage", "bytes", "time"});
    for (const TransferTerm& term : stage.received)
        table.add({valueLabel(*plan.graph, term.value), fmt::format("{}", term.fromStage),
                   formatBytes(term.bytes), formatSeconds(term.time)});
    return table.text("  ");
}

std::string formatMemoryTerms(const StageCosts& stage)
{
    const StageMemory& memory = stage.memory;
    return fmt::format(
        "  memory {} = parameters {} + gradients {} + optimizer {} + activations {} x {} + "
        "{}transient {}; {} left\n",
        formatMemory(memory.total()), formatMemory(memory.parameters),
        formatMemory(memory.gradients), formatMemory(memory.optimizerState),
        formatMemory(memory.activations), memory.inFlight,
        memory.waiting > Bytes(0) ? fmt::format("waiting {} + ", formatMemory(memory.waiting)) : "",
        formatMemory(memory.transient), formatMemory(stage.margin));
}

std::string formatStage(const ParallelPlan& plan, const PlanCosts& costs, size_t index,
                        const CostSelection& selection)
{
    const StageCosts& stage = costs.stages[index];
    std::vector<const ExplainedTerm*> terms;
    for (const ExplainedTerm& term : stage.terms) {
        if ((!selection.layer || term.term.layer == *selection.layer) && term.term.time.count > 0)
            terms.push_back(&term);
    }
    std::string text = fmt::format("\nstage {} {}\n", index, formatMesh(plan.stages[index].mesh));
    if (selection.layer)
        return text + formatTerms(plan, std::move(terms));
    std::ranges::stable_sort(terms, [](const ExplainedTerm* a, const ExplainedTerm* b) {
        return a->term.time > b->term.time;
    });
    const size_t shown = std::min(terms.size(), static_cast<size_t>(std::max(selection.top, 0)));
    const size_t hidden = terms.size() - shown;
    terms.resize(shown);
    text += formatLayers(plan, index, stage) + formatCollectives(stage) +
            formatReceived(plan, stage) + formatMemoryTerms(stage) +
            formatTerms(plan, std::move(terms));
    if (hidden > 0)
        text += fmt::format("  and {} smaller terms; --layer N shows all of a layer\n", hidden);
    return text;
}

} // namespace

std::string_view reshardName(ReshardKind kind)
{
    switch (kind) {
    case ReshardKind::kSlice:
        return "slice";
    case ReshardKind::kAllGather:
        return "all-gather";
    case ReshardKind::kAllReduce:
        return "all-reduce";
    case ReshardKind::kReduceScatter:
        return "reduce-scatter";
    case ReshardKind::kAllToAll:
        return "all-to-all";
    }
    return "";
}

std::string formatCollective(const CollectiveTerm& term)
{
    if (term.kind == ReshardKind::kSlice)
        return "slice over " + term.axis;
    const std::string copies =
        term.copies.count > 0 ? " + copies " + formatSeconds(term.copies) : std::string();
    return fmt::format("{} over {} ({}): {}, {} = {} + {}{} ({})", reshardName(term.kind),
                       term.axis, term.devices, formatBytes(term.bytes), formatSeconds(term.time()),
                       formatSeconds(term.fixed), formatSeconds(term.transfer), copies,
                       term.isMeasured ? "measured" : "alpha-beta");
}

std::string formatCosts(const ParallelPlan& plan, const PlanCosts& costs,
                        const CostSelection& selection)
{
    std::string text = formatStep(plan, costs) + "\n" + formatStageTotals(plan, costs, selection);
    for (size_t s = 0; s < costs.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        const bool hasLayer = !selection.layer || (*selection.layer >= stage.firstLayer &&
                                                   *selection.layer < stage.endLayer);
        if ((!selection.stage || *selection.stage == static_cast<int>(s)) && hasLayer)
            text += formatStage(plan, costs, s, selection);
    }
    return text;
}

std::string formatCosts(const ParallelPlan& plan)
{
    return formatCosts(plan, explainCosts(plan), {});
}

} // namespace alpa
