#include "core/intra_op/ilp_graph.h"

#include "core/base/check.h"

#include <algorithm>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

} // namespace

IlpGraph::IlpGraph(const IlpProblem& problem)
    : matrices(problem.matrices)
    , limit(problem.usageLimit)
{
    nodes.resize(problem.nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
        nodes[i].order = static_cast<int>(i);
        nodes[i].costs = problem.nodes[i].costs;
        if (!limit)
            continue;
        for (const IlpUsage& usage : problem.nodes[i].usages) {
            if (usage.begin < usage.end)
                nodes[i].usages.push_back(usage);
        }
    }
    compressTimes();
    edges.reserve(problem.edges.size());
    for (const IlpEdge& edge : problem.edges) {
        if (edge.from != edge.to) {
            addEdge(edge.from, edge.to, edge.matrix);
            continue;
        }
        std::vector<double>& costs = nodes[at(edge.from)].costs;
        for (size_t s = 0; s < costs.size(); ++s)
            costs[s] += matrices.at(edge.matrix, static_cast<int>(s), static_cast<int>(s));
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
        std::vector<int> keep;
        for (int s = 0; s < nodes[i].size(); ++s) {
            if (nodes[i].costs[at(s)] < kForbidden)
                keep.push_back(s);
        }
        select(static_cast<int>(i), std::move(keep));
    }
}

void IlpGraph::compressTimes()
{
    for (const GraphNode& node : nodes) {
        for (const IlpUsage& usage : node.usages) {
            times.push_back(usage.begin);
            times.push_back(usage.end);
        }
    }
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    const auto indexOf = [this](int time) {
        return static_cast<int>(std::lower_bound(times.begin(), times.end(), time) - times.begin());
    };
    for (GraphNode& node : nodes) {
        for (IlpUsage& usage : node.usages) {
            usage.begin = indexOf(usage.begin);
            usage.end = indexOf(usage.end);
        }
    }
    fixedUse.assign(times.size(), 0);
}

int IlpGraph::other(int edge, int node) const
{
    const GraphEdge& e = edges[at(edge)];
    return e.from == node ? e.to : e.from;
}

int IlpGraph::matrixFrom(int edge, int node)
{
    const GraphEdge& e = edges[at(edge)];
    return e.from == node ? e.matrix : matrices.transpose(e.matrix);
}

double IlpGraph::entry(int edge, int node, int s, int t) const
{
    const GraphEdge& e = edges[at(edge)];
    return e.from == node ? matrices.at(e.matrix, s, t) : matrices.at(e.matrix, t, s);
}

void IlpGraph::addEdge(int from, int to, int matrix)
{
    const bool fromIsSmaller = nodes[at(from)].edges.size() <= nodes[at(to)].edges.size();
    const int probe = fromIsSmaller ? from : to;
    nodes[at(from)].isChanged = true;
    nodes[at(to)].isChanged = true;
    for (int edge : nodes[at(probe)].edges) {
        if (other(edge, probe) == (fromIsSmaller ? to : from)) {
            GraphEdge& known = edges[at(edge)];
            known.matrix = matrices.sum(known.matrix,
                                        known.from == from ? matrix : matrices.transpose(matrix));
            return;
        }
    }
    const int edge = static_cast<int>(edges.size());
    edges.push_back({from, to, matrix});
    nodes[at(from)].edges.push_back(edge);
    nodes[at(to)].edges.push_back(edge);
}

void IlpGraph::removeEdge(int edge)
{
    for (int end : {edges[at(edge)].from, edges[at(edge)].to}) {
        std::erase(nodes[at(end)].edges, edge);
        nodes[at(end)].isChanged = true;
    }
}

void IlpGraph::select(int node, std::vector<int> keep)
{
    GraphNode& n = nodes[at(node)];
    if (keep.empty()) {
        isInfeasible = true;
        return;
    }
    if (static_cast<int>(keep.size()) == n.size() && std::is_sorted(keep.begin(), keep.end()))
        return;
    const auto choose = [&keep](auto& values) {
        auto kept = std::remove_reference_t<decltype(values)>();
        kept.reserve(keep.size());
        for (int s : keep)
            kept.push_back(values[static_cast<size_t>(s)]);
        values = std::move(kept);
    };
    choose(n.costs);
    for (IlpUsage& usage : n.usages)
        choose(usage.bytes);
    const int map = maps.intern(std::move(keep));
    n.isChanged = true;
    for (int edge : n.edges) {
        GraphEdge& e = edges[at(edge)];
        nodes[at(other(edge, node))].isChanged = true;
        e.matrix = e.from == node ? matrices.select(e.matrix, map, IndexMaps::kIdentity, maps)
                                  : matrices.select(e.matrix, IndexMaps::kIdentity, map, maps);
    }
    trail_.push_back({Step::kSelect, node, -1, -1, map, 0});
}

void IlpGraph::follow(int follower, int leader, int edge, const std::vector<int>& strategyOf)
{
    GraphNode& l = nodes[at(leader)];
    GraphNode& f = nodes[at(follower)];
    for (int s = 0; s < l.size(); ++s)
        l.costs[at(s)] +=
            f.costs[at(strategyOf[at(s)])] + entry(edge, leader, s, strategyOf[at(s)]);
    for (const IlpUsage& usage : f.usages) {
        IlpUsage mapped{usage.begin, usage.end, {}};
        for (int t : strategyOf)
            mapped.bytes.push_back(usage.bytes[at(t)]);
        l.usages.push_back(std::move(mapped));
    }
    l.order = std::min(l.order, f.order);
    const int map = maps.intern(strategyOf);
    removeEdge(edge);
    const std::vector<int> moved = f.edges;
    for (int e : moved) {
        const int neighbour = other(e, follower);
        const int matrix =
            matrices.select(matrixFrom(e, follower), map, IndexMaps::kIdentity, maps);
        removeEdge(e);
        addEdge(leader, neighbour, matrix);
    }
    f.isAlive = false;
    f.usages.clear();
    trail_.push_back({Step::kFollow, follower, leader, -1, map, 0});
}

void IlpGraph::addToFixedUse(const IlpUsage& usage, int64_t bytes)
{
    if (bytes == 0)
        return;
    for (int time = usage.begin; time < usage.end; ++time)
        fixedUse[at(time)] += bytes;
}

void IlpGraph::fix(int node)
{
    GraphNode& n = nodes[at(node)];
    base += n.costs[0];
    isInfeasible |= n.costs[0] == kForbidden;
    for (const IlpUsage& usage : n.usages)
        addToFixedUse(usage, usage.bytes[0]);
    const std::vector<int> incident = n.edges;
    for (int edge : incident) {
        GraphNode& neighbour = nodes[at(other(edge, node))];
        for (int t = 0; t < neighbour.size(); ++t)
            neighbour.costs[at(t)] += entry(edge, node, 0, t);
        removeEdge(edge);
    }
    n.isAlive = false;
    n.usages.clear();
    trail_.push_back({Step::kFix, node, -1, -1, 0, 0});
}

void IlpGraph::eliminate(int node)
{
    GraphNode& n = nodes[at(node)];
    CHECK(n.usages.empty() && n.edges.size() <= 2,
          "only usage-free nodes of low degree are eliminated");
    if (n.edges.empty()) {
        const auto best = std::min_element(n.costs.begin(), n.costs.end());
        select(node, {static_cast<int>(best - n.costs.begin())});
        fix(node);
    } else if (n.edges.size() == 1) {
        eliminateLeaf(node);
    } else {
        eliminateLink(node);
    }
}

void IlpGraph::eliminateLeaf(int node)
{
    GraphNode& n = nodes[at(node)];
    const int edge = n.edges[0];
    const int neighbour = other(edge, node);
    std::vector<double>& costs = nodes[at(neighbour)].costs;
    std::vector<int> best(costs.size(), 0);
    for (size_t t = 0; t < costs.size(); ++t) {
        double least = kForbidden;
        for (int s = 0; s < n.size(); ++s) {
            const double cost = n.costs[at(s)] + entry(edge, node, s, static_cast<int>(t));
            if (cost < least) {
                least = cost;
                best[t] = s;
            }
        }
        costs[t] += least;
    }
    removeEdge(edge);
    n.isAlive = false;
    trail_.push_back({Step::kFollow, node, neighbour, -1, maps.intern(std::move(best)), 0});
}

void IlpGraph::eliminateLink(int node)
{
    GraphNode& n = nodes[at(node)];
    const int firstEdge = n.edges[0];
    const int secondEdge = n.edges[1];
    const int first = other(firstEdge, node);
    const int second = other(secondEdge, node);
    // Rows of strategies of the ends, so that the inner loop runs over both in memory order.
    const int toFirst = matrices.transpose(matrixFrom(firstEdge, node));
    const int toSecond = matrices.transpose(matrixFrom(secondEdge, node));
    const size_t rows = at(matrices.rows(toFirst));
    const size_t columns = at(matrices.rows(toSecond));
    const size_t inner = n.costs.size();
    std::vector<double> entries(rows * columns);
    std::vector<int> best(rows * columns, 0);
    std::vector<double> withFirst(inner);
    for (size_t i = 0; i < rows; ++i) {
        for (size_t s = 0; s < inner; ++s)
            withFirst[s] = n.costs[s] + matrices.entries(toFirst)[i * inner + s];
        for (size_t j = 0; j < columns; ++j) {
            const double* row = matrices.entries(toSecond) + j * inner;
            double least = kForbidden;
            for (size_t s = 0; s < inner; ++s) {
                if (const double cost = withFirst[s] + row[s]; cost < least) {
                    least = cost;
                    best[i * columns + j] = static_cast<int>(s);
                }
            }
            entries[i * columns + j] = least;
        }
    }
    removeEdge(firstEdge);
    removeEdge(secondEdge);
    n.isAlive = false;
    trail_.push_back({Step::kFollowPair, node, first, second, maps.intern(std::move(best)),
                      static_cast<int>(columns)});
    addEdge(first, second,
            matrices.add(static_cast<int>(rows), static_cast<int>(columns), std::move(entries)));
}

std::vector<int> IlpGraph::expand(std::vector<int> choice) const
{
    for (auto step = trail_.rbegin(); step != trail_.rend(); ++step) {
        int& chosen = choice[at(step->node)];
        if (step->step == Step::kSelect) {
            chosen = maps.at(step->map)[at(chosen)];
        } else if (step->step == Step::kFix) {
            chosen = 0;
        } else if (step->step == Step::kFollow) {
            chosen = maps.at(step->map)[at(choice[at(step->first)])];
        } else {
            const std::vector<int>& map = maps.at(step->map);
            chosen =
                map[at(choice[at(step->first)]) * at(step->columns) + at(choice[at(step->second)])];
        }
    }
    return choice;
}

std::vector<int> IlpGraph::originalStrategies(int node) const
{
    std::vector<int> strategies(nodes[at(node)].costs.size());
    for (size_t s = 0; s < strategies.size(); ++s)
        strategies[s] = static_cast<int>(s);
    for (auto step = trail_.rbegin(); step != trail_.rend(); ++step) {
        if (step->step != Step::kSelect || step->node != node)
            continue;
        for (int& s : strategies)
            s = maps.at(step->map)[at(s)];
    }
    return strategies;
}

std::vector<std::vector<int>> IlpGraph::originalStrategiesOfAlive() const
{
    std::vector<std::vector<int>> strategies(nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
        if (!nodes[i].isAlive)
            continue;
        for (int s = 0; s < nodes[i].size(); ++s)
            strategies[i].push_back(s);
    }
    for (auto step = trail_.rbegin(); step != trail_.rend(); ++step) {
        if (step->step != Step::kSelect)
            continue;
        for (int& s : strategies[at(step->node)])
            s = maps.at(step->map)[at(s)];
    }
    return strategies;
}

} // namespace alpa
