#include "app/layout/canvas_filter.h"

#include <algorithm>

namespace alpa::app
{

namespace
{

using Kind = CanvasFilter::Kind;

bool isMatch(const std::optional<ShardingSpec>& spec, const CanvasFilter& filter)
{
    if (!spec)
        return false;
    switch (filter.kind) {
    case Kind::kAxis:
        return hasAxis(spec->splitAxes(), filter.number);
    case Kind::kReplicated:
        return spec->isReplicated();
    case Kind::kPartial:
        return spec->partial != 0;
    case Kind::kAll:
    case Kind::kMoves:
    case Kind::kChanged:
    case Kind::kStage:
        return false;
    }
    return false;
}

bool isMatch(const CanvasNode& node, const CanvasFilter& filter)
{
    if (filter.kind == Kind::kStage)
        return node.stage == filter.number;
    return std::ranges::any_of(node.tensors, [&](const CanvasTensor& tensor) {
        return isMatch(tensor.spec, filter) ||
               (filter.kind == Kind::kMoves && !tensor.badge.isEmpty()) ||
               (filter.kind == Kind::kChanged && tensor.isChanged);
    });
}

} // namespace

BrightParts brightParts(const CanvasLevel& level, const CanvasFilter& filter)
{
    BrightParts bright{std::vector<bool>(level.nodes.size(), !filter.isSet()),
                       std::vector<bool>(level.edges.size(), !filter.isSet())};
    if (!filter.isSet())
        return bright;
    for (size_t node = 0; node < level.nodes.size(); ++node)
        bright.nodes[node] = isMatch(level.nodes[node], filter);
    for (size_t e = 0; e < level.edges.size(); ++e) {
        const CanvasEdge& edge = level.edges[e];
        const auto from = static_cast<size_t>(edge.from);
        const auto to = static_cast<size_t>(edge.to);
        const bool moves = filter.kind == Kind::kMoves && !edge.badge.isEmpty();
        bright.edges[e] = moves || isMatch(edge.spec, filter) ||
                          (filter.kind == Kind::kStage && bright.nodes[from] && bright.nodes[to]);
        // What an arrow carries its producer made, whether or not its box has a row for it.
        if (bright.edges[e])
            bright.nodes[from] = true;
        if (moves)
            bright.nodes[to] = true;
    }
    return bright;
}

} // namespace alpa::app
