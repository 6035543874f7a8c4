// What a layout engine is given and what it answers: boxes and arrows as numbers, no Qt, no text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alpa::app
{

struct LayoutPoint {
    double x = 0;
    double y = 0;
    friend bool operator==(const LayoutPoint&, const LayoutPoint&) = default;
};

struct LayoutNode {
    double width = 0;
    double height = 0;
    friend bool operator==(const LayoutNode&, const LayoutNode&) = default;
};

/// Points down: `from` lies above `to`. Assumes the edges form no cycle.
struct LayoutEdge {
    int from = 0;
    int to = 0;
    friend bool operator==(const LayoutEdge&, const LayoutEdge&) = default;
};

/// Lengths in scene units (logical pixels at 100 %).
struct LayoutGraph {
    std::vector<LayoutNode> nodes;
    std::vector<LayoutEdge> edges;
    friend bool operator==(const LayoutGraph&, const LayoutGraph&) = default;
};

/// y grows downwards; everything lies in [0, width] x [0, height].
struct GraphLayout {
    std::vector<LayoutPoint> centers; ///< Of the nodes.
    /// Per edge: a start point and then cubic Bezier segments of three points each (Graphviz'
    /// form).
    std::vector<std::vector<LayoutPoint>> curves;
    double width = 0;
    double height = 0;
};

constexpr double kRankGap = 34; ///< Between ranks, scene units.
constexpr double kNodeGap = 28; ///< Between neighbours of a rank.

/// Longest-path ranks with every node moved down to just above its nearest reader, so that side
/// inputs sink to their consumers. Linear.
std::vector<int> layoutRanks(const LayoutGraph& graph);

/// T = nodes + virtual nodes (sum of rank spans minus one): what dot's time follows.
int64_t estimateDotEffort(const LayoutGraph& graph);

/// Same graph, same key: for caching layouts.
uint64_t layoutKey(const LayoutGraph& graph);

/// The layout's own text, for golden tests: one line a node and an edge, whole numbers.
std::string formatLayout(const GraphLayout& layout);

} // namespace alpa::app
