// Sharding specs in the words of others: Shardy, GSPMD, JAX and DTensor. Axis x of a mesh, the data
// axis, is called "dp" there, and y, the tensor axis, "tp".
#pragma once

#include "core/mesh/device_mesh.h"

#include <string>
#include <vector>

namespace alpa
{

/// "dp", "tp", then the axis's own name.
std::vector<std::string> exportedAxisNames(const DeviceMesh& mesh);

/// sdy.mesh @mesh = <["dp"=2, "tp"=4]>
std::string shardyMesh(const DeviceMesh& mesh);
/// <@mesh, [{"dp"}, {"tp"}]>; ignores partial axes.
std::string shardySpec(const DeviceMesh& mesh, const ShardingSpec& spec);

/// The iota form of HLO shardings, positions in the mesh as device numbers:
/// "{devices=[2,1,4]<=[8] last_tile_dim_replicate}", "{replicated}". Ignores partial axes.
std::string gspmdSpec(const DeviceMesh& mesh, const ShardingSpec& spec);

/// P("dp", None), P(("dp", "tp"), None), P() when nothing is split; ignores partial axes.
std::string jaxSpec(const DeviceMesh& mesh, const ShardingSpec& spec);

/// Per mesh axis: [Shard(0), Replicate()]; Partial() for partial axes. Axes that split one
/// dimension together do so in mesh order, as in DTensor.
std::string dtensorPlacements(const DeviceMesh& mesh, const ShardingSpec& spec);

} // namespace alpa
