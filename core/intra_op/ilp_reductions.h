// Exact reductions: each keeps at least one optimal choice. What they leave is usually a small part
// of the problem.
#pragma once

#include "core/intra_op/ilp_graph.h"

#include <cstdint>
#include <optional>
#include <stop_token>

namespace alpa
{

enum class ReductionEnd {
    kReduced,
    kNoAllowedChoice, ///< Forbidden strategies and pairs leave nothing.
    kLimitTooSmall,   ///< Even the least usage of every node exceeds the limit.
    kStopped,
};

/// Applies all reductions until little changes, or until told to stop.
ReductionEnd reduceGraph(IlpGraph& graph, const std::stop_token& stop = {});

/// The largest sum over time of each node's least usage: no limit below it can do. Changes nothing
/// else than moving each node's least usage to fixedUse.
int64_t leastPeak(IlpGraph& graph);

// The single steps, for reduceGraph and tests. Each returns how many strategies, nodes or edges it
// removed.

/// Removes strategies that are forbidden or have no allowed partner across some edge.
/// Told to stop, it looks at no more nodes.
int64_t makeArcConsistent(IlpGraph& graph, const std::stop_token& stop = {});
/// Folds nodes with one strategy; merges nodes whose strategy follows from a neighbour's.
/// Told to stop, it looks at no more nodes.
int64_t mergeFollowers(IlpGraph& graph, const std::stop_token& stop = {});
/// Moves edge costs of the form f(i) + g(j) to the nodes.
int64_t removeSeparableEdges(IlpGraph& graph);
/// Removes strategies that some other strategy of the node never loses to, whatever its neighbours
/// choose (Goldstein's dead-end elimination), in cost and in usage.
/// Told to stop, it looks at no more nodes.
int64_t removeDominated(IlpGraph& graph, const std::stop_token& stop = {});
/// Eliminates usage-free nodes with at most two neighbours while the tables stay small.
int64_t eliminateLowDegree(IlpGraph& graph);
/// Moves least usages to fixedUse, forgets times that cannot exceed the limit, removes strategies
/// that alone would.
int64_t tightenUsage(IlpGraph& graph);
/// Keeps only times not implied by a neighbouring time. Call last: usages become relative to the
/// times kept.
void keepEssentialTimes(IlpGraph& graph);

} // namespace alpa
