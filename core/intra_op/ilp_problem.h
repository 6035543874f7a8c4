// The intra-op integer programme as plain data: nodes choose one strategy each, edges price pairs
// of choices, usages bound memory over time. The form of the public IOPDDL benchmark
// (google/iopddl), with interned matrices.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace alpa
{

/// A strategy or a pair of strategies that may not be chosen.
constexpr double kForbidden = std::numeric_limits<double>::infinity();

/// Bytes that each strategy of a node holds during the half-open interval of times [begin, end).
struct IlpUsage {
    int begin = 0;
    int end = 0;
    std::vector<int64_t> bytes; ///< One per strategy.
    friend bool operator==(const IlpUsage&, const IlpUsage&) = default;
};

/// A decision: exactly one of `costs.size()` strategies is chosen. Costs may be kForbidden.
struct IlpNode {
    std::vector<double> costs;
    std::vector<IlpUsage> usages; ///< Intervals of one node do not overlap.
    friend bool operator==(const IlpNode&, const IlpNode&) = default;
};

/// Edge costs, row-major (rows, columns); entries may be kForbidden. Shared by all edges that name
/// it.
struct IlpMatrix {
    int rows = 0;
    int columns = 0;
    std::vector<double> entries;
    double at(int row, int column) const
    {
        return entries[static_cast<size_t>(row) * static_cast<size_t>(columns) +
                       static_cast<size_t>(column)];
    }
    friend bool operator==(const IlpMatrix&, const IlpMatrix&) = default;
};

/// Pays matrices[matrix].at(choice of from, choice of to). Parallel edges add up; from == to pays
/// the diagonal.
struct IlpEdge {
    int from = 0;
    int to = 0;
    int matrix = 0;
    friend bool operator==(const IlpEdge&, const IlpEdge&) = default;
};

/// Minimise the sum of node and edge costs such that at each time the usages sum to at most
/// `usageLimit`.
struct IlpProblem {
    std::vector<IlpNode> nodes;
    std::vector<IlpMatrix> matrices;
    std::vector<IlpEdge> edges;
    std::optional<int64_t> usageLimit; ///< Bytes; unset means unlimited.
    friend bool operator==(const IlpProblem&, const IlpProblem&) = default;
};

/// What one choice costs, recomputed from the problem alone.
struct IlpEvaluation {
    double cost = 0;       ///< kForbidden if a forbidden strategy or pair is chosen.
    int64_t peakUsage = 0; ///< Bytes at the worst time.
    int peakTime = 0;
    bool isFeasible = false; ///< Cost finite and peak within the limit.
};

/// Independent of every solver. Assumes one valid strategy index per node.
IlpEvaluation evaluate(const IlpProblem& problem, const std::vector<int>& choice);

} // namespace alpa
