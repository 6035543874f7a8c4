#include "core/explain/explain_decision.h"

#include "core/base/text.h"
#include "core/explain/stage_again.h"
#include "core/explain/explain_costs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace alpa
{
namespace
{

/// What speaks against `other`, the largest first.
std::string reasons(const StrategyTerms& chosen, const StrategyTerms& other, int microbatches)
{
    struct Reason {
        const char* name;
        Seconds more;
    };
    const double times = microbatches;
    std::vector<Reason> list{
        {"computing", (other.compute - chosen.compute) * times},
        {"reducing its partial results", (other.reduce - chosen.reduce) * times},
        {"resharding what it reads", (other.in - chosen.in) * times},
        {"resharding its result", (other.out - chosen.out) * times},
        {"gradient sync and update", other.perStep - chosen.perStep}};
    std::ranges::stable_sort(list, {}, [](const Reason& reason) { return -reason.more.count; });
    std::string text;
    for (const Reason& reason : list) {
        if (reason.more.count > 1e-9 && std::isfinite(reason.more.count))
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", formatSeconds(reason.more),
                                reason.name);
    }
    return text;
}

std::string verdictOf(const DecisionExplanation& explanation, int microbatches)
{
    if (explanation.strategies.size() < 2)
        return "there is no other strategy";
    const StrategyTerms& chosen = explanation.strategies[0];
    const StrategyTerms& other = explanation.strategies[1];
    if (!(other.regret < kForever))
        return explanation.isBoundByMemory ? "no other strategy fits in memory"
                                           : "no other strategy is possible";
    if (other.regret.count == 0)
        return fmt::format("{} would be as good", other.strategy);
    std::string text = fmt::format("{}{} would add {} to the step",
                                   explanation.isExact ? "" : "about: ", other.strategy,
                                   formatSeconds(other.regret));
    const std::string why = reasons(chosen, other, microbatches);
    if (!why.empty())
        text += fmt::format("; by itself it costs more for {}", why);
    else if (other.regret.count > 0)
        text += "; by itself it costs no more, but what it forces elsewhere does";
    return text;
}

bool matches(const StrategyTerms& terms, const std::string& pattern)
{
    if (pattern.empty() || matchesPattern(terms.strategy, pattern))
        return true;
    const Result<ShardingSpec> spec = parseSpec(pattern);
    return spec.ok() && *spec == terms.result;
}

/// Had more than one strategy to choose from.
bool isDecided(const MeshNode& node)
{
    return node.kind != DecisionKind::kCopy && node.perMicrobatch.size() >= 2;
}

Result<DecisionExplanation> explainNode(const ParallelPlan& plan, StageAgain& again, int stage,
                                        size_t position, const JobControl& control)
{
    ASSIGN_OR_RETURN(DecisionExplanation explanation, again.explain(position, control));
    explanation.stage = stage;
    explanation.verdict = verdictOf(explanation, plan.microbatches);
    return explanation;
}

bool isMeant(const std::string& label, const std::vector<std::string>& followers,
             const std::string& pattern)
{
    return matchesPattern(label, pattern) ||
           std::ranges::any_of(followers, [&](const std::string& follower) {
               return matchesPattern(follower, pattern);
           });
}

} // namespace

struct DecisionExplainer::Stages {
    std::vector<std::shared_ptr<const LayeredGraph>> layered; ///< By kind of device.
    std::vector<std::unique_ptr<StageAgain>> solved;          ///< Null until a stage is asked for.
};

DecisionExplainer::DecisionExplainer(std::shared_ptr<const ParallelPlan> plan)
    : plan_(std::move(plan))
    , stages_(std::make_unique<Stages>())
{
    stages_->layered.resize(static_cast<size_t>(plan_->cluster.kindCount()));
    stages_->solved.resize(plan_->stages.size());
}

DecisionExplainer::~DecisionExplainer() = default;

Status DecisionExplainer::prepare(int stage, const JobControl& control)
{
    const auto s = static_cast<size_t>(stage);
    if (stages_->solved[s] != nullptr)
        return {};
    const int kind = plan_->kindOf(plan_->stages[s]);
    auto& layered = stages_->layered[static_cast<size_t>(kind)];
    if (layered == nullptr)
        layered = std::make_shared<const LayeredGraph>(layeredGraphOf(*plan_, kind));
    ASSIGN_OR_RETURN(stages_->solved[s], StageAgain::solve(*plan_, layered, s, control));
    return {};
}

Result<DecisionExplanation> DecisionExplainer::explain(int stage, const std::string& label,
                                                       const JobControl& control)
{
    RETURN_IF_ERROR(prepare(stage, control));
    StageAgain& again = *stages_->solved[static_cast<size_t>(stage)];
    for (size_t n = 0; n < again.nodes().size(); ++n) {
        if (isDecided(again.node(n)) && decisionLabel(*plan_->graph, again.node(n)) == label)
            return explainNode(*plan_, again, stage, n, control);
    }
    return Error(ErrorCode::kNotFound,
                 fmt::format("'{}' is no decision of stage {}", label, stage));
}

Result<std::vector<DecisionExplanation>>
explainDecisions(const ParallelPlan& plan, const WhyRequest& request, const JobControl& control)
{
    std::vector<std::shared_ptr<const LayeredGraph>> layered; // By kind of device.
    for (int kind = 0; kind < plan.cluster.kindCount(); ++kind)
        layered.push_back(std::make_shared<const LayeredGraph>(layeredGraphOf(plan, kind)));
    std::vector<DecisionExplanation> explanations;
    bool isMatched = false;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        if (static_cast<int>(explanations.size()) >= request.limit)
            break;
        ASSIGN_OR_RETURN(
            const auto stage,
            StageAgain::solve(plan, layered[static_cast<size_t>(plan.kindOf(plan.stages[s]))], s,
                              control));
        for (size_t n = 0; n < stage->nodes().size(); ++n) {
            const MeshNode& node = stage->node(n);
            if (!isDecided(node))
                continue;
            const std::string label = decisionLabel(*plan.graph, node);
            if (!isMeant(label, stage->followers(n), request.pattern))
                continue;
            isMatched = true;
            if (static_cast<int>(explanations.size()) >= request.limit)
                break;
            control.report("weighing " + label, -1);
            ASSIGN_OR_RETURN(DecisionExplanation explanation,
                             explainNode(plan, *stage, static_cast<int>(s), n, control));
            if (!request.strategy.empty()) {
                auto& list = explanation.strategies;
                list.erase(std::remove_if(list.begin() + 1, list.end(),
                                          [&](const StrategyTerms& terms) {
                                              return !matches(terms, request.strategy);
                                          }),
                           list.end());
            }
            explanation.verdict = verdictOf(explanation, plan.microbatches);
            explanations.push_back(std::move(explanation));
        }
    }
    if (!isMatched)
        return Error(
            ErrorCode::kNotFound,
            fmt::format("'{}' matches no decision of the plan (a stage on one device has none); "
                        "alpa show PLAN shardings lists them",
                        request.pattern));
    return explanations;
}

} // namespace alpa
