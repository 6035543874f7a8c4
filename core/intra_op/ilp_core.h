// What the reductions leave, laid out flat for the passes over it. Labels (strategies) and matrix
// rows are padded to kLane numbers; padding holds kForbidden in matrices and is ignored elsewhere.
#pragma once

#include "core/intra_op/ilp_graph.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace alpa
{

struct IlpCore {
    static constexpr size_t kLane = 4;
    static size_t padded(size_t count) { return (count + kLane - 1) / kLane * kLane; }

    struct Usage {
        int begin = 0;
        int end = 0;
        size_t bytes = 0; ///< Offset in `usageBytes`, one number per label.
    };
    /// `from` < `to`; rows belong to `from`.
    struct Edge {
        int from = 0;
        int to = 0;
        int matrix = 0;
    };
    struct Matrix {
        size_t entries = 0; ///< Offset in `matrixEntries`.
        size_t stride = 0;
        int rows = 0;
        int columns = 0;
    };

    int nodeCount = 0;
    double base = 0;
    std::vector<int> labelCount;     ///< Per node.
    std::vector<size_t> labelOffset; ///< Per node and one past the end; multiples of kLane.
    std::vector<double> costs;       ///< By label offset; finite for labels.
    std::vector<Edge> edges;         ///< Sorted by from, then to.
    std::vector<Matrix> matrices;
    std::vector<double> matrixEntries;
    // Edges of a node: those to later nodes and those to earlier ones.
    std::vector<int> forwardBegin, forwardEdges, backwardBegin, backwardEdges;
    std::vector<int> usageBegin; ///< Per node and one past the end: range in `usages`.
    std::vector<Usage> usages;
    std::vector<double> usageBytes;
    std::vector<double> capacity; ///< Bytes per time left for choices.

    int timeCount() const { return static_cast<int>(capacity.size()); }
    size_t labelTotal() const { return labelOffset.back(); }
    int edgeCount() const { return static_cast<int>(edges.size()); }
    const double* row(int edge, int label) const
    {
        const Matrix& matrix =
            matrices[static_cast<size_t>(edges[static_cast<size_t>(edge)].matrix)];
        return matrixEntries.data() + matrix.entries + matrix.stride * static_cast<size_t>(label);
    }
    /// Matrix entries that one pass over all edges visits.
    int64_t passWork() const;
    /// Cost including `base`. O(nodes + edges).
    double costOf(const std::vector<int>& choice) const;
    /// Bytes per time beyond what is fixed.
    std::vector<double> useOf(const std::vector<int>& choice) const;
    bool fits(const std::vector<int>& choice) const;
};

/// A core and, for each of its nodes and labels, what they are in the thing it was made from.
struct CoreWithOrigin {
    IlpCore core;
    std::vector<int> node;               ///< Node there.
    std::vector<std::vector<int>> label; ///< Label there.
    std::vector<int> time;               ///< Time there.
    std::vector<int>
        fixedLabel; ///< By node there: its label if it was folded, else -1. Set by restrictCore.
    /// A choice there out of one here.
    std::vector<int> lift(const std::vector<int>& choice) const;
};

/// Alive nodes in program order.
CoreWithOrigin makeCore(IlpGraph& graph);

/// The part of `core` with only the labels whose byte in `isAllowed` (by label offset) is set:
/// nodes with one label are folded into costs and capacities, times that can no longer exceed their
/// capacity are forgotten. Assumes each node has a label left.
CoreWithOrigin restrictCore(const IlpCore& core, const std::vector<uint8_t>& isAllowed);

} // namespace alpa
