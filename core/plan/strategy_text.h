// How a decision's strategies are called in plans and explanations.
#pragma once

#include "core/intra_op/layered_graph.h"
#include "core/intra_op/mesh_problem.h"

#include <string>

namespace alpa
{

/// Strategy `k` of `node`, whose value it gives `spec`: "x: dim 0 of 32, y: sum over 2048" for ops,
/// the spec for stored tensors, "one device" on a mesh of one.
std::string strategyText(const LayeredGraph& layered, const DeviceMesh& mesh, const MeshNode& node,
                         const ShardingSpec& spec, size_t k);

} // namespace alpa
