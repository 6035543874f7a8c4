// One op as a device executes it under a sharding: its tiles cut out of whole tensors, its
// attributes made to fit them.
#pragma once

#include "core/base/rng.h"
#include "core/graph/graph.h"
#include "core/mesh/device_mesh.h"
#include "core/sharding/strategy.h"
#include "runtime/reference/host_tensor.h"

#include <string>
#include <vector>

namespace alpa
{

/// One tensor per graph input: floats in [-1, 1), integers in [0, 6).
std::vector<HostTensor> randomInputs(const Graph& graph, Rng& rng);
/// All values of the graph, by value id.
std::vector<HostTensor> evaluateAll(const Graph& graph, std::vector<HostTensor> inputs);

HostTensor tileOf(const HostTensor& whole, const Tile& tile);

/// Evaluates `op` on every device under `sharding`, combines partial results, and compares with
/// `results`. Says what differs; empty if nothing does. `operands` and `results` are the whole
/// tensors.
std::string differenceUnder(const Graph& graph, const Op& op, const OpSharding& sharding,
                            const DeviceMesh& mesh, const std::vector<const HostTensor*>& operands,
                            const std::vector<const HostTensor*>& results);

} // namespace alpa
