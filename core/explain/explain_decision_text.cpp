// Explanations of decisions for people and programs.
#include "core/base/text.h"
#include "core/explain/explain_decision.h"
#include "core/explain/text_table.h"
#include "core/plan/plan_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace alpa
{
namespace
{

std::string formatAdded(Seconds time)
{
    if (!std::isfinite(time.count))
        return "impossible";
    return time.count == 0 ? "0 s" : (time.count > 0 ? "+" : "") + formatSeconds(time);
}

std::string formatOr(Seconds time)
{
    return std::isfinite(time.count) ? formatSeconds(time) : "impossible";
}

constexpr size_t kFollowersShown = 6;

/// Each label once, in order of appearance, with how often it comes.
std::string formatFollowers(const std::vector<std::string>& followers)
{
    std::vector<std::pair<std::string, int>> counted;
    for (const std::string& label : followers) {
        const auto known = std::ranges::find(counted, label, &std::pair<std::string, int>::first);
        if (known == counted.end())
            counted.emplace_back(label, 1);
        else
            ++known->second;
    }
    if (counted.empty())
        return "";
    std::string text = "  followed by ";
    for (size_t i = 0; i < std::min(counted.size(), kFollowersShown); ++i) {
        const auto& [label, count] = counted[i];
        text += (i == 0 ? "" : ", ") + label + (count > 1 ? fmt::format(" ({})", count) : "");
    }
    if (counted.size() > kFollowersShown)
        text += fmt::format(" and {} other kinds", counted.size() - kFollowersShown);
    return text + "\n";
}

/// "12 us", "12 us to 15 us", "at least 12 us" where nothing was found but not all was searched.
std::string formatRegret(const StrategyTerms& terms)
{
    if (terms.isExact())
        return formatAdded(terms.regret);
    if (terms.regret == kForever)
        return "at least " + formatAdded(terms.regretLeast);
    return formatAdded(terms.regretLeast) + " to " + formatAdded(terms.regret);
}

Json milliseconds(Seconds time)
{
    return std::isfinite(time.count) ? jsonNumber(time.count * 1e3) : Json(nullptr);
}

} // namespace

std::string formatExplanations(const std::vector<DecisionExplanation>& explanations)
{
    std::string text;
    for (const DecisionExplanation& explanation : explanations) {
        text += fmt::format("{}{}, layer {}, stage {}\n", text.empty() ? "" : "\n",
                            explanation.label, explanation.layer, explanation.stage);
        text += formatFollowers(explanation.followers);
        TextTable table({"<", "<strategy", "<result", "compute", "+ reduce", "+ in", "+ out",
                         "once a step", "memory", "alone", "regret"});
        for (size_t k = 0; k < explanation.strategies.size(); ++k) {
            const StrategyTerms& terms = explanation.strategies[k];
            table.add({k == 0 ? "*" : "", terms.strategy, formatSpec(terms.result),
                       formatOr(terms.compute), formatOr(terms.reduce), formatOr(terms.in),
                       formatOr(terms.out), formatOr(terms.perStep), formatMemory(terms.memory),
                       formatAdded(terms.alone), formatRegret(terms)});
        }
        text += table.text("  ") + "  " + explanation.verdict + "\n";
    }
    const bool isOpen = std::ranges::any_of(explanations, [](const auto& explanation) {
        return !std::ranges::all_of(explanation.strategies, &StrategyTerms::isExact);
    });
    return text +
           "\n* chosen. Times of one microbatch with the neighbours as they are, of the op "
           "and what "
           "follows it.\nAlone: step time added if only this changed. Regret: step time "
           "added if it "
           "were forced and all\nthe rest of the stage chosen anew" +
           (isOpen ? "; proven to lie between two numbers where the search was cut off.\n"
                   : "; exact.\n");
}

std::string explanationsToJson(const std::vector<DecisionExplanation>& explanations)
{
    Json list = Json::array();
    for (const DecisionExplanation& explanation : explanations) {
        Json json{
            {"label", explanation.label},      {"stage", explanation.stage},
            {"layer", explanation.layer},      {"followers", explanation.followers},
            {"is_exact", explanation.isExact}, {"is_bound_by_memory", explanation.isBoundByMemory},
            {"verdict", explanation.verdict}};
        json["strategies"] = Json::array();
        for (size_t k = 0; k < explanation.strategies.size(); ++k) {
            const StrategyTerms& terms = explanation.strategies[k];
            json["strategies"].push_back({{"strategy", terms.strategy},
                                          {"result", formatSpec(terms.result)},
                                          {"is_chosen", k == 0},
                                          {"compute_ms", milliseconds(terms.compute)},
                                          {"reduce_ms", milliseconds(terms.reduce)},
                                          {"in_ms", milliseconds(terms.in)},
                                          {"out_ms", milliseconds(terms.out)},
                                          {"per_step_ms", milliseconds(terms.perStep)},
                                          {"memory_bytes", terms.memory.count},
                                          {"alone_ms", milliseconds(terms.alone)},
                                          {"regret_ms", milliseconds(terms.regret)},
                                          {"regret_least_ms", milliseconds(terms.regretLeast)},
                                          {"regret_is_exact", terms.isExact()}});
        }
        list.push_back(std::move(json));
    }
    return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace alpa
