// Differences of plans for people and programs.
#include "core/base/text.h"
#include "core/explain/diff_plans.h"
#include "core/explain/text_table.h"
#include "core/plan/plan_json.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Rows of one section.
constexpr size_t kChangesShown = 40;

std::string formatSigned(Seconds time) { return (time.count > 0 ? "+" : "") + formatSeconds(time); }

std::string section(const char* title, const std::vector<PlanChange>& changes,
                    const std::string& before, const std::string& after)
{
    if (changes.empty())
        return "";
    TextTable table({std::string("<") + title, "<" + before, "<" + after});
    const size_t shown = std::min(changes.size(), kChangesShown);
    for (size_t i = 0; i < shown; ++i)
        table.add({changes[i].subject, changes[i].before, changes[i].after});
    const size_t hidden = changes.size() - shown;
    return "\n" + table.text() +
           (hidden > 0 ? fmt::format("and {} more; --json has all\n", hidden) : "");
}

Json changesJson(const std::vector<PlanChange>& changes)
{
    Json list = Json::array();
    for (const PlanChange& change : changes)
        list.push_back(
            {{"subject", change.subject}, {"before", change.before}, {"after", change.after}});
    return list;
}

} // namespace

std::string formatDiff(const PlanDiff& diff, const std::string& before, const std::string& after)
{
    std::string text = fmt::format("step {} -> {}: {}\n", formatSeconds(diff.before),
                                   formatSeconds(diff.after), diff.verdict);
    text += section("asked", diff.request, before, after);
    if (!diff.causes.empty()) {
        TextTable table({"<changed alone", "step", "added"});
        for (const ChangeCause& cause : diff.causes)
            table.add({cause.change, cause.step ? formatSeconds(*cause.step) : "no plan",
                       cause.step ? formatSigned(*cause.step - diff.before) : cause.problem});
        text += "\n" + table.text();
    }
    text += section("plan", diff.plan, before, after);
    TextTable terms({"<term of the step", before, after, "added"});
    for (const TermChange& term : diff.terms)
        terms.add({term.name, formatSeconds(term.before), formatSeconds(term.after),
                   formatSigned(term.added())});
    text += "\n" + terms.text();
    return text + section("sharding, parts of each dimension", diff.shardings, before, after);
}

std::string diffToJson(const PlanDiff& diff)
{
    Json json{{"before_ms", jsonNumber(diff.before.count * 1e3)},
              {"after_ms", jsonNumber(diff.after.count * 1e3)},
              {"verdict", diff.verdict},
              {"request", changesJson(diff.request)},
              {"plan", changesJson(diff.plan)},
              {"shardings", changesJson(diff.shardings)}};
    json["terms"] = Json::array();
    for (const TermChange& term : diff.terms)
        json["terms"].push_back({{"term", term.name},
                                 {"before_ms", jsonNumber(term.before.count * 1e3)},
                                 {"after_ms", jsonNumber(term.after.count * 1e3)}});
    json["causes"] = Json::array();
    for (const ChangeCause& cause : diff.causes) {
        Json entry{{"change", cause.change}};
        if (cause.step)
            entry["step_ms"] = jsonNumber(cause.step->count * 1e3);
        else
            entry["problem"] = cause.problem;
        json["causes"].push_back(std::move(entry));
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace alpa
