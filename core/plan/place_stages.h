// Where the submeshes of chosen stages lie in a cluster whose hosts may be of two kinds.
#pragma once

#include "core/inter_op/submesh.h"
#include "core/mesh/cluster.h"

#include <vector>

namespace alpa
{

/// One rectangle per stage, in pipeline order: each on hosts of its kind, `devicesPerHost` devices
/// of which are in use. Fails as placeSubmeshes does.
Result<std::vector<Submesh>>
placeStages(const Cluster& cluster, const std::vector<SubmeshChoice>& stages, int devicesPerHost);

} // namespace alpa
