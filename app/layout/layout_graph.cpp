#include "app/layout/layout_graph.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace alpa::app
{

namespace
{

/// Nodes in an order in which every edge points forward (Kahn's algorithm, lowest index first among
/// equals).
std::vector<int> topologicalOrder(const LayoutGraph& graph,
                                  const std::vector<std::vector<int>>& successors)
{
    std::vector<int> pending(graph.nodes.size(), 0);
    for (const LayoutEdge& edge : graph.edges)
        ++pending[static_cast<size_t>(edge.to)];
    std::vector<int> order;
    order.reserve(graph.nodes.size());
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        if (pending[i] == 0)
            order.push_back(int(i));
    }
    for (size_t next = 0; next < order.size(); ++next) {
        for (const int to : successors[static_cast<size_t>(order[next])]) {
            if (--pending[static_cast<size_t>(to)] == 0)
                order.push_back(to);
        }
    }
    return order;
}

uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ (value + 0x9E3779B97F4A7C15ull + (hash << 6) + (hash >> 2))) *
           0xBF58476D1CE4E5B9ull;
}

std::string rounded(double number) { return std::to_string(std::lround(number)); }

} // namespace

std::vector<int> layoutRanks(const LayoutGraph& graph)
{
    std::vector<std::vector<int>> successors(graph.nodes.size());
    for (const LayoutEdge& edge : graph.edges)
        successors[static_cast<size_t>(edge.from)].push_back(edge.to);
    const std::vector<int> order = topologicalOrder(graph, successors);
    std::vector<int> ranks(graph.nodes.size(), 0);
    std::vector<bool> hasInput(graph.nodes.size(), false);
    for (const int from : order) {
        for (const int to : successors[static_cast<size_t>(from)]) {
            int& rank = ranks[static_cast<size_t>(to)];
            rank = std::max(rank, ranks[static_cast<size_t>(from)] + 1);
            hasInput[static_cast<size_t>(to)] = true;
        }
    }
    // As late as possible for sources: a constant belongs beside its reader, not at the top.
    for (auto node = order.rbegin(); node != order.rend(); ++node) {
        const auto& readers = successors[static_cast<size_t>(*node)];
        if (hasInput[static_cast<size_t>(*node)] || readers.empty())
            continue;
        int nearest = ranks[static_cast<size_t>(readers.front())];
        for (const int to : readers)
            nearest = std::min(nearest, ranks[static_cast<size_t>(to)]);
        ranks[static_cast<size_t>(*node)] = nearest - 1;
    }
    return ranks;
}

int64_t estimateDotEffort(const LayoutGraph& graph)
{
    const std::vector<int> ranks = layoutRanks(graph);
    auto effort = int64_t(graph.nodes.size());
    for (const LayoutEdge& edge : graph.edges)
        effort += std::max(0, ranks[static_cast<size_t>(edge.to)] -
                                  ranks[static_cast<size_t>(edge.from)] - 1);
    return effort;
}

uint64_t layoutKey(const LayoutGraph& graph)
{
    uint64_t hash = graph.nodes.size();
    for (const LayoutNode& node : graph.nodes) {
        uint64_t bits[2];
        std::memcpy(bits, &node, sizeof(bits));
        hash = mix(mix(hash, bits[0]), bits[1]);
    }
    for (const LayoutEdge& edge : graph.edges)
        hash = mix(mix(hash, static_cast<uint64_t>(edge.from)), static_cast<uint64_t>(edge.to));
    return hash;
}

std::string formatLayout(const GraphLayout& layout)
{
    std::string text = "size " + rounded(layout.width) + " " + rounded(layout.height) + "\n";
    for (const LayoutPoint& center : layout.centers)
        text += "node " + rounded(center.x) + " " + rounded(center.y) + "\n";
    for (const auto& curve : layout.curves) {
        text += "edge";
        for (const LayoutPoint& point : curve)
            text.append(" ").append(rounded(point.x)).append(",").append(rounded(point.y));
        text += "\n";
    }
    return text;
}

} // namespace alpa::app
