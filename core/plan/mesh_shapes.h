// The mesh shapes that a stage may have under given constraints.
#pragma once

#include "core/inter_op/submesh.h"
#include "core/intra_op/stage_sharding.h"
#include "core/plan/plan_request.h"

#include <memory>
#include <string>
#include <vector>

namespace alpa
{

/// A mesh shape over one kind of submesh: x is the data axis, the others are tensor axes.
struct MeshShape {
    int submesh = 0;       ///< Index into the submeshes.
    std::vector<int> axes; ///< Two or three sizes.
    int cp = 1;            ///< Of the last axis, if that is to split the sequence.
    /// Only for stages whose mesh is asked for: whether y may split the batch there.
    std::optional<bool> tensorAxisMaySplitBatch = {};
    int dp() const { return axes[0]; }
    int tp() const; ///< Of the axes after the first, without cp.
    friend bool operator==(const MeshShape&, const MeshShape&) = default;
};

/// Devices that stages may use; the others stay idle.
struct DeviceShare {
    int devicesPerHost = 1;            ///< Of every host.
    std::optional<SubmeshChoice> only; ///< If set, just these, by one stage.
    /// Of hosts of one kind.
    int devices(const Cluster& cluster, int kind) const;
    int devices(const Cluster& cluster) const;
};
DeviceShare allDevices(const Cluster& cluster);
/// "8", or "8 of 3x8 of kind 0": tells shares apart.
std::string text(const DeviceShare& share);

/// What stages may run on: numbers of hosts that are powers of two, all of them, and those that
/// stages are asked to have.
Result<std::vector<SubmeshChoice>> submeshesOf(const Cluster& cluster, const DeviceShare& share,
                                               const PlanConstraints& constraints);

/// Two axes, tensor axes within a host; three if the constraints ask for them; or just the fixed
/// sizes. The data axis divides `microbatchSize` (0: any). Where devices may stay idle, tensor
/// axes that are no power of two divide one of `sizes`, the sizes of the model's dimensions: else
/// they would split nothing.
std::vector<MeshShape> enumerateShapes(const std::vector<SubmeshChoice>& submeshes,
                                       const PlanConstraints& constraints, int64_t microbatchSize,
                                       const std::vector<int64_t>& sizes);

/// May a stage that begins at `layer` have this shape?
bool fitsStageMeshes(const PlanConstraints& constraints, const SubmeshChoice& submesh,
                     const MeshShape& shape, int layer);
/// The shape of a stage of a finished plan, as enumerateShapes gave it; without its submesh.
MeshShape shapeOfStage(const PlanConstraints& constraints, int layer, std::vector<int> axes);
/// All layers at which a stage must begin.
std::vector<int> forcedCuts(const PlanConstraints& constraints);

/// Why there is no shape at all: the degrees clash with each other or with the size of a
/// microbatch.
std::string whyNoShape(const std::vector<SubmeshChoice>& submeshes,
                       const PlanConstraints& constraints, int64_t microbatchSize,
                       const std::vector<int64_t>& sizes);

/// What the constraints leave to shardings on meshes of this shape.
ShardingRules shardingRules(const PlanConstraints& constraints, const MeshShape& shape);

/// What the constraints take from layers [first, end) of a sharder's problem on a mesh of this
/// shape; null if nothing. `matches`: what constraints name in these layers.
std::shared_ptr<const ForbiddenStrategies> forbiddenIn(const StageSharder& sharder,
                                                       const PlanConstraints& constraints,
                                                       const MeshShape& shape, int first, int end,
                                                       const std::vector<SpecMatch>& matches);

} // namespace alpa
