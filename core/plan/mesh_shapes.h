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
    int dp() const { return axes[0]; }
    int tp() const;
};

/// Two axes, tensor axes within a host; three if the constraints ask for them; or just the fixed
/// sizes. The data axis divides `microbatchSize` (0: any).
std::vector<MeshShape> enumerateShapes(const std::vector<SubmeshChoice>& submeshes,
                                       const PlanConstraints& constraints, int64_t microbatchSize);

/// Why there is no shape at all: the degrees clash with each other or with the size of a
/// microbatch.
std::string whyNoShape(const std::vector<SubmeshChoice>& submeshes,
                       const PlanConstraints& constraints, int64_t microbatchSize);

/// What the constraints leave to shardings on meshes of this shape.
ShardingRules shardingRules(const PlanConstraints& constraints, const MeshShape& shape);

/// What the constraints take from layers [first, end) of a sharder's problem on a mesh of this
/// shape; null if nothing. `matches`: what constraints name in these layers.
std::shared_ptr<const ForbiddenStrategies> forbiddenIn(const StageSharder& sharder,
                                                       const PlanConstraints& constraints,
                                                       const MeshShape& shape, int first, int end,
                                                       const std::vector<SpecMatch>& matches);

} // namespace alpa
