#include "core/explain/published_plan.h"

#include "core/base/files.h"
#include "core/base/parse_json.h"
#include "core/base/text.h"
#include "core/explain/columns_and_rows.h"
#include "core/explain/megatron_arguments.h"
#include "core/plan/json_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace alpa
{
namespace
{

constexpr int kMost = 1 << 20;
constexpr Bytes kMostBytes = kMiB * 16;
/// Placements name every operation of a model.
constexpr JsonLimits kLimits{.members = size_t{1} << 15};

/// "hosts", "devices" and "mesh", or "dp" and "tp" on one host.
StageMesh stageMesh(const JsonPlace& stage, int layer)
{
    StageMesh mesh{.layer = layer, .hosts = 1, .devicesPerHost = 1, .axes = {}};
    if (stage.has("mesh"))
        mesh.axes = stage.member("mesh").counts(1, kMost);
    else
        mesh.axes = {stage.member("dp").countInt(1, kMost), stage.member("tp").countInt(1, kMost)};
    int64_t devices = 1;
    for (const int size : mesh.axes)
        devices = std::min(devices * size, int64_t{kMost});
    if (mesh.axes.empty() || mesh.axes.size() > 3)
        stage.member("mesh").fail("expected one to three sizes");
    if (stage.has("hosts"))
        mesh.hosts = stage.member("hosts").countInt(1, kMost);
    mesh.devicesPerHost = stage.has("devices") ? stage.member("devices").countInt(1, kMost)
                                               : static_cast<int>(devices / mesh.hosts);
    if (!stage.failed() && int64_t{mesh.hosts} * mesh.devicesPerHost != devices)
        stage.fail(fmt::format("got a mesh of {} devices on {} x {}", devices, mesh.hosts,
                               mesh.devicesPerHost));
    return mesh;
}

/// Meshes that are all alike are said by degrees, wherever their devices lie.
void saySameMeshOnce(PlanConstraints& constraints)
{
    const std::vector<int> axes = constraints.stageMeshes[0].axes;
    const bool isSame = std::ranges::all_of(
        constraints.stageMeshes, [&](const StageMesh& mesh) { return mesh.axes == axes; });
    if (!isSame || axes.size() != 2)
        return;
    constraints.stageMeshes.clear();
    constraints.fixedDp = axes[0];
    constraints.fixedTp = axes[1];
}

/// The cuts between stages and the mesh of each.
void readStages(const JsonPlace& stages, PublishedPlan& plan)
{
    const std::vector<JsonPlace> list = stages.elements();
    if (list.empty())
        stages.fail("expected at least one stage");
    int next = 0;
    for (size_t s = 0; s < list.size() && !stages.failed(); ++s) {
        const JsonPlace& stage = list[s];
        const std::vector<int> layers = stage.member("layers").counts(0, kMost);
        const StageMesh mesh = stageMesh(stage, layers.empty() ? 0 : layers[0]);
        if (stages.failed())
            return;
        if (layers.size() != 2 || layers[0] != next || layers[1] <= layers[0]) {
            stage.member("layers").fail(
                fmt::format("expected [first, end) that begins at {}", next));
            return;
        }
        if (s > 0)
            plan.constraints.cuts.push_back(layers[0]);
        next = layers[1];
        plan.constraints.stageMeshes.push_back(mesh);
    }
    if (stages.failed())
        return;
    plan.layers = next;
    plan.constraints.fixedPp = static_cast<int>(list.size());
    saySameMeshOnce(plan.constraints);
}

StorageRule storageOf(const JsonPlace& place)
{
    const std::string name = place.text();
    if (name == "split" || name == "replicated" || name == "free")
        return name == "split"        ? StorageRule::kSplit
               : name == "replicated" ? StorageRule::kReplicated
                                      : StorageRule::kFree;
    place.fail("got '" + name + "', expected split, replicated or free");
    return StorageRule::kFree;
}

ScheduleKind scheduleOf(const JsonPlace& place)
{
    const std::string name = place.text();
    if (name != "gpipe" && name != "1f1b" && name != "pipedream_flush")
        place.fail("got '" + name + "', expected 1f1b, pipedream_flush or gpipe");
    return name == "gpipe" ? ScheduleKind::kGpipe : ScheduleKind::k1f1b;
}

void readOwn(const JsonPlace& root, PublishedPlan& plan)
{
    plan.name = root.member("name").text();
    if (root.has("source"))
        plan.source = root.member("source").text();
    if (root.has("globalBatch"))
        plan.globalBatch = root.member("globalBatch").count(1, int64_t{1} << 40);
    if (root.has("microbatches"))
        plan.constraints.microbatches = root.member("microbatches").countInt(1, kMost);
    if (root.has("recomputation"))
        plan.constraints.recomputation = root.member("recomputation").flag();
    if (root.has("parameters"))
        plan.constraints.parameterStorage = storageOf(root.member("parameters"));
    if (root.has("states"))
        plan.constraints.stateStorage = storageOf(root.member("states"));
    plan.constraints.schedule =
        root.has("schedule") ? scheduleOf(root.member("schedule")) : ScheduleKind::k1f1b;
    readStages(root.member("stages"), plan);
}

/// Galvatron's layer-wise plan: a list of numbers in a text, one a layer, which must agree.
int sameForAll(const JsonPlace& place)
{
    std::optional<int> first;
    for (const std::string& part : splitText(place.text(), ',')) {
        int value = 0;
        const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (code != std::errc() || end != part.data() + part.size()) {
            place.fail("'" + part + "': expected a number");
            return 1;
        }
        if (first && *first != value) {
            place.fail(
                fmt::format("got {} and {}, expected the same for every layer", *first, value));
            return 1;
        }
        first = value;
    }
    if (!first)
        place.fail("expected a number for every layer");
    return first.value_or(1);
}

void readGalvatron(const JsonPlace& root, PublishedPlan& plan)
{
    plan.name = "Galvatron";
    plan.globalBatch = root.member("global_bsz").count(1, int64_t{1} << 40);
    plan.constraints.microbatches = root.member("chunks").countInt(1, kMost);
    plan.constraints.fixedPp = root.member("pp_deg").countInt(1, kMost);
    plan.constraints.fixedTp = sameForAll(root.member("tp_sizes_enc"));
    plan.constraints.recomputation = sameForAll(root.member("checkpoint")) != 0;
    plan.constraints.schedule =
        root.has("pipeline_type") ? scheduleOf(root.member("pipeline_type")) : ScheduleKind::k1f1b;
    const bool isZero3 = sameForAll(root.member("dp_types_enc")) != 0;
    const std::string type =
        root.has("default_dp_type") ? root.member("default_dp_type").text() : std::string("ddp");
    plan.constraints.parameterStorage = isZero3 ? StorageRule::kSplit : StorageRule::kReplicated;
    plan.constraints.stateStorage =
        isZero3 || type == "zero2" ? StorageRule::kSplit : StorageRule::kReplicated;
    if (root.has("pp_division")) {
        int layer = 0;
        const std::vector<std::string> parts = splitText(root.member("pp_division").text(), ',');
        for (size_t s = 0; s < parts.size(); ++s) {
            int count = 0;
            std::from_chars(parts[s].data(), parts[s].data() + parts[s].size(), count);
            if (count < 1 || count > kMost || layer > kMost) {
                root.member("pp_division").fail("expected a positive number of layers a stage");
                break;
            }
            layer += count;
            if (s + 1 < parts.size())
                plan.constraints.cuts.push_back(layer);
        }
        plan.layers = layer;
    }
}

} // namespace

Result<PublishedPlan> parsePublishedPlan(const std::string& text)
{
    if (text.find("--tensor-model-parallel-size") != std::string::npos)
        return readMegatronArguments(text);
    const Result<Json> parsed = parseJson(text, kLimits);
    if (!parsed.ok())
        return parsed.error().in(
            "neither JSON nor Megatron-LM's arguments (--tensor-model-parallel-size N)");
    const Json& json = *parsed;
    PublishedPlan plan;
    std::optional<Error> problem;
    const JsonPlace root(json, problem);
    if (root.has("pp_deg")) {
        readGalvatron(root, plan);
    } else if (looksLikePlacements(root)) {
        plan.name = "AutoParallel";
        plan.placements = readPlacements(root);
    } else {
        readOwn(root, plan);
    }
    if (problem)
        return *problem;
    return plan;
}

Result<PublishedPlan> loadPublishedPlan(const std::string& path)
{
    ASSIGN_OR_RETURN(const std::string text, readFile(path, kMostBytes));
    Result<PublishedPlan> plan = parsePublishedPlan(text);
    return plan.ok() ? plan : Result<PublishedPlan>(plan.error().in(path));
}

Status applyPublishedPlan(const PublishedPlan& plan, const Graph& model, PlanOptions& options)
{
    const PlanConstraints& said = plan.constraints;
    PlanConstraints& asked = options.constraints;
    const auto take = [](auto& mine, const auto& theirs) {
        if (!mine)
            mine = theirs;
    };
    take(options.globalBatch, plan.globalBatch);
    take(options.layers, plan.layers);
    take(asked.fixedDp, said.fixedDp);
    take(asked.fixedTp, said.fixedTp);
    take(asked.fixedPp, said.fixedPp);
    take(asked.microbatches, said.microbatches);
    take(asked.recomputation, said.recomputation);
    take(asked.selectiveRecomputation, said.selectiveRecomputation);
    take(asked.chunks, said.chunks);
    take(asked.schedule, said.schedule);
    if (asked.parameterStorage == StorageRule::kFree)
        asked.parameterStorage = said.parameterStorage;
    if (asked.stateStorage == StorageRule::kFree)
        asked.stateStorage = said.stateStorage;
    if (asked.cuts.empty())
        asked.cuts = said.cuts;
    if (asked.meshAxes.empty())
        asked.meshAxes = said.meshAxes;
    asked.specs.insert(asked.specs.end(), said.specs.begin(), said.specs.end());
    if (asked.stageMeshes.empty())
        asked.stageMeshes = said.stageMeshes;
    if (plan.splitsColumnsAndRows && asked.fixedTp.value_or(1) > 1)
        pinColumnsAndRows(model, asked);
    if (plan.placements)
        return applyPlacements(*plan.placements, model, asked);
    return {};
}

} // namespace alpa
