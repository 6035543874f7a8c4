// What was asked of the planner, in plan files.
#include "core/plan/plan_json.h"

namespace alpa
{
namespace
{

Json specsToJson(const std::vector<SpecConstraint>& specs)
{
    Json list = Json::array();
    for (const SpecConstraint& spec : specs)
        list.push_back({{"pattern", spec.pattern},
                        {"spec", formatSpec(spec.spec)},
                        {"forbids", spec.forbids}});
    return list;
}

Json constraintsToJson(const PlanConstraints& constraints)
{
    Json json = Json::object();
    const auto add = [&json](const char* name, const std::optional<int>& value) {
        if (value)
            json[name] = *value;
    };
    add("maxTp", constraints.maxTp);
    add("maxDp", constraints.maxDp);
    add("maxPp", constraints.maxPp);
    add("fixedTp", constraints.fixedTp);
    add("fixedDp", constraints.fixedDp);
    add("fixedPp", constraints.fixedPp);
    add("contextParallel", constraints.contextParallel);
    if (constraints.memoryPerDevice)
        json["memoryBytesPerDevice"] = constraints.memoryPerDevice->count;
    add("microbatches", constraints.microbatches);
    if (constraints.schedule)
        json["schedule"] = nameIn(kSchedules, *constraints.schedule);
    for (const ScheduleKind kind : constraints.forbiddenSchedules)
        json["forbiddenSchedules"].push_back(nameIn(kSchedules, kind));
    add("chunks", constraints.chunks);
    if (constraints.recomputation)
        json["recomputation"] = *constraints.recomputation;
    if (constraints.selectiveRecomputation)
        json["selectiveRecomputation"] = *constraints.selectiveRecomputation;
    add("recomputedLayers", constraints.recomputedLayers);
    for (const RecomputationKind kind : constraints.forbiddenRecomputations)
        json["forbiddenRecomputations"].push_back(recomputationName(kind));
    json["parameterStorage"] = nameIn(kStorageRules, constraints.parameterStorage);
    json["stateStorage"] = nameIn(kStorageRules, constraints.stateStorage);
    if (!constraints.meshAxes.empty())
        json["meshAxes"] = constraints.meshAxes;
    if (constraints.mostMeshAxes != PlanConstraints{}.mostMeshAxes)
        json["mostMeshAxes"] = constraints.mostMeshAxes;
    if (constraints.usesAllDevices)
        json["usesAllDevices"] = true;
    json["specs"] = specsToJson(constraints.specs);
    json["cuts"] = constraints.cuts;
    json["forbiddenCuts"] = constraints.forbiddenCuts;
    for (const StageMesh& mesh : constraints.stageMeshes)
        json["stageMeshes"].push_back({{"layer", mesh.layer}, {"mesh", text(mesh)}});
    return json;
}

SpecConstraint specFromJson(const JsonPlace& place)
{
    SpecConstraint constraint;
    constraint.pattern = place.member("pattern").text();
    const Result<ShardingSpec> spec = parseSpec(place.member("spec").text());
    if (spec.ok())
        constraint.spec = *spec;
    else
        place.member("spec").fail(spec.error().message);
    constraint.forbids = place.member("forbids").flag();
    return constraint;
}

PlanConstraints constraintsFromJson(const JsonPlace& place)
{
    PlanConstraints constraints;
    const auto degree = [](const JsonPlace& value) { return value.countInt(0, kMostInPlan); };
    constraints.maxTp = place.optional("maxTp", degree);
    constraints.maxDp = place.optional("maxDp", degree);
    constraints.maxPp = place.optional("maxPp", degree);
    constraints.fixedTp = place.optional("fixedTp", degree);
    constraints.fixedDp = place.optional("fixedDp", degree);
    constraints.fixedPp = place.optional("fixedPp", degree);
    constraints.contextParallel = place.optional("contextParallel", degree);
    constraints.memoryPerDevice = place.optional(
        "memoryBytesPerDevice", [](const JsonPlace& value) { return value.bytes(); });
    constraints.microbatches = place.optional("microbatches", degree);
    constraints.schedule = place.optional(
        "schedule", [](const JsonPlace& value) { return readName(value, kSchedules); });
    if (place.has("forbiddenSchedules")) {
        for (const JsonPlace& kind : place.member("forbiddenSchedules").elements())
            constraints.forbiddenSchedules.push_back(readName(kind, kSchedules));
    }
    constraints.chunks = place.optional("chunks", degree);
    constraints.recomputation =
        place.optional("recomputation", [](const JsonPlace& value) { return value.flag(); });
    constraints.selectiveRecomputation = place.optional(
        "selectiveRecomputation", [](const JsonPlace& value) { return value.flag(); });
    constraints.recomputedLayers = place.optional("recomputedLayers", degree);
    if (place.has("forbiddenRecomputations")) {
        for (const JsonPlace& name : place.member("forbiddenRecomputations").elements()) {
            if (const auto kind = recomputationFromName(name.text()))
                constraints.forbiddenRecomputations.push_back(*kind);
            else
                name.fail("expected none, selective, layers or full");
        }
    }
    constraints.parameterStorage = readName(place.member("parameterStorage"), kStorageRules);
    constraints.stateStorage = readName(place.member("stateStorage"), kStorageRules);
    if (place.has("meshAxes"))
        constraints.meshAxes = place.member("meshAxes").counts(1, kMostInPlan);
    constraints.mostMeshAxes =
        place.optional("mostMeshAxes", [](const JsonPlace& value) { return value.countInt(2, 3); })
            .value_or(constraints.mostMeshAxes);
    constraints.usesAllDevices =
        place.optional("usesAllDevices", [](const JsonPlace& value) { return value.flag(); })
            .value_or(false);
    for (const JsonPlace& element : place.member("specs").elements())
        constraints.specs.push_back(specFromJson(element));
    constraints.cuts = place.member("cuts").counts(0, kMostInPlan);
    constraints.forbiddenCuts = place.member("forbiddenCuts").counts(0, kMostInPlan);
    if (place.has("stageMeshes")) {
        for (const JsonPlace& element : place.member("stageMeshes").elements()) {
            const Result<StageMesh> mesh = parseStageMesh(
                element.member("layer").countInt(0, kMostInPlan), element.member("mesh").text());
            if (mesh.ok())
                constraints.stageMeshes.push_back(*mesh);
            else
                element.member("mesh").fail(mesh.error().message);
        }
    }
    return constraints;
}

} // namespace

Json optionsToJson(const PlanOptions& options)
{
    // The number of threads never changes a plan, so it is not of the plan.
    Json json = Json::object();
    if (options.globalBatch)
        json["globalBatch"] = *options.globalBatch;
    if (options.layers)
        json["layers"] = *options.layers;
    const OptimizerOptions& optimizer = options.optimizer;
    json["optimizer"] = {{"kind", nameIn(kOptimizers, optimizer.kind)},
                         {"learningRate", jsonNumber(optimizer.learningRate)},
                         {"beta1", jsonNumber(optimizer.beta1)},
                         {"beta2", jsonNumber(optimizer.beta2)},
                         {"epsilon", jsonNumber(optimizer.epsilon)},
                         {"weightDecay", jsonNumber(optimizer.weightDecay)},
                         {"masterWeights", optimizer.masterWeights}};
    json["strategy"] = strategyName(options.strategy);
    json["constraints"] = constraintsToJson(options.constraints);
    return json;
}

PlanOptions optionsFromJson(const JsonPlace& place)
{
    PlanOptions options;
    options.globalBatch = place.optional(
        "globalBatch", [](const JsonPlace& value) { return value.count(1, int64_t{1} << 40); });
    options.layers = place.optional(
        "layers", [](const JsonPlace& value) { return value.countInt(0, kMostInPlan); });
    const JsonPlace optimizer = place.member("optimizer");
    options.optimizer.kind = readName(optimizer.member("kind"), kOptimizers);
    options.optimizer.learningRate = optimizer.member("learningRate").number();
    options.optimizer.beta1 = optimizer.member("beta1").number();
    options.optimizer.beta2 = optimizer.member("beta2").number();
    options.optimizer.epsilon = optimizer.member("epsilon").number();
    options.optimizer.weightDecay = optimizer.member("weightDecay").number();
    options.optimizer.masterWeights = optimizer.member("masterWeights").flag();
    const JsonPlace strategy = place.member("strategy");
    const std::optional<PlanStrategy> known = strategyFromName(strategy.text());
    if (!known)
        strategy.fail("got '" + strategy.text() +
                      "', expected auto, dp, zero2, zero3, megatron or pipeline");
    options.strategy = known.value_or(PlanStrategy::kAuto);
    options.constraints = constraintsFromJson(place.member("constraints"));
    return options;
}

} // namespace alpa
