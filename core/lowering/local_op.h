// One op as one device runs it: the same kind on local shapes, with its attributes cut down to the
// local part.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"
#include "core/program/program.h"
#include "core/sharding/strategy.h"

#include <vector>

namespace alpa
{

struct LocalOp {
    Attributes attributes;
    std::vector<DeviceOffset> offsets;
};

/// `sharding` as planned. Fails with kUnsupported naming the op if a split dimension has no local
/// form.
Result<LocalOp> localOp(const Graph& graph, const Op& op, const OpSharding& sharding,
                        const DeviceMesh& mesh);

/// Local part of a tensor of `type` under `spec`.
TensorType localType(const TensorType& type, const ShardingSpec& spec, const DeviceMesh& mesh);

} // namespace alpa
