#include "core/explain/diff_plans.h"

#include "core/base/text.h"
#include "core/explain/explain_constraints.h"
#include "core/explain/explain_costs.h"
#include "core/explain/request_changes.h"
#include "core/plan/make_plan.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

namespace alpa
{
namespace
{

PlanRequest requestOf(const ParallelPlan& plan)
{
    return {.model = nullptr,
            .modelPath = plan.modelPath,
            .cluster = plan.cluster,
            .options = plan.options};
}

/// "{/4, -} partial /2": into how many parts, whatever the axes are called.
std::string placement(const ShardingSpec& spec, const DeviceMesh& mesh)
{
    std::string text;
    for (int dim = 0; dim < spec.rank; ++dim) {
        const int parts = mesh.groupSize(spec.dims[static_cast<size_t>(dim)]);
        text += dim == 0 ? "" : ", ";
        text += parts == 1 ? "-" : fmt::format("/{}", parts);
    }
    text = "{" + text + "}";
    if (const int parts = mesh.groupSize(spec.partial); parts > 1)
        text += fmt::format(" partial /{}", parts);
    return text;
}

/// Labels of stored tensors and decisions -> how they are placed. What has no choice, as on one
/// device, decides nothing and is left out of comparisons.
std::map<std::string, std::string> placements(const ParallelPlan& plan)
{
    std::map<std::string, std::string> found;
    for (const PlanStage& stage : plan.stages) {
        for (const PlannedInput& input : stage.inputs) {
            if (input.source == InputSource::kOwned && plan.graph->type(input.value).rank() > 0)
                found[valueLabel(*plan.graph, input.value)] = placement(input.spec, stage.mesh);
        }
        for (const Decision& decision : stage.decisions) {
            if (decision.op.isValid() && !decision.alternatives.empty())
                found[decision.label] = placement(
                    decision.alternatives[static_cast<size_t>(decision.chosen)].result, stage.mesh);
        }
    }
    return found;
}

/// "GPT/block_12/fc:dot" -> "GPT/block_*/fc:dot".
std::string withoutNumbers(const std::string& label)
{
    std::string text;
    for (const char letter : label) {
        const bool isDigit = std::isdigit(static_cast<unsigned char>(letter)) != 0;
        if (!isDigit)
            text += letter;
        else if (text.empty() || text.back() != '*')
            text += '*';
    }
    return text;
}

std::vector<PlanChange> diffShardings(const ParallelPlan& before, const ParallelPlan& after)
{
    const auto from = placements(before);
    const auto to = placements(after);
    struct Group {
        int count = 0;
        std::string first;
    };
    std::map<std::tuple<std::string, std::string, std::string>, Group> groups;
    const auto add = [&groups](const std::string& label, const std::string& a,
                               const std::string& b) {
        Group& group = groups[{withoutNumbers(label), a, b}];
        if (++group.count == 1)
            group.first = label;
    };
    for (const auto& [label, spec] : from) {
        const auto other = to.find(label);
        if (other != to.end() && other->second != spec)
            add(label, spec, other->second);
    }
    std::vector<PlanChange> changes;
    for (const auto& [key, group] : groups)
        changes.push_back({.subject = group.count == 1
                                          ? group.first
                                          : fmt::format("{} ({})", std::get<0>(key), group.count),
                           .before = std::get<1>(key),
                           .after = std::get<2>(key)});
    return changes;
}

std::string recomputationText(const PlanStage& stage)
{
    if (stage.recomputes)
        return ", recomputed";
    return stage.recomputedLayers > 0 ? fmt::format(", first {} recomputed", stage.recomputedLayers)
                                      : std::string();
}

std::string stageText(const PlanStage& stage)
{
    std::string sizes;
    for (const MeshAxis& axis : stage.mesh.axes)
        sizes += (sizes.empty() ? "" : " x ") + fmt::format("{}", axis.size);
    return fmt::format("layers {}-{} on {}{}", stage.firstLayer, stage.endLayer - 1, sizes,
                       recomputationText(stage));
}

std::vector<PlanChange> diffWhole(const ParallelPlan& before, const ParallelPlan& after)
{
    std::vector<PlanChange> changes;
    const auto add = [&changes](std::string subject, const std::string& a, const std::string& b) {
        if (a != b)
            changes.push_back({.subject = std::move(subject), .before = a, .after = b});
    };
    const auto number = [](int64_t value) { return fmt::format("{}", value); };
    const PlanFigures a = measurePlan(before);
    const PlanFigures b = measurePlan(after);
    add("DP", number(a.dp), number(b.dp));
    add("TP", number(a.tp), number(b.tp));
    add("PP", number(a.pp), number(b.pp));
    add("microbatches", number(before.microbatches), number(after.microbatches));
    add("microbatch size", number(before.microbatchSize), number(after.microbatchSize));
    add("schedule", text(before.schedule), text(after.schedule));
    add("bubble", formatShare(a.bubble), formatShare(b.bubble));
    add("fullest device", formatMemory(a.peakMemory), formatMemory(b.peakMemory));
    for (size_t s = 0; s < std::max(before.stages.size(), after.stages.size()); ++s)
        add(fmt::format("stage {}", s),
            s < before.stages.size() ? stageText(before.stages[s]) : "none",
            s < after.stages.size() ? stageText(after.stages[s]) : "none");
    return changes;
}

std::vector<TermChange> diffTerms(const ParallelPlan& before, const ParallelPlan& after)
{
    std::vector<TermChange> changes;
    for (const CriticalTerm& term : explainCosts(before).critical)
        changes.push_back({.name = term.name, .before = term.time, .after = {}});
    for (const CriticalTerm& term : explainCosts(after).critical) {
        const auto known = std::ranges::find(changes, term.name, &TermChange::name);
        if (known == changes.end())
            changes.push_back({.name = term.name, .before = {}, .after = term.time});
        else
            known->after = term.time;
    }
    std::ranges::stable_sort(
        changes, {}, [](const TermChange& change) { return -std::abs(change.added().count); });
    return changes;
}

std::string verdictOf(const PlanDiff& diff)
{
    const Seconds added = diff.after - diff.before;
    if (std::abs(added / diff.before) < 1e-6)
        return diff.shardings.empty() && diff.plan.empty() ? "the plans are the same"
                                                           : "the plans differ, their steps do not";
    std::string text = fmt::format(
        "the second step is {} {} ({})", formatSeconds(Seconds(std::abs(added.count))),
        added.count > 0 ? "longer" : "shorter", formatShare(std::abs(added / diff.before)));
    if (!diff.terms.empty() && (diff.terms.front().added().count > 0) == (added.count > 0)) {
        const TermChange& main = diff.terms.front();
        text += fmt::format(", mainly in {} ({} -> {})", main.name, formatSeconds(main.before),
                            formatSeconds(main.after));
    }
    return text;
}

/// Names the one change that does as much as all together, if there is one.
std::string causeText(const PlanDiff& diff)
{
    const double added = (diff.after - diff.before).count;
    const ChangeCause* main = nullptr;
    for (const ChangeCause& cause : diff.causes) {
        if (cause.step && (main == nullptr || std::abs((*cause.step - diff.after).count) <
                                                  std::abs((*main->step - diff.after).count)))
            main = &cause;
    }
    if (main == nullptr || added == 0)
        return "";
    const double share = (*main->step - diff.before).count / added;
    if (share < 0.05)
        return "; none of the changes does it alone";
    return fmt::format("; {} alone does {} of it", main->change, formatShare(std::min(share, 1.0)));
}

} // namespace

PlanDiff diffPlans(const ParallelPlan& before, const ParallelPlan& after)
{
    PlanDiff diff{.before = before.stepTime,
                  .after = after.stepTime,
                  .request = {},
                  .plan = diffWhole(before, after),
                  .shardings = diffShardings(before, after),
                  .terms = diffTerms(before, after),
                  .causes = {},
                  .verdict = {}};
    for (const RequestChange& change : listChanges(requestOf(before), requestOf(after)))
        diff.request.push_back(
            {.subject = change.name, .before = change.before, .after = change.after});
    diff.verdict = verdictOf(diff);
    return diff;
}

Status attributeDiff(PlanDiff& diff, const PlanRequest& before, const PlanRequest& after,
                     PlanCache& cache, const JobControl& control)
{
    const std::vector<RequestChange> changes = listChanges(before, after);
    for (size_t i = 0; i < changes.size(); ++i) {
        ChangeCause cause{.change = fmt::format("{}: {} -> {}", changes[i].name, changes[i].before,
                                                changes[i].after),
                          .step = {},
                          .problem = {},
                          .differs = {}};
        control.report("planning with " + cause.change,
                       static_cast<double>(i) / static_cast<double>(changes.size()));
        PlanRequest edited = before;
        changes[i].apply(edited);
        const Result<PlanOutcome> outcome = makePlan(edited, control, &cache);
        if (!outcome.ok() && outcome.error().code == ErrorCode::kCancelled)
            return outcome.error();
        if (!outcome.ok())
            cause.problem = outcome.error().message;
        else if (const auto* none = std::get_if<NoPlan>(&*outcome))
            cause.problem = none->reason;
        else
            cause.step = std::get<std::shared_ptr<const ParallelPlan>>(*outcome)->stepTime;
        diff.causes.push_back(std::move(cause));
    }
    diff.verdict = verdictOf(diff) + causeText(diff);
    return {};
}

} // namespace alpa
