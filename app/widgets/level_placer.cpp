#include "app/widgets/level_placer.h"

#include "app/layout/layered_layout.h"
#include "app/settings/programs.h"
#include "app/widgets/graph_level_item.h"

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kDeepest = 6;
constexpr double kInnerAspect = 1.3;

/// Arrows between neighbours of a row, which the layout knows nothing of: from the side of one box
/// to that of the other.
void addEdgesBeside(PlacedLevel& level)
{
    std::vector<std::vector<LayoutPoint>> curves;
    size_t next = 0;
    for (const CanvasEdge& edge : level.content.edges) {
        if (!edge.isBeside) {
            curves.push_back(std::move(level.layout.curves[next++]));
            continue;
        }
        const auto from = static_cast<size_t>(edge.from);
        const auto to = static_cast<size_t>(edge.to);
        const bool isRightwards = level.layout.centers[from].x < level.layout.centers[to].x;
        const double side = isRightwards ? 0.5 : -0.5;
        const LayoutPoint begin{level.layout.centers[from].x + side * level.sizes[from].width(),
                                level.layout.centers[from].y};
        const LayoutPoint end{level.layout.centers[to].x - side * level.sizes[to].width(),
                              level.layout.centers[to].y};
        const double third = (end.x - begin.x) / 3;
        curves.push_back({begin, {begin.x + third, begin.y}, {end.x - third, end.y}, end});
    }
    level.layout.curves = std::move(curves);
}

} // namespace

LevelPlacer::LevelPlacer(QObject* parent)
    : QObject(parent)
    , dot_(findProgram(u"alpa-layoutd"_s))
{
    connect(&dot_, &DotClient::answered, this, &LevelPlacer::takeAnswer);
    connect(&dot_, &DotClient::failed, this, &LevelPlacer::takeFailure);
}

void LevelPlacer::cancelAll()
{
    dot_.cancelAll();
    pending_.clear();
}

PlacedLevel LevelPlacer::place(const CanvasContent& content, const std::set<QString>& unfolded,
                               double aspect)
{
    usedFast_ = false;
    return placeLevel({content, unfolded, aspect}, {}, 0);
}

PlacedLevel LevelPlacer::placeLevel(const Request& request, const QString& key, int depth)
{
    PlacedLevel level;
    level.content = request.content(key);
    if (level.content.isDense())
        return placeDense(std::move(level.content));
    LayoutGraph graph;
    for (size_t i = 0; i < level.content.nodes.size(); ++i) {
        const CanvasNode& node = level.content.nodes[i];
        QSizeF size = collapsedSize(node);
        if (node.isGroup && request.unfolded.contains(node.key) && depth < kDeepest) {
            PlacedLevel inner = placeLevel(request, node.key, depth + 1);
            size = QSizeF(std::max(inner.layout.width + 2 * kGroupPadding, size.width()),
                          inner.layout.height + kGroupHeader + kGroupPadding);
            level.isComplete = level.isComplete && inner.isComplete;
            level.inner.emplace(int(i), std::move(inner));
        }
        level.sizes.push_back(size);
        graph.nodes.push_back({size.width(), size.height()});
    }
    for (const CanvasEdge& edge : level.content.edges) {
        if (!edge.isBeside)
            graph.edges.push_back({edge.from, edge.to});
    }
    level.layout = layoutOf(graph, level.isComplete);
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        if (level.layout.curves[e].empty())
            level.layout.curves[e] = straightCurve(graph, level.layout, graph.edges[e]);
    }
    wrapIntoColumns(graph, level.layout, depth == 0 ? request.aspect : kInnerAspect);
    if (graph.edges.size() < level.content.edges.size())
        addEdgesBeside(level);
    return level;
}

PlacedLevel LevelPlacer::placeDense(CanvasLevel level)
{
    usedFast_ = true;
    PlacedLevel placed;
    placed.layout = *level.denseLayout;
    placed.sizes.assign(level.nodes.size(), kDenseBox);
    placed.content = std::move(level);
    return placed;
}

GraphLayout LevelPlacer::layoutOf(const LayoutGraph& graph, bool& isComplete)
{
    const uint64_t key = layoutKey(graph);
    Layouts& known = layouts_[key];
    if (known.dot != nullptr)
        return *known.dot;
    if (!known.isDotHopeless && !pending_.contains(key)) {
        pending_.insert(key);
        dot_.request(key, graph);
    }
    if (!known.isDotHopeless)
        isComplete = false;
    else
        usedFast_ = true;
    if (known.fast == nullptr)
        known.fast = std::make_shared<const GraphLayout>(layeredLayout(graph));
    return *known.fast;
}

void LevelPlacer::takeAnswer(quint64 key, const std::shared_ptr<const GraphLayout>& layout,
                             double milliseconds)
{
    layouts_[key].dot = layout;
    pending_.erase(key);
    dotMilliseconds_ = milliseconds;
    Q_EMIT answered();
}

void LevelPlacer::takeFailure(quint64 key)
{
    layouts_[key].isDotHopeless = true;
    pending_.erase(key);
    Q_EMIT answered();
}

} // namespace alpa::app
