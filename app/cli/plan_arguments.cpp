#include "app/cli/plan_arguments.h"

#include "core/base/text.h"
#include "core/explain/annotated_plan.h"
#include "core/mesh/what_if.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace alpa::cli
{
namespace
{

/// "wte*={x, -}" as a constraint.
Result<SpecConstraint> parseConstraint(const char* option, const std::string& text, bool forbids)
{
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0)
        return Error(
            ErrorCode::kInvalidInput,
            fmt::format("{} {}: expected PATTERN=SPEC, for example 'wte*={{x, -}}'", option, text));
    Result<ShardingSpec> spec = parseSpec(std::string_view(text).substr(equals + 1));
    if (!spec.ok())
        return spec.error().in(fmt::format("{} {}", option, text));
    return SpecConstraint{.pattern = text.substr(0, equals), .spec = *spec, .forbids = forbids};
}

Result<std::optional<int>> parseMicrobatches(const std::string& text)
{
    if (text == "auto")
        return std::optional<int>();
    int count = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (code != std::errc() || end != text.data() + text.size() || count < 1)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("--microbatches {}: expected a positive number or auto", text));
    return std::optional<int>(count);
}

/// "2x2x2": two or three sizes.
std::optional<std::vector<int>> parseMesh(const std::string& text)
{
    std::vector<int> sizes;
    const char* next = text.data();
    const char* const end = text.data() + text.size();
    for (bool isFirst = true; isFirst || next != end; isFirst = false) {
        int size = 0;
        if (!isFirst && *next++ != 'x')
            return std::nullopt;
        const auto [rest, code] = std::from_chars(next, end, size);
        if (code != std::errc() || size < 1)
            return std::nullopt;
        sizes.push_back(size);
        next = rest;
    }
    return sizes.size() == 2 || sizes.size() == 3 ? std::optional(sizes) : std::nullopt;
}

/// "layers=4": 4.
std::optional<int> recomputedLayersOf(const std::string& text)
{
    constexpr std::string_view kBegin = "layers=";
    int layers = 0;
    const char* const end = text.data() + text.size();
    if (!text.starts_with(kBegin))
        return std::nullopt;
    const auto [rest, code] = std::from_chars(text.data() + kBegin.size(), end, layers);
    return code == std::errc() && rest == end && layers > 0 ? std::optional(layers) : std::nullopt;
}

/// Empty if `text` is a choice of --recompute, else what is wrong.
std::string checkRecomputation(const std::string& text)
{
    constexpr std::array kNames{"none", "selective", "full", "auto", "always", "never"};
    const bool isKnown = std::ranges::find(kNames, text) != kNames.end();
    return isKnown || recomputedLayersOf(text)
               ? std::string()
               : "'" + text + "': expected none, selective, layers=K, full or auto";
}

std::optional<int> given(int number) { return number > 0 ? std::optional(number) : std::nullopt; }

/// "4=1x8:2x4".
Result<StageMesh> parseStage(const std::string& text)
{
    const size_t equals = text.find('=');
    int layer = 0;
    const auto [end, code] =
        std::from_chars(text.data(), text.data() + std::min(equals, text.size()), layer);
    if (equals == std::string::npos || code != std::errc() || end != text.data() + equals ||
        layer < 0)
        return Error(ErrorCode::kInvalidInput, fmt::format("--stage-mesh '{}': expected a layer "
                                                           "and its mesh, as in 4=1x8:2x4",
                                                           text));
    Result<StageMesh> mesh = parseStageMesh(layer, text.substr(equals + 1));
    return mesh.ok() ? mesh : Result<StageMesh>(mesh.error().in("--stage-mesh"));
}

Result<PlanConstraints> makeConstraints(const PlanArguments& arguments)
{
    PlanConstraints constraints;
    constraints.maxTp = given(arguments.maxTp);
    constraints.maxDp = given(arguments.maxDp);
    constraints.maxPp = given(arguments.maxPp);
    constraints.fixedTp = given(arguments.tp);
    constraints.fixedDp = given(arguments.dp);
    constraints.fixedPp = given(arguments.pp);
    constraints.contextParallel = given(arguments.cp);
    if (!arguments.mesh.empty())
        constraints.meshAxes = parseMesh(arguments.mesh).value_or(std::vector<int>());
    if (arguments.hasMemory)
        constraints.memoryPerDevice = gibibytes(arguments.memoryGib);
    ASSIGN_OR_RETURN(constraints.microbatches, parseMicrobatches(arguments.microbatches));
    constraints.schedule = scheduleFromName(arguments.schedule);
    for (const std::string& name : arguments.forbiddenSchedules) {
        if (const auto kind = scheduleFromName(name))
            constraints.forbiddenSchedules.push_back(*kind);
    }
    constraints.chunks = given(arguments.chunks);
    for (const std::string& name : arguments.forbiddenRecomputations) {
        if (const auto kind = recomputationFromName(name))
            constraints.forbiddenRecomputations.push_back(*kind);
    }
    if (const auto layers = recomputedLayersOf(arguments.recomputation)) {
        constraints.recomputedLayers = layers;
    } else if (arguments.recomputation != "auto") {
        constraints.recomputation =
            arguments.recomputation == "always" || arguments.recomputation == "full";
        constraints.selectiveRecomputation = arguments.recomputation == "selective";
    }
    for (const std::string& pin : arguments.pins) {
        ASSIGN_OR_RETURN(SpecConstraint constraint, parseConstraint("--pin", pin, false));
        constraints.specs.push_back(std::move(constraint));
    }
    for (const std::string& forbid : arguments.forbids) {
        ASSIGN_OR_RETURN(SpecConstraint constraint, parseConstraint("--forbid", forbid, true));
        constraints.specs.push_back(std::move(constraint));
    }
    constraints.cuts = arguments.cuts;
    constraints.forbiddenCuts = arguments.forbiddenCuts;
    for (const std::string& text : arguments.stageMeshes) {
        ASSIGN_OR_RETURN(StageMesh mesh, parseStage(text));
        constraints.stageMeshes.push_back(std::move(mesh));
    }
    constraints.usesAllDevices = arguments.usesAllDevices;
    if (arguments.meshAxes > 0)
        constraints.mostMeshAxes = arguments.meshAxes;
    return constraints;
}

OptimizerOptions::Kind optimizerKind(const std::string& name)
{
    if (name == "sgd")
        return OptimizerOptions::Kind::kSgd;
    return name == "adamw" ? OptimizerOptions::Kind::kAdamW : OptimizerOptions::Kind::kAdam;
}

std::string clusterHelp()
{
    std::string names;
    for (const ClusterPreset& preset : clusterPresets())
        names += (names.empty() ? "" : ", ") + preset.name;
    return "Cluster: " + names + ", or a cluster file (JSON)";
}

} // namespace

void addPlanOptions(CLI::App& command, PlanArguments& arguments)
{
    command
        .add_option("MODEL", arguments.model, "Loss graph: StableHLO text or ONNX, plain or gzip")
        ->required();
    addModelOptions(command, arguments.modelOptions);
    command.add_option("-c,--cluster", arguments.cluster, clusterHelp())->required();
    command.add_option("--what-if", arguments.whatIf,
                       "Plan for a cluster that nobody has: memory=FACTOR, bandwidth=FACTOR, "
                       "devices=COUNT, any of "
                       "them with commas between");
    command
        .add_option("-b,--global-batch", arguments.globalBatch,
                    "Samples of one step; else the file's")
        ->check(CLI::Range(1, 1 << 30));
    command.add_option("-m,--microbatches", arguments.microbatches,
                       "Microbatches of one step, or auto");
    command.add_option("--optimizer", arguments.optimizer, "sgd, adam or adamw")
        ->check(CLI::IsMember({"sgd", "adam", "adamw"}));
    std::vector<std::string> schedules;
    for (const ScheduleKind kind : kScheduleKinds)
        schedules.push_back(text(kind));
    command
        .add_option("--forbid-schedule", arguments.forbiddenSchedules,
                    "No plan with this schedule; repeatable")
        ->allow_extra_args(false)
        ->check(CLI::IsMember(schedules));
    schedules.push_back("auto");
    command
        .add_option("--schedule", arguments.schedule,
                    "1f1b, gpipe, interleaved (several chunks of layers a device), zero-bubble "
                    "(weight gradients apart); auto: the fastest that fits")
        ->check(CLI::IsMember(schedules));
    command
        .add_option("--chunks", arguments.chunks,
                    "Chunks of layers on each device of an interleaved schedule; else searched")
        ->check(CLI::Range(2, 1 << 10));
    command
        .add_option("--attention", arguments.attention,
                    "fused: one kernel where the devices have one; raw: products and a softmax")
        ->check(CLI::IsMember({"fused", "raw"}));
    command
        .add_option("--recompute,--recomputation", arguments.recomputation,
                    "Run forward ops again instead of keeping activations: none (never), selective "
                    "(cheap ops), layers=K (a stage's first K layers), full (always), or auto: per "
                    "stage, where memory is scarce")
        ->check(CLI::Validator([](std::string& text) { return checkRecomputation(text); }, "KIND"));
    command
        .add_option("--forbid-recompute", arguments.forbiddenRecomputations,
                    "No stage recomputes so: none, selective, layers, full; repeatable")
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"none", "selective", "layers", "full"}));
    const auto degree = [&command](const char* name, int& value, const char* help) {
        command.add_option(name, value, help)->check(CLI::Range(1, 1 << 20));
    };
    degree("--max-tp", arguments.maxTp, "At most so many devices along the tensor axis");
    degree("--max-dp", arguments.maxDp, "At most so many devices along the data axis");
    degree("--max-pp", arguments.maxPp, "At most so many stages");
    degree("--tp", arguments.tp, "Devices along the tensor axis of each stage");
    degree("--dp", arguments.dp, "Devices along the data axis of each stage");
    degree("--pp", arguments.pp, "Number of stages");
    degree("--cp", arguments.cp,
           "Devices that split the sequence in all layers, attention's queries included; keys and "
           "values are gathered");
    command
        .add_option("--mesh", arguments.mesh,
                    "Axes of every stage's mesh, for example 2x2x2: x is the data axis")
        ->check(CLI::Validator(
            [](std::string& sizes) {
                return parseMesh(sizes) ? std::string()
                                        : "'" + sizes + "': expected 2 or 3 sizes, as in 4x2";
            },
            "MESH"));
    command
        .add_option("--mesh-axes", arguments.meshAxes,
                    "Search meshes of up to so many axes, 2 or 3; else 2")
        ->check(CLI::Range(2, 3));
    command.add_flag("--all-devices", arguments.usesAllDevices,
                     "No device may stay idle; else some do where that is faster");
    degree("--layers", arguments.layers, "Layers that stages are made of; else from the model");
    command
        .add_option("--memory", arguments.memoryGib, "GiB that a device may use; else all it has")
        ->check(CLI::Range(0.0, 1048576.0))
        ->each([&arguments](const std::string&) { arguments.hasMemory = true; });
    command
        .add_option("--pin", arguments.pins,
                    "PATTERN=SPEC: tensors or ops that match are sharded so; repeatable")
        ->allow_extra_args(false);
    command.add_option("--forbid", arguments.forbids, "PATTERN=SPEC: not so; repeatable")
        ->allow_extra_args(false);
    command
        .add_option("--forbid-cut", arguments.forbiddenCuts,
                    "No stage begins at this layer; repeatable")
        ->allow_extra_args(false);
    command
        .add_option(
            "--stage-mesh", arguments.stageMeshes,
            "LAYER=HOSTSxDEVICES or LAYER=HOSTSxDEVICES:AXES: the stage that begins at this "
            "layer is there, with a mesh of these axes, for example 4=1x8:2x4; repeatable")
        ->allow_extra_args(false);
    command.add_option("--cut", arguments.cuts, "A stage begins at this layer; repeatable")
        ->allow_extra_args(false);
}

Result<PlanRequest> makeRequest(const Console& console, const PlanArguments& arguments)
{
    PlanRequest request;
    ASSIGN_OR_RETURN(Cluster cluster, loadCluster(arguments.cluster));
    const Result<WhatIf> change = parseWhatIf(arguments.whatIf);
    if (!change.ok())
        return change.error().in("--what-if");
    ASSIGN_OR_RETURN(request.cluster, applyWhatIf(std::move(cluster), *change));
    if (arguments.attention == "raw")
        request.cluster.device.attentionFlops = request.cluster.device.attentionGradientFlops = 0;
    ASSIGN_OR_RETURN(request.options.constraints, makeConstraints(arguments));
    if (arguments.globalBatch > 0)
        request.options.globalBatch = arguments.globalBatch;
    request.options.layers = given(arguments.layers);
    request.options.optimizer.kind = optimizerKind(arguments.optimizer);
    ASSIGN_OR_RETURN(ImportOptions options, importOptions(arguments.modelOptions));
    ASSIGN_OR_RETURN(Graph graph, loadModel(console, arguments.model, std::move(options)));
    request.model = std::make_shared<const Graph>(std::move(graph));
    request.modelPath = arguments.model;
    return request;
}

Status followAnnotations(PlanRequest& request)
{
    const Result<AnnotatedPlan> annotated = planFromAnnotations(*request.model);
    if (!annotated.ok())
        return annotated.error().in(request.modelPath);
    RETURN_IF_ERROR(applyPublishedPlan(annotated->plan, *request.model, request.options));
    printMessage(
        fmt::format("as annotated in the file: {}; {} parameters and {} operations sharded so",
                    annotated->axes, annotated->parameters, annotated->ops));
    for (const std::string& what : annotated->notRecovered)
        printMessage("  " + what);
    return {};
}

Result<PlanStrategy> parseStrategy(const std::string& name)
{
    const std::optional<PlanStrategy> strategy = strategyFromName(name);
    if (!strategy)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("strategy '{}': expected auto, dp, zero2, zero3, megatron or "
                                 "pipeline",
                                 name));
    return *strategy;
}

} // namespace alpa::cli
