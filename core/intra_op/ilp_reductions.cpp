#include "core/intra_op/ilp_reductions.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// Nodes waiting to be looked at again, each at most once.
class Worklist
{
public:
    explicit Worklist(const IlpGraph& graph)
        : isWaiting_(graph.nodes.size(), 0)
    {
        for (size_t i = graph.nodes.size(); i-- > 0;) {
            if (graph.nodes[i].isAlive)
                push(static_cast<int>(i));
        }
    }
    void push(int node)
    {
        if (!isWaiting_[at(node)]) {
            isWaiting_[at(node)] = 1;
            waiting_.push_back(node);
        }
    }
    std::optional<int> pop()
    {
        if (waiting_.empty())
            return std::nullopt;
        const int node = waiting_.back();
        waiting_.pop_back();
        isWaiting_[at(node)] = 0;
        return node;
    }

private:
    std::vector<uint8_t> isWaiting_;
    std::vector<int> waiting_;
};

/// Traits of the edge's matrix seen from `node`.
const std::vector<int>& partnerOf(IlpGraph& graph, int edge, int node)
{
    const GraphEdge& e = graph.edges[at(edge)];
    const MatrixTraits& traits = graph.matrices.traits(e.matrix);
    return e.from == node ? traits.columnOfRow : traits.rowOfColumn;
}

/// Merges the other end of one edge of `node` into it if that end follows; returns that end.
std::optional<int> absorbFollower(IlpGraph& graph, int node)
{
    for (int edge : graph.nodes[at(node)].edges) {
        const int neighbour = graph.other(edge, node);
        if (graph.protectedNode == neighbour)
            continue;
        const std::vector<int>& partner = partnerOf(graph, edge, node);
        if (!partner.empty()) {
            const std::vector<int> strategyOf = partner;
            graph.follow(neighbour, node, edge, strategyOf);
            return neighbour;
        }
    }
    return std::nullopt;
}

std::optional<int> absorbIntoNeighbour(IlpGraph& graph, int node)
{
    if (graph.protectedNode == node)
        return std::nullopt;
    for (int edge : graph.nodes[at(node)].edges) {
        const int neighbour = graph.other(edge, node);
        const std::vector<int>& partner = partnerOf(graph, edge, neighbour);
        if (!partner.empty()) {
            const std::vector<int> strategyOf = partner;
            graph.follow(node, neighbour, edge, strategyOf);
            return neighbour;
        }
    }
    return std::nullopt;
}

/// A table larger than this costs more than the node it removes.
constexpr size_t kLargestLinkTable = 1 << 12;

bool isWorthEliminating(const IlpGraph& graph, int node)
{
    const GraphNode& n = graph.nodes[at(node)];
    if (!n.isAlive || !n.usages.empty() || n.edges.size() > 2 || graph.protectedNode == node)
        return false;
    if (n.edges.size() < 2)
        return true;
    const size_t table = graph.nodes[at(graph.other(n.edges[0], node))].costs.size() *
                         graph.nodes[at(graph.other(n.edges[1], node))].costs.size();
    return table <= kLargestLinkTable && table * n.costs.size() <= 16 * kLargestLinkTable;
}

} // namespace

int64_t makeArcConsistent(IlpGraph& graph, const std::stop_token& stop)
{
    int64_t removed = 0;
    Worklist work(graph);
    std::vector<uint8_t> isAllowed;
    while (const std::optional<int> next = work.pop()) {
        if (stop.stop_requested())
            break;
        GraphNode& node = graph.nodes[at(*next)];
        if (!node.isAlive)
            continue;
        isAllowed.assign(node.costs.size(), 1);
        bool isAnyBarred = false;
        const auto bar = [&](size_t s, bool isBarred) {
            isAllowed[s] &= isBarred ? 0 : 1;
            isAnyBarred |= isBarred;
        };
        for (size_t s = 0; s < isAllowed.size(); ++s)
            bar(s, !(node.costs[s] < kForbidden));
        for (int edge : node.edges) {
            const GraphEdge& e = graph.edges[at(edge)];
            const MatrixTraits& traits = graph.matrices.traits(e.matrix);
            const std::vector<uint8_t>& support =
                e.from == *next ? traits.rowIsAllowed : traits.columnIsAllowed;
            for (size_t s = 0; s < support.size(); ++s)
                bar(s, support[s] == 0);
        }
        if (!isAnyBarred)
            continue;
        std::vector<int> keep;
        for (size_t s = 0; s < isAllowed.size(); ++s) {
            if (isAllowed[s])
                keep.push_back(static_cast<int>(s));
        }
        removed += static_cast<int64_t>(isAllowed.size() - keep.size());
        graph.select(*next, std::move(keep));
        if (graph.isInfeasible)
            return removed;
        for (int edge : node.edges)
            work.push(graph.other(edge, *next));
    }
    return removed;
}

int64_t mergeFollowers(IlpGraph& graph, const std::stop_token& stop)
{
    int64_t removed = 0;
    Worklist work(graph);
    while (const std::optional<int> next = work.pop()) {
        if (stop.stop_requested())
            break;
        GraphNode& node = graph.nodes[at(*next)];
        if (!node.isAlive)
            continue;
        if (node.size() == 1 && graph.protectedNode != *next) {
            graph.fix(*next);
            ++removed;
            continue;
        }
        while (absorbFollower(graph, *next))
            ++removed;
        if (const std::optional<int> leader = absorbIntoNeighbour(graph, *next)) {
            ++removed;
            work.push(*leader);
        }
    }
    return removed;
}

int64_t removeSeparableEdges(IlpGraph& graph)
{
    int64_t removed = 0;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        if (!graph.nodes[i].isAlive)
            continue;
        const std::vector<int> incident = graph.nodes[i].edges;
        for (int edge : incident) {
            const GraphEdge e = graph.edges[at(edge)];
            if (e.from != static_cast<int>(i) || !graph.matrices.traits(e.matrix).isSeparable)
                continue;
            const double corner = graph.matrices.at(e.matrix, 0, 0);
            GraphNode& from = graph.nodes[at(e.from)];
            GraphNode& to = graph.nodes[at(e.to)];
            for (int s = 0; s < from.size(); ++s)
                from.costs[at(s)] += graph.matrices.at(e.matrix, s, 0);
            for (int t = 0; t < to.size(); ++t)
                to.costs[at(t)] += graph.matrices.at(e.matrix, 0, t) - corner;
            graph.removeEdge(edge);
            ++removed;
        }
    }
    return removed;
}

int64_t eliminateLowDegree(IlpGraph& graph)
{
    int64_t removed = 0;
    Worklist work(graph);
    while (const std::optional<int> next = work.pop()) {
        if (!isWorthEliminating(graph, *next))
            continue;
        std::vector<int> neighbours;
        for (int edge : graph.nodes[at(*next)].edges)
            neighbours.push_back(graph.other(edge, *next));
        graph.eliminate(*next);
        ++removed;
        for (int neighbour : neighbours)
            work.push(neighbour);
    }
    return removed;
}

ReductionEnd reduceGraph(IlpGraph& graph, const std::stop_token& stop)
{
    // Merging first makes arc consistency cheap where hubs have thousands of followers.
    constexpr int kMostRounds = 6;
    if (graph.isInfeasible)
        return ReductionEnd::kNoAllowedChoice;
    mergeFollowers(graph, stop);
    if (graph.isInfeasible)
        return ReductionEnd::kNoAllowedChoice;
    for (int round = 0; round < kMostRounds; ++round) {
        if (stop.stop_requested())
            return ReductionEnd::kStopped;
        int64_t changed = makeArcConsistent(graph, stop);
        if (graph.isInfeasible)
            return ReductionEnd::kNoAllowedChoice;
        changed += mergeFollowers(graph, stop);
        if (graph.isInfeasible)
            return ReductionEnd::kNoAllowedChoice;
        changed += removeSeparableEdges(graph);
        changed += tightenUsage(graph);
        if (graph.isInfeasible)
            return ReductionEnd::kLimitTooSmall;
        if (stop.stop_requested())
            return ReductionEnd::kStopped;
        changed += removeDominated(graph, stop);
        changed += eliminateLowDegree(graph);
        if (graph.isInfeasible)
            return ReductionEnd::kNoAllowedChoice;
        if (changed == 0)
            break;
    }
    makeArcConsistent(graph, stop);
    if (graph.isInfeasible)
        return ReductionEnd::kNoAllowedChoice;
    mergeFollowers(graph, stop);
    if (graph.isInfeasible)
        return ReductionEnd::kNoAllowedChoice;
    tightenUsage(graph);
    if (graph.isInfeasible)
        return ReductionEnd::kLimitTooSmall;
    if (stop.stop_requested())
        return ReductionEnd::kStopped;
    keepEssentialTimes(graph);
    return ReductionEnd::kReduced;
}

} // namespace alpa
