#include "app/session/saved_session.h"

#include "app/settings/qt_text.h"
#include "core/base/files.h"
#include "core/base/parse_json.h"
#include "core/plan/plan_json.h"

namespace alpa::app
{
namespace
{

constexpr int kSessionVersion = 1;
constexpr const char* kSessionFormat = "alpa session";
constexpr int kMostPlans = 1 << 16;
constexpr int kMostDevices = 1 << 16;
/// A session names a model and some hundred requests; more is another kind of file.
constexpr Bytes kMostSessionBytes(int64_t{64} << 20);

Json setupToJson(const Setup& setup)
{
    Json json = {{"cluster", fromQt(setup.cluster)}, {"options", optionsToJson(setup.options)}};
    if (!setup.whatIf.isNone())
        json["whatIf"] = {{"memory", jsonNumber(setup.whatIf.memory)},
                          {"bandwidth", jsonNumber(setup.whatIf.bandwidth)},
                          {"devices", setup.whatIf.devices}};
    if (!(setup.parked == PlanConstraints())) {
        PlanOptions parked;
        parked.constraints = setup.parked;
        json["parked"] = optionsToJson(parked);
    }
    return json;
}

Setup setupFromJson(const JsonPlace& place)
{
    Setup setup;
    setup.cluster = toQt(place.member("cluster").text());
    setup.options = optionsFromJson(place.member("options"));
    if (const auto change = place.optional("whatIf", [](const JsonPlace& value) {
            return WhatIf{.memory = value.member("memory").number(),
                          .bandwidth = value.member("bandwidth").number(),
                          .devices = value.member("devices").countInt(0, kMostDevices)};
        }))
        setup.whatIf = *change;
    if (const auto parked =
            place.optional("parked", [](const JsonPlace& value) { return optionsFromJson(value); }))
        setup.parked = parked->constraints;
    return setup;
}

Json choicesToJson(const ImportChoices& choices)
{
    Json dims = Json::array();
    for (const auto& [name, size] : choices.dims)
        dims.push_back({{"name", name}, {"size", size}});
    Json json = {{"dims", dims}};
    if (choices.loss)
        json["loss"] = lossName(*choices.loss);
    if (!choices.rules.isEmpty())
        json["rules"] = fromQt(choices.rules);
    return json;
}

ImportChoices choicesFromJson(const JsonPlace& place)
{
    ImportChoices choices;
    for (const JsonPlace& dim : place.member("dims").elements())
        choices.dims[dim.member("name").text()] = dim.member("size").count(1, int64_t{1} << 30);
    if (place.has("loss")) {
        choices.loss = lossFromName(place.member("loss").text());
        if (!choices.loss)
            place.member("loss").fail("expected mean, mse or cross-entropy");
    }
    if (place.has("rules"))
        choices.rules = toQt(place.member("rules").text());
    return choices;
}

Json viewToJson(const SavedView& view)
{
    return {{"page", fromQt(view.page)},
            {"graphShows", fromQt(view.graphShows)},
            {"graphColor", fromQt(view.graphColor)},
            {"heatIsLogarithmic", view.isHeatLogarithmic},
            {"heatIsClipped", view.isHeatClipped}};
}

SavedView viewFromJson(const JsonPlace& place)
{
    return {.page = toQt(place.member("page").text()),
            .graphShows = toQt(place.member("graphShows").text()),
            .graphColor = toQt(place.member("graphColor").text()),
            .isHeatLogarithmic = place.member("heatIsLogarithmic").flag(),
            .isHeatClipped = place.member("heatIsClipped").flag()};
}

SavedSession readSession(const JsonPlace& place)
{
    SavedSession session;
    if (place.member("format").text() != kSessionFormat)
        place.member("format").fail(std::string("expected '") + kSessionFormat + "'");
    if (place.member("version").countInt(0, kMostPlans) != kSessionVersion)
        place.member("version").fail("expected " + std::to_string(kSessionVersion));
    session.modelPath = toQt(place.member("model").text());
    session.modelSha256 = toQt(place.member("modelSha256").text());
    if (const auto choices =
            place.optional("import", [](const JsonPlace& value) { return choicesFromJson(value); }))
        session.choices = *choices;
    session.setup = setupFromJson(place.member("setup"));
    for (const JsonPlace& element : place.member("plans").elements()) {
        SavedPlan plan;
        plan.name = toQt(element.member("name").text());
        plan.setup = setupFromJson(element.member("setup"));
        plan.stepSeconds = element.member("stepSeconds").number();
        session.plans.push_back(std::move(plan));
    }
    if (const auto baseline = place.optional("baseline", [&](const JsonPlace& value) {
            return value.countInt(0, static_cast<int>(session.plans.size()) - 1);
        }))
        session.baseline = *baseline;
    session.nextPlanNumber = place.member("nextPlanNumber").countInt(1, kMostPlans);
    if (const auto view =
            place.optional("view", [](const JsonPlace& value) { return viewFromJson(value); }))
        session.view = *view;
    return session;
}

} // namespace

std::string sessionToJson(const SavedSession& session, bool isCompact)
{
    Json json = {{"format", kSessionFormat},
                 {"version", kSessionVersion},
                 {"model", fromQt(session.modelPath)},
                 {"modelSha256", fromQt(session.modelSha256)},
                 {"setup", setupToJson(session.setup)},
                 {"plans", Json::array()},
                 {"nextPlanNumber", session.nextPlanNumber}};
    for (const SavedPlan& plan : session.plans)
        json["plans"].push_back({{"name", fromQt(plan.name)},
                                 {"setup", setupToJson(plan.setup)},
                                 {"stepSeconds", jsonNumber(plan.stepSeconds)}});
    if (!(session.choices == ImportChoices()))
        json["import"] = choicesToJson(session.choices);
    if (session.baseline >= 0)
        json["baseline"] = session.baseline;
    if (!(session.view == SavedView()))
        json["view"] = viewToJson(session.view);
    // Paths need not be UTF-8; what is not is replaced rather than thrown at.
    return json.dump(isCompact ? -1 : 1, ' ', false, Json::error_handler_t::replace);
}

Result<SavedSession> sessionFromJson(const std::string& text)
{
    const Result<Json> json = parseJson(text);
    if (!json.ok())
        return json.error().in("a session file holds JSON; this one is cut off or damaged");
    std::optional<Error> problem;
    SavedSession session = readSession(JsonPlace(*json, problem));
    if (problem)
        return *problem;
    return session;
}

Result<SavedSession> loadSession(const QString& path)
{
    ASSIGN_OR_RETURN(const std::string text, readFile(fromQt(path), kMostSessionBytes));
    Result<SavedSession> session = sessionFromJson(text);
    if (!session.ok())
        return Error(session.error().code, fromQt(path) + ": " + session.error().message);
    return session;
}

Status saveSession(const SavedSession& session, const QString& path)
{
    return writeFileAtomically(fromQt(path), sessionToJson(session) + "\n");
}

} // namespace alpa::app
