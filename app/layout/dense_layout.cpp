#include "app/layout/dense_layout.h"

#include "app/layout/layered_layout.h"

namespace alpa::app
{

GraphLayout denseLayout(const CanvasLevel& level, double aspect)
{
    LayoutGraph graph;
    graph.nodes.assign(level.nodes.size(), {kDenseBox.width(), kDenseBox.height()});
    graph.edges.reserve(level.edges.size());
    for (const CanvasEdge& edge : level.edges)
        graph.edges.push_back({edge.from, edge.to});
    GraphLayout layout = layeredLayout(graph);
    wrapIntoColumns(graph, layout, aspect);
    layout.curves.clear();
    return layout;
}

} // namespace alpa::app
