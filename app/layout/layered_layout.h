// Our own layered layout: linear in nodes and edges, so it answers at once where Graphviz would
// not, and stands in while Graphviz works. Deterministic.
#pragma once

#include "app/layout/layout_graph.h"

namespace alpa::app
{

/// Ranks, dummy nodes for edges of up to twelve ranks, barycentre sweeps, then x positions by
/// averaging neighbours and compacting. No two boxes overlap; every edge goes down.
GraphLayout layeredLayout(const LayoutGraph& graph);

/// Re-flows a tall and thin layout into columns read left to right, so that a chain of layers fills
/// the view instead of becoming a sliver. `aspect` is the wanted width / height. Leaves layouts
/// that are wide enough alone.
void wrapIntoColumns(const LayoutGraph& graph, GraphLayout& layout, double aspect);

/// A smooth curve between two boxes of `layout`, in Graphviz' form: for layouts that come without.
std::vector<LayoutPoint> straightCurve(const LayoutGraph& graph, const GraphLayout& layout,
                                       const LayoutEdge& edge);

} // namespace alpa::app
