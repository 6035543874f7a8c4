#include "core/plan/plan_request.h"

#include "core/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace alpa
{
namespace
{

constexpr std::array<std::pair<PlanStrategy, std::string_view>, 6> kStrategyNames{
    {{PlanStrategy::kAuto, "auto"},
     {PlanStrategy::kDataParallel, "dp"},
     {PlanStrategy::kZero2, "zero2"},
     {PlanStrategy::kZero3, "zero3"},
     {PlanStrategy::kMegatron, "megatron"},
     {PlanStrategy::kPipeline, "pipeline"}}};

constexpr int kMostOfAxis = 1 << 20;

/// "4x2"; nothing if it is no such text.
std::optional<std::vector<int>> parseSizes(const std::string& text)
{
    std::vector<int> sizes;
    for (const std::string& part : splitText(text, 'x')) {
        int size = 0;
        const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), size);
        if (code != std::errc() || end != part.data() + part.size() || size < 1 ||
            size > kMostOfAxis)
            return std::nullopt;
        sizes.push_back(size);
    }
    return sizes;
}

constexpr std::array<std::pair<RecomputationKind, std::string_view>, 4> kRecomputationNames{
    {{RecomputationKind::kNone, "none"},
     {RecomputationKind::kSelective, "selective"},
     {RecomputationKind::kLayers, "layers"},
     {RecomputationKind::kFull, "full"}}};

} // namespace

std::string_view recomputationName(RecomputationKind kind)
{
    for (const auto& [value, name] : kRecomputationNames) {
        if (value == kind)
            return name;
    }
    return "none";
}

std::optional<RecomputationKind> recomputationFromName(std::string_view name)
{
    for (const auto& [value, text] : kRecomputationNames) {
        if (text == name)
            return value;
    }
    return std::nullopt;
}

std::vector<RecomputationKind> allowedRecomputations(const PlanConstraints& constraints)
{
    const auto isAllowed = [&](RecomputationKind kind) {
        if (std::ranges::find(constraints.forbiddenRecomputations, kind) !=
            constraints.forbiddenRecomputations.end())
            return false;
        if (constraints.recomputedLayers)
            return kind == RecomputationKind::kLayers && !constraints.recomputation &&
                   !constraints.selectiveRecomputation;
        if (constraints.recomputation.value_or(false))
            return kind == RecomputationKind::kFull;
        if (constraints.selectiveRecomputation.value_or(false))
            return kind == RecomputationKind::kSelective;
        switch (kind) {
        case RecomputationKind::kNone:
            return true;
        case RecomputationKind::kSelective:
            return constraints.selectiveRecomputation.value_or(true);
        case RecomputationKind::kLayers:
        case RecomputationKind::kFull:
            return constraints.recomputation.value_or(true);
        }
        return false;
    };
    std::vector<RecomputationKind> kinds;
    for (const auto& [kind, name] : kRecomputationNames) {
        if (isAllowed(kind))
            kinds.push_back(kind);
    }
    return kinds;
}

std::string_view strategyName(PlanStrategy strategy)
{
    for (const auto& [value, name] : kStrategyNames) {
        if (value == strategy)
            return name;
    }
    return "auto";
}

std::optional<PlanStrategy> strategyFromName(std::string_view name)
{
    for (const auto& [value, text] : kStrategyNames) {
        if (text == name)
            return value;
    }
    return std::nullopt;
}

std::string text(const StageMesh& mesh)
{
    const std::string submesh = fmt::format("{}x{}", mesh.hosts, mesh.devicesPerHost);
    return mesh.axes.empty() ? submesh : fmt::format("{}:{}", submesh, fmt::join(mesh.axes, "x"));
}

Result<StageMesh> parseStageMesh(int layer, const std::string& text)
{
    const std::vector<std::string> parts = splitText(text, ':');
    const auto submesh = parts.empty() ? std::nullopt : parseSizes(parts[0]);
    const auto axes = parts.size() == 2 ? parseSizes(parts[1]) : std::vector<int>();
    if (parts.size() > 2 || !submesh || submesh->size() != 2 || !axes || axes->size() > 3)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("'{}': expected hosts x devices and perhaps the sizes of the "
                                 "mesh's axes, as in 1x8 or 1x8:2x4",
                                 text));
    StageMesh mesh{
        .layer = layer, .hosts = (*submesh)[0], .devicesPerHost = (*submesh)[1], .axes = *axes};
    int64_t product = 1;
    for (const int size : mesh.axes)
        product *= size;
    const int64_t devices = int64_t{mesh.hosts} * mesh.devicesPerHost;
    if (!mesh.axes.empty() && product != devices)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("'{}': a mesh of {} on {} devices", text, product, devices));
    return mesh;
}

Cluster pricedCluster(const Cluster& cluster, const PlanConstraints& constraints)
{
    Cluster priced = cluster;
    if (constraints.contextParallel.value_or(1) == 1)
        return priced;
    priced.device.attentionFlops = priced.device.attentionGradientFlops = 0;
    if (priced.second)
        priced.second->device.attentionFlops = priced.second->device.attentionGradientFlops = 0;
    return priced;
}

bool isScheduleAllowed(const PlanConstraints& constraints, ScheduleKind kind)
{
    const auto& forbidden = constraints.forbiddenSchedules;
    return std::ranges::find(forbidden, kind) == forbidden.end() &&
           constraints.schedule.value_or(kind) == kind &&
           (!constraints.chunks || kind == ScheduleKind::kInterleaved1f1b);
}

std::vector<std::string> listConstraints(const PlanConstraints& constraints)
{
    std::vector<std::string> parts;
    const auto degree = [&parts](const char* name, const std::optional<int>& value) {
        if (value)
            parts.push_back(fmt::format("{} {}", name, *value));
    };
    degree("max TP", constraints.maxTp);
    degree("max DP", constraints.maxDp);
    degree("max PP", constraints.maxPp);
    degree("TP =", constraints.fixedTp);
    degree("DP =", constraints.fixedDp);
    degree("PP =", constraints.fixedPp);
    degree("CP =", constraints.contextParallel);
    if (!constraints.meshAxes.empty())
        parts.push_back(fmt::format("mesh {}", fmt::join(constraints.meshAxes, "x")));
    if (constraints.memoryPerDevice)
        parts.push_back("memory " + formatMemory(*constraints.memoryPerDevice));
    degree("microbatches", constraints.microbatches);
    if (constraints.schedule)
        parts.push_back("schedule " + text(*constraints.schedule));
    for (const ScheduleKind kind : constraints.forbiddenSchedules)
        parts.push_back("not schedule " + text(kind));
    degree("chunks", constraints.chunks);
    if (constraints.recomputation)
        parts.push_back(*constraints.recomputation ? "recomputation" : "no recomputation");
    if (constraints.selectiveRecomputation)
        parts.push_back(*constraints.selectiveRecomputation ? "selective recomputation"
                                                            : "no selective recomputation");
    if (constraints.recomputedLayers)
        parts.push_back(fmt::format("recomputation of the first {} layers of a stage",
                                    *constraints.recomputedLayers));
    for (const RecomputationKind kind : constraints.forbiddenRecomputations)
        parts.push_back(fmt::format("not recomputation {}", recomputationName(kind)));
    const auto storage = [&parts](const char* what, StorageRule rule) {
        if (rule != StorageRule::kFree)
            parts.push_back(fmt::format(
                "{} {}", what, rule == StorageRule::kSplit ? "split over x" : "replicated over x"));
    };
    storage("parameters", constraints.parameterStorage);
    storage("optimizer state", constraints.stateStorage);
    for (const SpecConstraint& spec : constraints.specs)
        parts.push_back(fmt::format("{} {} {}", spec.forbids ? "forbid" : "pin", spec.pattern,
                                    formatSpec(spec.spec)));
    if (constraints.usesAllDevices)
        parts.push_back("all devices");
    for (const int cut : constraints.cuts)
        parts.push_back(fmt::format("stage begins at layer {}", cut));
    for (const int cut : constraints.forbiddenCuts)
        parts.push_back(fmt::format("no stage begins at layer {}", cut));
    for (const StageMesh& mesh : constraints.stageMeshes)
        parts.push_back(fmt::format("stage of layer {} on {}", mesh.layer, text(mesh)));
    return parts;
}

std::string formatConstraints(const PlanConstraints& constraints)
{
    const std::vector<std::string> parts = listConstraints(constraints);
    return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

} // namespace alpa
