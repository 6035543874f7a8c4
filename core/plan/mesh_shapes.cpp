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

} // namespace

int MeshShape::tp() const
{
    int product = 1;
    for (size_t axis = 1; axis < axes.size(); ++axis)
        product *= axes[axis];
    return product;
}

std::vector<MeshShape> enumerateShapes(const std::vector<SubmeshChoice>& submeshes,
                                       const PlanConstraints& constraints, int64_t microbatchSize)
{
    std::vector<MeshShape> shapes;
    const auto add = [&](size_t submesh, std::vector<int> axes) {
        const MeshShape shape{.submesh = static_cast<int>(submesh), .axes = std::move(axes)};
        if (microbatchSize % shape.dp() == 0 && obeys(constraints, shape))
            shapes.push_back(shape);
    };
    for (size_t s = 0; s < submeshes.size(); ++s) {
        const int devices = submeshes[s].devices();
        if (!constraints.meshAxes.empty()) {
            int64_t product = 1;
            for (const int size : constraints.meshAxes)
                product *= size;
            if (product == devices)
                add(s, constraints.meshAxes);
            continue;
        }
        // Tensor parallelism across hosts is slower than anything else; it is tried only when asked
        // for.
        const bool mayLeaveHost = constraints.fixedTp || constraints.mostMeshAxes > 2;
        const int mostTp = mayLeaveHost ? devices : submeshes[s].devicesPerHost;
        for (int tp = 1; tp <= mostTp; ++tp) {
            if (devices % tp != 0)
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
                       const PlanConstraints& constraints, int64_t microbatchSize)
{
    const std::vector<MeshShape> ofAnyBatch = enumerateShapes(submeshes, constraints, 0);
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
        constraints.fixedDp || (constraints.maxDp && *constraints.maxDp < shape.dp() * shape.tp());
    rules.tensorAxisMaySplitBatch = !dpIsBounded && !constraints.fixedTp;
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
    forbidByRules(sharder.layered(), sharder.problem(), sharder.tables(),
                  shardingRules(constraints, shape), first, end, *forbidden);
    forbidStrategies(sharder.problem(), sharder.tables(), constraints.specs, matches, *forbidden);
    return forbidden->empty() ? nullptr : std::move(forbidden);
}

} // namespace alpa
