#include "app/widgets/graph_canvas.h"

#include "app/layout/layered_layout.h"
#include "app/settings/programs.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/link_item.h"
#include "app/widgets/minimap.h"
#include "app/widgets/painted_chart.h"

#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

// Shorter waits look instant; longer ones want to see something.
constexpr int kPatienceMs = 150;
constexpr int kDeepest = 6;

} // namespace

GraphCanvas::GraphCanvas(QWidget* parent)
    : QGraphicsView(parent)
    , dot_(findProgram(u"alpa-layoutd"_s))
    , unit_(unitOf(font()))
{
    setScene(new QGraphicsScene(this));
    scene()->setItemIndexMethod(QGraphicsScene::NoIndex);
    setFrameShape(QFrame::NoFrame);
    setDragMode(QGraphicsView::ScrollHandDrag);
    setTransformationAnchor(QGraphicsView::NoAnchor);
    setResizeAnchor(QGraphicsView::NoAnchor);
    setViewportUpdateMode(QGraphicsView::SmartViewportUpdate);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMouseTracking(true);
    viewport()->setCursor(Qt::ArrowCursor);
    setAccessibleName(tr("Graph of the model"));
    minimap_ = new Minimap(this);
    patience_.setSingleShot(true);
    patience_.setInterval(kPatienceMs);
    connect(&patience_, &QTimer::timeout, this, &GraphCanvas::relayout);
    connect(&dot_, &DotClient::answered, this, &GraphCanvas::takeAnswer);
    connect(&dot_, &DotClient::failed, this, &GraphCanvas::takeFailure);
}

GraphCanvas::~GraphCanvas() = default;

void GraphCanvas::setContent(CanvasContent content, bool isSameShape)
{
    content_ = std::move(content);
    // Whoever sees all of it wants to see all of the next, whose boxes may be higher.
    fitsAtNext_ = !isSameShape || root_ == nullptr || wasFitted_;
    dot_.cancelAll();
    pending_.clear();
    patience_.start();
    relayout();
}

GraphLayout GraphCanvas::layoutOf(const LayoutGraph& graph, bool& isComplete)
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

GraphCanvas::PlacedLevel GraphCanvas::place(const QString& key, int depth)
{
    PlacedLevel level;
    level.content = content_(key);
    if (level.content.isDense())
        return placeDense(std::move(level.content));
    LayoutGraph graph;
    for (size_t i = 0; i < level.content.nodes.size(); ++i) {
        const CanvasNode& node = level.content.nodes[i];
        QSizeF size = collapsedSize(node);
        if (node.isGroup && unfolded_.contains(node.key) && depth < kDeepest) {
            PlacedLevel inner = place(node.key, depth + 1);
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
    wrapIntoColumns(graph, level.layout, depth == 0 ? aspect() : 1.3);
    if (graph.edges.size() < level.content.edges.size())
        addEdgesBeside(level);
    return level;
}

GraphCanvas::PlacedLevel GraphCanvas::placeDense(CanvasLevel level)
{
    usedFast_ = true;
    PlacedLevel placed;
    placed.layout = *level.denseLayout;
    placed.sizes.assign(level.nodes.size(), kDenseBox);
    placed.content = std::move(level);
    return placed;
}

double GraphCanvas::aspect() const
{
    return double(std::max(viewport()->width(), 300)) / double(std::max(viewport()->height(), 300));
}

/// Arrows between neighbours of a row, which the layout knows nothing of: from the side of one box
/// to that of the other.
void GraphCanvas::addEdgesBeside(PlacedLevel& level)
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

void GraphCanvas::relayout()
{
    if (!content_)
        return;
    usedFast_ = false;
    PlacedLevel level = place({}, 0);
    // Wait for Graphviz a moment rather than show a layout that changes at once.
    if (!level.isComplete && patience_.isActive())
        return;

    QPointF before;
    const auto boxOf = [&](const QString& key, QRectF& box) {
        const std::optional<QRectF> found = visibleBox({key});
        box = found.value_or(QRectF());
        return found.has_value();
    };
    QRectF box;
    const bool isAnchored = !anchorKey_.isEmpty() && boxOf(anchorKey_, box);
    if (isAnchored)
        before = mapFromScene(box.topLeft());
    hoveredItem_ = nullptr;
    scene()->clear();
    items_.clear();
    places_.clear();
    root_ = nullptr;
    links_ = nullptr;
    build(level, nullptr, {}, {});
    // Room around the content, so that it can be dragged to any place of the view.
    const QRectF content = contentRect();
    scene()->setSceneRect(content.adjusted(-content.width() - 2000, -content.height() - 2000,
                                           content.width() + 2000, content.height() + 2000));
    setSelection(selection_, holders_);
    placeLinks();
    if (fitsAtNext_)
        fitAll();
    else if (isAnchored && boxOf(anchorKey_, box)) {
        const QPointF after = mapFromScene(box.topLeft());
        QPointF target = before;
        // What has just unfolded grows; the part that does not fit should be the bottom, not the
        // right.
        if (unfolded_.contains(anchorKey_)) {
            const QSizeF view = viewport()->size();
            const double width = box.width() * transform().m11();
            if (target.x() + width > view.width())
                target.setX(width > view.width() ? 12 : (view.width() - width) / 2);
            if (target.y() > view.height() * 0.4)
                target.setY(view.height() * 0.15);
        }
        const QPointF shift = after - target;
        translate(-shift.x() / transform().m11(), -shift.y() / transform().m11());
    }
    if (!centeredKey_.isEmpty())
        centerNow(centeredKey_);
    if (level.isComplete) {
        fitsAtNext_ = false;
        anchorKey_.clear();
        centeredKey_.clear();
    }
    minimap_->refresh();
    engineText_ = usedFast_ || !level.isComplete ? tr("fast layout")
                                                 : tr("dot %1 ms").arg(dotMilliseconds_, 0, 'f', 1);
    Q_EMIT laidOut();
}

void GraphCanvas::build(PlacedLevel& level, QGraphicsItem* parent, QPointF at, const QString& key)
{
    std::set<int> open;
    for (const auto& [node, inner] : level.inner)
        open.insert(node);
    auto* item = new GraphLevelItem(std::move(level.content), std::move(level.layout),
                                    std::move(level.sizes), open, parent);
    if (parent == nullptr) {
        scene()->addItem(item);
        root_ = item;
    }
    item->setPos(at);
    item->setFilter(filter_);
    items_[key] = item;
    for (size_t i = 0; i < item->level().nodes.size(); ++i)
        places_[item->level().nodes[i].key] = {item, int(i)};
    for (auto& [node, inner] : level.inner) {
        const QRectF box = item->box(node);
        const double left = box.left() + (box.width() - inner.layout.width) / 2;
        build(inner, item, {left, box.top() + kGroupHeader},
              item->level().nodes[static_cast<size_t>(node)].key);
    }
}

void GraphCanvas::takeAnswer(quint64 key, const std::shared_ptr<const GraphLayout>& layout,
                             double milliseconds)
{
    layouts_[key].dot = layout;
    pending_.erase(key);
    dotMilliseconds_ = milliseconds;
    relayout();
}

void GraphCanvas::takeFailure(quint64 key)
{
    layouts_[key].isDotHopeless = true;
    pending_.erase(key);
    relayout();
}

void GraphCanvas::setLinks(std::vector<CanvasLink> links)
{
    wantedLinks_ = std::move(links);
    placeLinks();
}

std::optional<QRectF> GraphCanvas::visibleBox(const std::vector<QString>& path) const
{
    for (auto key = path.rbegin(); key != path.rend(); ++key) {
        const auto found = places_.find(*key);
        if (found != places_.end())
            return found->second.first->mapRectToScene(
                found->second.first->box(found->second.second));
    }
    return std::nullopt;
}

void GraphCanvas::placeLinks()
{
    delete links_;
    links_ = nullptr;
    std::vector<std::pair<QRectF, QRectF>> ends;
    for (const CanvasLink& link : wantedLinks_) {
        const auto from = visibleBox(link.from);
        const auto to = visibleBox(link.to);
        // Within one folded box there is nothing to draw.
        if (from && to && *from != *to && !from->contains(*to) && !to->contains(*from))
            ends.emplace_back(*from, *to);
    }
    if (ends.empty() || root_ == nullptr)
        return;
    links_ = new LinkItem(std::move(ends));
    scene()->addItem(links_);
}

const GraphLevelItem* GraphCanvas::levelItem(const QString& key) const
{
    const auto found = items_.find(key);
    return found == items_.end() ? nullptr : found->second;
}

QRectF GraphCanvas::contentRect() const
{
    return root_ == nullptr ? QRectF() : root_->boundingRect();
}

void GraphCanvas::setSelection(const Selection& selection, std::set<QString> holders)
{
    selection_ = selection;
    holders_ = std::move(holders);
    for (const auto& [key, item] : items_)
        item->setSelection(selection_, holders_);
}

void GraphCanvas::setFilter(const CanvasFilter& filter)
{
    filter_ = filter;
    for (const auto& [key, item] : items_)
        item->setFilter(filter_);
}

void GraphCanvas::setHovered(const Selection& selection, std::set<QString> holders)
{
    for (const auto& [key, item] : items_)
        item->setHinted(selection, holders);
}

void GraphCanvas::setUnfolded(const QString& key, bool isUnfolded)
{
    if (isUnfolded == unfolded_.contains(key))
        return;
    rememberView();
    if (isUnfolded)
        unfolded_.insert(key);
    else
        unfolded_.erase(key);
    anchorKey_ = key;
    wasFitted_ = false;
    patience_.start();
    relayout();
    Q_EMIT unfoldedChanged();
}

void GraphCanvas::foldAll()
{
    unfolded_.clear();
    fitsAtNext_ = true;
    patience_.start();
    relayout();
    Q_EMIT unfoldedChanged();
}

void GraphCanvas::setMinimapShown(bool isShown) { minimap_->setWanted(isShown); }

void GraphCanvas::scrollContentsBy(int dx, int dy)
{
    QGraphicsView::scrollContentsBy(dx, dy);
    minimap_->follow();
}

void GraphCanvas::paintOverview(QPainter& painter, const QRectF& target) const
{
    const QRectF content = contentRect();
    if (content.isEmpty())
        return;
    painter.save();
    painter.translate(target.topLeft());
    painter.scale(target.width() / content.width(), target.height() / content.height());
    painter.translate(-content.topLeft());
    root_->paintOverview(painter, themeOf(this));
    painter.restore();
}

void GraphCanvas::renderTo(QPainter& painter, const QRectF& target)
{
    scene()->render(&painter, target, contentRect());
}

} // namespace alpa::app
