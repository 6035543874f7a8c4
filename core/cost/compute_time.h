// How long an op computes on one device: roofline of the device kind, with element-wise ops taken as fused.
#pragma once

#include "core/graph/graph.h"
#include "core/mesh/cluster.h"

namespace alpa
{

/// Time of the whole op on one device; under a strategy that splits it over n devices it takes 1/n of the
/// `work` part. fixed: launch. Contractions: max(flops / rate, bytes / bandwidth). Element-wise ops, reductions and shape
/// ops: bytes that fused kernels move (each operand read and result written counted by the factor in the source).
struct ComputeTime {
    Seconds work;
    Seconds fixed;
    Seconds on(int devices) const { return work / static_cast<double>(devices) + fixed; }
};

ComputeTime computeTime(const Graph& graph, const Op& op, const DeviceKind& device);

} // namespace alpa
