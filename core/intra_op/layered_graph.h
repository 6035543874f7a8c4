// LayeredGraph: a training graph cut into layers, with everything about its ops that does not
// depend on a mesh.
#pragma once

#include "core/base/units.h"
#include "core/cost/compute_time.h"
#include "core/graph/graph.h"
#include "core/intra_op/selective_recomputation.h"
#include "core/intra_op/spec_tables.h"
#include "core/mesh/cluster.h"

#include <memory>
#include <vector>

namespace alpa
{

struct LayeredGraph {
    std::shared_ptr<const Graph> graph;
    int layerCount = 0;
    std::vector<int> layerOfOp;
    /// Per value: layer that computes or stores it. -1 for batch inputs, which every layer reads
    /// from the host.
    std::vector<int> layerOfValue;
    std::vector<std::vector<OpId>> opsOfLayer; ///< In graph order.
    GraphRules rules;
    std::vector<Seconds> work;         ///< Per op, on one whole device; splits with the op.
    std::vector<Seconds> fixed;        ///< Per op, on every device.
    DeviceKind device;                 ///< That `work` and `fixed` are of.
    std::vector<ProductWork> products; ///< The different dots of the graph,
    std::vector<int> productOf;        ///< and which of them each op is; -1: no dot.
    /// Ops with one reader that yield whatever sharding it needs: constants, iotas, expanding
    /// broadcasts and what is computed from these alone.
    std::vector<uint8_t> isLazy;
    std::vector<uint8_t>
        keepsPartial; ///< Per value: all readers lead linearly to gradient accumulators.
    std::vector<uint8_t>
        isStored; ///< Per value: has memory of its own, or is computed by its readers.
    std::vector<uint8_t> isHeldOnce; ///< Per value: saved once for all microbatches, as parameters.
    std::vector<uint8_t> isSaved; ///< Per value: stored forward value read in the backward phase.
    SelectiveRecomputation
        selective; ///< What a stage keeps and repeats if it recomputes cheap ops.
    std::vector<bool> isWeightGradient; ///< Per op: see core/sharding/weight_gradients.h.
    /// Per value: the parameter input whose update group it belongs to (states, update ops), else
    /// invalid.
    std::vector<ValueId> updateGroup;
    std::vector<std::vector<OpId>> users;
    std::vector<Bytes> largestResult; ///< Per layer: of its forward and backward ops, whole.

    /// Is this result of a forward op where a layer begins that runs again in the stage of layers
    /// [firstLayer, endLayer)?
    bool isCheckpoint(OpId op, int firstLayer, int endLayer) const
    {
        const ValueId result = graph->op(op).results[0];
        return graph->op(op).phase == Phase::kForward &&
               isReadByOtherLayer(*graph, layerOfOp, users[result.index()], layerOfOp[op.index()],
                                  firstLayer, endLayer);
    }

    /// Time of `op` on one device that does `share` of its work with operands split as `lhs` and
    /// `rhs` say (which count for dots only: the shape that they leave decides the rate).
    Seconds computeOn(OpId op, double share, const ShardingSpec& lhs, const ShardingSpec& rhs,
                      const std::vector<int>& axisSizes) const;
};

/// Assumes layerOfOp has a layer in [0, layerCount) for every op and lazy ops are not shared (see
/// cloneLazyOps).
LayeredGraph analyseLayers(std::shared_ptr<const Graph> graph, std::vector<int> layerOfOp,
                           int layerCount, const DeviceKind& device);

/// A copy of `graph` in which every constant, iota and expanding broadcast has one reader.
Graph cloneLazyOps(const Graph& graph);

} // namespace alpa
