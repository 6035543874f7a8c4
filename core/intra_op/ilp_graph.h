// The problem while the exact reductions work on it: nodes lose strategies, are merged or
// eliminated; a trail of what was done turns a choice for the nodes left into a choice for all.
#pragma once

#include "core/intra_op/ilp_matrices.h"
#include "core/intra_op/ilp_problem.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace alpa
{

struct GraphNode {
    bool isAlive = true;
    bool isChanged = true; ///< Its strategies, costs, usages or edges, or strategies of a
                           ///< neighbour, since removeDominated.
    int order = 0; ///< Position in the program: the smallest original index merged into this node.
    std::vector<double> costs;
    std::vector<IlpUsage>
        usages;             ///< Times are indices into IlpGraph::times. May overlap after merges.
    std::vector<int> edges; ///< Alive ones only.
    int size() const { return static_cast<int>(costs.size()); }
};

/// At most one per pair of nodes. Rows of the matrix belong to `from`.
struct GraphEdge {
    int from = 0;
    int to = 0;
    int matrix = 0;
};

class IlpGraph
{
public:
    /// Strategies that cost kForbidden are gone.
    explicit IlpGraph(const IlpProblem& problem);

    std::vector<GraphNode> nodes;
    std::vector<GraphEdge> edges;
    IndexMaps maps;
    MatrixPool matrices;
    double base = 0;                  ///< Cost of everything decided already.
    std::vector<int> times;           ///< Original time of each time index.
    std::vector<int64_t> fixedUse;    ///< Per time index: bytes that every remaining choice needs.
    std::optional<int64_t> limit;     ///< Unset once no time can exceed it.
    bool isInfeasible = false;        ///< Some node has no strategy left.
    std::optional<int> protectedNode; ///< Its strategies and identity must stay (apart from
                                      ///< impossible strategies).

    int other(int edge, int node) const;
    /// The edge's matrix with rows for `node`.
    int matrixFrom(int edge, int node);
    /// Entry for strategy `s` of `node` and `t` of the other end, without transposing.
    double entry(int edge, int node, int s, int t) const;

    void addEdge(int from, int to, int matrix);
    void removeEdge(int edge);
    /// Keeps strategies `keep` of `node`, in that order. If there are none, only sets isInfeasible.
    void select(int node, std::vector<int> keep);
    /// Node `follower` takes strategy strategyOf[s] when `leader` takes s; their edge `edge` allows
    /// nothing else or is free.
    void follow(int follower, int leader, int edge, const std::vector<int>& strategyOf);
    /// Folds a node with one strategy into its neighbours.
    void fix(int node);
    /// Eliminates a node without usage and with at most two neighbours by minimising over its
    /// strategies.
    void eliminate(int node);

    void addToFixedUse(const IlpUsage& usage, int64_t bytes);

    /// `choice` holds a strategy for each alive node (in its present numbering); fills in the
    /// original numbering of all.
    std::vector<int> expand(std::vector<int> choice) const;
    /// The original strategies of `node` that its present ones stand for.
    std::vector<int> originalStrategies(int node) const;
    /// Likewise for every node; empty for those that are gone.
    std::vector<std::vector<int>> originalStrategiesOfAlive() const;

private:
    enum class Step { kSelect, kFollow, kFix, kFollowPair };
    struct TrailStep {
        Step step = Step::kSelect;
        int node = 0;
        int first = -1;
        int second = -1;
        int map =
            0; ///< In `maps`: for kFollowPair row-major over the strategies of (first, second).
        int columns = 0; ///< Strategies of `second` then.
    };
    std::vector<TrailStep> trail_;

    void compressTimes();
    void eliminateLeaf(int node);
    void eliminateLink(int node);
};

} // namespace alpa
