#include "core/plan/mesh_shapes.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

bool obeys(const PlanConstraints& constraints, const MeshShape& shape)
{
    const int dp = shape.dp();
    const int tp = shape.tp();
    return (!constraints.maxTp || tp <= *constraints.maxTp) &&
           (!constraints.maxDp || dp <= *constraints.maxDp) &&
           (!constraints.fixedTp || tp == *constraints.fixedTp) &&
           (!constraints.fixedDp || dp == *constraints.fixedDp) &&
           (constraints.meshAxes.empty() || shape.axes == constraints.meshAxes);
}

/// A single axis becomes the tensor axis, which may split anything.
std::optional<MeshShape> demandedShape(const StageMesh& mesh, size_t submesh)
{
    if (mesh.axes.empty())
        return std::nullopt;
    MeshShape shape{.submesh = static_cast<int>(submesh), .axes = mesh.axes};
    shape.tensorAxisMaySplitBatch = mesh.axes.size() == 1;
    if (mesh.axes.size() == 1)
        shape.axes.insert(shape.axes.begin(), 1);
    return shape;
}

bool isOn(const StageMesh& mesh, const SubmeshChoice& submesh)
{
    return mesh.hosts == submesh.hosts && mesh.devicesPerHost == submesh.devicesPerHost;
}

const StageMesh* meshOfStage(const PlanConstraints& constraints, int layer)
{
    const auto found = std::ranges::find(constraints.stageMeshes, layer, &StageMesh::layer);
    return found == constraints.stageMeshes.end() ? nullptr : &*found;
}

/// The shapes that stages are asked to have.
void addDemanded(const std::vector<SubmeshChoice>& submeshes, const PlanConstraints& constraints,
                 int64_t microbatchSize, std::vector<MeshShape>& shapes)
{
    for (const StageMesh& mesh : constraints.stageMeshes) {
        const auto on =
            std::ranges::find_if(submeshes, [&](const auto& choice) { return isOn(mesh, choice); });
        const std::optional<MeshShape> shape =
            demandedShape(mesh, static_cast<size_t>(on - submeshes.begin()));
        if (on != submeshes.end() && shape && microbatchSize % shape->dp() == 0 &&
            obeys(constraints, *shape) && std::ranges::find(shapes, *shape) == shapes.end())
            shapes.push_back(*shape);
    }
}

bool isPowerOfTwo(int number) { return (number & (number - 1)) == 0; }

/// Would a tensor axis of this size split any dimension?
bool splitsSomething(int tp, const PlanConstraints& constraints, const std::vector<int64_t>& sizes)
{
    return isPowerOfTwo(tp) || constraints.usesAllDevices || constraints.fixedTp ||
           std::ranges::any_of(sizes, [tp](int64_t size) { return size % tp == 0; });
}

} // namespace

std::vector<int> forcedCuts(const PlanConstraints& constraints)
{
    std::vector<int> cuts = constraints.cuts;
    for (const StageMesh& mesh : constraints.stageMeshes) {
        if (mesh.layer > 0)
            cuts.push_back(mesh.layer);
    }
    std::ranges::sort(cuts);
    cuts.erase(std::ranges::unique(cuts).begin(), cuts.end());
    return cuts;
}

MeshShape shapeOfStage(const PlanConstraints& constraints, int layer, std::vector<int> axes)
{
    const StageMesh* mesh = meshOfStage(constraints, layer);
    MeshShape shape{.submesh = 0, .axes = std::move(axes)};
    if (const auto demanded = mesh != nullptr ? demandedShape(*mesh, 0) : std::nullopt)
        shape.tensorAxisMaySplitBatch = demanded->tensorAxisMaySplitBatch;
    return shape;
}

bool fitsStageMeshes(const PlanConstraints& constraints, const SubmeshChoice& submesh,
                     const MeshShape& shape, int layer)
{
    const StageMesh* mesh = meshOfStage(constraints, layer);
    if (mesh != nullptr && !isOn(*mesh, submesh))
        return false;
    const auto demanded =
        mesh != nullptr ? demandedShape(*mesh, static_cast<size_t>(shape.submesh)) : std::nullopt;
    return demanded ? *demanded == shape : !shape.tensorAxisMaySplitBatch;
}

int MeshShape::tp() const
{
    int product = 1;
    for (size_t axis = 1; axis < axes.size(); ++axis)
        product *= axes[axis];
    return product / cp;
}

int DeviceShare::devices(const Cluster& cluster, int kind) const
{
    if (only)
        return only->kind == kind ? only->devices() : 0;
    return cluster.hostsOf(kind) * devicesPerHost;
}

int DeviceShare::devices(const Cluster& cluster) const
{
    return devices(cluster, 0) + devices(cluster, 1);
}

DeviceShare allDevices(const Cluster& cluster)
{
    return {.devicesPerHost = cluster.devicesPerHost, .only = {}};
}

std::string text(const DeviceShare& share)
{
    return share.only ? fmt::format("{} of {} of kind {}", share.devicesPerHost, text(*share.only),
                                    share.only->kind)
                      : std::to_string(share.devicesPerHost);
}

Result<std::vector<SubmeshChoice>> submeshesOf(const Cluster& cluster, const DeviceShare& share,
                                               const PlanConstraints& constraints)
{
    if (share.only)
        return std::vector{*share.only};
    std::vector<SubmeshChoice> all;
    for (int kind = 0; kind < cluster.kindCount(); ++kind) {
        const int hosts = cluster.hostsOf(kind);
        ASSIGN_OR_RETURN(
            std::vector<SubmeshChoice> submeshes,
            enumerateSubmeshes(hosts, share.devicesPerHost, SubmeshSpace::kPowerOfTwo));
        for (const StageMesh& mesh : constraints.stageMeshes) {
            const SubmeshChoice asked{mesh.hosts, mesh.devicesPerHost};
            if (mesh.hosts > 1 && mesh.hosts <= hosts &&
                mesh.devicesPerHost == share.devicesPerHost &&
                std::ranges::find(submeshes, asked) == submeshes.end())
                submeshes.push_back(asked);
        }
        for (SubmeshChoice& submesh : submeshes) {
            submesh.kind = kind;
            all.push_back(submesh);
        }
    }
    return all;
}

std::vector<MeshShape> enumerateShapes(const std::vector<SubmeshChoice>& submeshes,
                                       const PlanConstraints& constraints, int64_t microbatchSize,
                                       const std::vector<int64_t>& sizes)
{
    int mostHosts = 1;
    for (const SubmeshChoice& submesh : submeshes)
        mostHosts = std::max(mostHosts, submesh.hosts);
    std::vector<MeshShape> shapes;
    addDemanded(submeshes, constraints, microbatchSize, shapes);
    const bool isEveryStageGiven =
        constraints.fixedPp == static_cast<int>(constraints.stageMeshes.size()) &&
        std::ranges::none_of(constraints.stageMeshes,
                             [](const StageMesh& mesh) { return mesh.axes.empty(); });
    if (isEveryStageGiven)
        return shapes;
    const int cp = constraints.contextParallel.value_or(1);
    const auto add = [&](size_t submesh, std::vector<int> axes) {
        const MeshShape shape{
            .submesh = static_cast<int>(submesh), .axes = std::move(axes), .cp = cp};
        if (microbatchSize % shape.dp() == 0 && obeys(constraints, shape))
            shapes.push_back(shape);
    };
    for (size_t s = 0; s < submeshes.size(); ++s) {
        const int devices = submeshes[s].devices();
        if (!constraints.meshAxes.empty()) {
            int64_t product = 1;
            for (const int size : constraints.meshAxes)
                product *= size;
            if (product == devices && (cp == 1 || constraints.meshAxes.back() == cp))
                add(s, constraints.meshAxes);
            continue;
        }
        if (cp > 1) { // The sequence has the last axis for itself.
            for (int tp = 1; devices % cp == 0 && tp <= submeshes[s].devicesPerHost; ++tp) {
                if (devices / cp % tp == 0 && splitsSomething(tp, constraints, sizes))
                    add(s, {devices / cp / tp, tp, cp});
            }
            continue;
        }
        // Tensor parallelism across hosts is slower than anything else; it is tried only when asked
        // for.
        const bool isUsual = isPowerOfTwo(submeshes[s].hosts) || submeshes[s].hosts == mostHosts;
        const bool mayLeaveHost = constraints.fixedTp || (constraints.mostMeshAxes > 2 && isUsual);
        const int mostTp =
            std::min(mayLeaveHost ? devices : submeshes[s].devicesPerHost,
                     constraints.fixedTp.value_or(constraints.maxTp.value_or(devices)));
        for (int tp = constraints.fixedTp.value_or(1); tp <= mostTp; ++tp) {
            if (devices % tp != 0 || !splitsSomething(tp, constraints, sizes))
                continue;
            add(s, {devices / tp, tp});
            for (int last = 2; constraints.mostMeshAxes > 2 && last * last <= tp; ++last) {
                if (tp % last == 0)
                    add(s, {devices / tp, tp / last, last});
            }
        }
    }
    return shapes;
}

std::string whyNoShape(const std::vector<SubmeshChoice>& submeshes,
                       const PlanConstraints& constraints, int64_t microbatchSize,
                       const std::vector<int64_t>& sizes)
{
    const std::vector<MeshShape> ofAnyBatch = enumerateShapes(submeshes, constraints, 0, sizes);
    if (ofAnyBatch.empty())
        return "no mesh shape obeys the constraints";
    const MeshShape least = std::ranges::min(ofAnyBatch, {}, &MeshShape::dp);
    return fmt::format("a microbatch of {} samples does not divide over {} devices, the least data "
                       "parallelism that the constraints allow",
                       microbatchSize, least.dp());
}

ShardingRules shardingRules(const PlanConstraints& constraints, const MeshShape& shape)
{
    ShardingRules rules;
    const bool dpIsBounded =
        constraints.fixedDp ||
        (constraints.maxDp && *constraints.maxDp < shape.dp() * shape.tp() * shape.cp);
    rules.tensorAxisMaySplitBatch =
        shape.tensorAxisMaySplitBatch.value_or(!dpIsBounded && !constraints.fixedTp);
    if (shape.cp > 1)
        rules.contextAxis = static_cast<int>(shape.axes.size()) - 1;
    rules.parameters = constraints.parameterStorage;
    rules.states = constraints.stateStorage;
    return rules;
}

std::shared_ptr<const ForbiddenStrategies> forbiddenIn(const StageSharder& sharder,
                                                       const PlanConstraints& constraints,
                                                       const MeshShape& shape, int first, int end,
                                                       const std::vector<SpecMatch>& matches)
{
    auto forbidden = std::make_shared<ForbiddenStrategies>();
    forbidByRules(sharder.layered(), shape.cp > 1 ? &sharder.sequence() : nullptr,
                  sharder.problem(), sharder.tables(), shardingRules(constraints, shape), first,
                  end, *forbidden);
    forbidStrategies(sharder.problem(), sharder.tables(), constraints.specs, matches, *forbidden);
    return forbidden->empty() ? nullptr : std::move(forbidden);
}

} // namespace alpa
