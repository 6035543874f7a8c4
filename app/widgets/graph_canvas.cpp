#include "app/widgets/graph_canvas.h"

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

} // namespace

GraphCanvas::GraphCanvas(QWidget* parent)
    : QGraphicsView(parent)
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
    connect(&placer_, &LevelPlacer::answered, this, &GraphCanvas::relayout);
}

GraphCanvas::~GraphCanvas() = default;

void GraphCanvas::setContent(CanvasContent content, bool isSameShape)
{
    content_ = std::move(content);
    // Whoever sees all of it wants to see all of the next, whose boxes may be higher.
    next_.fits = !isSameShape || drawn_.root() == nullptr || wasFitted_;
    placer_.cancelAll();
    patience_.start();
    relayout();
}

double GraphCanvas::aspect() const
{
    return double(std::max(viewport()->width(), 300)) / double(std::max(viewport()->height(), 300));
}

void GraphCanvas::relayout()
{
    if (!content_)
        return;
    PlacedLevel level = placer_.place(content_, unfolded_, aspect());
    const bool isComplete = level.isComplete;
    // Wait for Graphviz a moment rather than show a layout that changes at once.
    if (!isComplete && patience_.isActive())
        return;

    QPointF before;
    const auto boxOf = [&](const QString& key, QRectF& box) {
        const std::optional<QRectF> found = visibleBox({key});
        box = found.value_or(QRectF());
        return found.has_value();
    };
    QRectF box;
    const bool isAnchored = !next_.anchorKey.isEmpty() && boxOf(next_.anchorKey, box);
    if (isAnchored)
        before = mapFromScene(box.topLeft());
    mouse_.hovered = nullptr;
    links_ = nullptr;
    drawn_.draw(std::move(level), scene());
    setFilter(filter_);
    // Room around the content, so that it can be dragged to any place of the view.
    const QRectF content = contentRect();
    scene()->setSceneRect(content.adjusted(-content.width() - 2000, -content.height() - 2000,
                                           content.width() + 2000, content.height() + 2000));
    setSelection(selection_, holders_);
    placeLinks();
    if (next_.fits)
        fitAll();
    else if (isAnchored && boxOf(next_.anchorKey, box))
        keepAnchor(box, before);
    if (!next_.centeredKey.isEmpty())
        centerNow(next_.centeredKey);
    if (isComplete) {
        next_.fits = false;
        next_.anchorKey.clear();
        next_.centeredKey.clear();
    }
    minimap_->refresh();
    engineText_ = placer_.usedFast() || !isComplete
                      ? tr("fast layout")
                      : tr("dot %1 ms").arg(placer_.dotMilliseconds(), 0, 'f', 1);
    Q_EMIT laidOut();
}

void GraphCanvas::keepAnchor(const QRectF& box, QPointF before)
{
    const QPointF after = mapFromScene(box.topLeft());
    QPointF target = before;
    // What has just unfolded grows; the part that does not fit should be the bottom, not the right.
    if (unfolded_.contains(next_.anchorKey)) {
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

void GraphCanvas::setLinks(std::vector<CanvasLink> links)
{
    wantedLinks_ = std::move(links);
    placeLinks();
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
    if (ends.empty() || drawn_.root() == nullptr)
        return;
    links_ = new LinkItem(std::move(ends));
    scene()->addItem(links_);
}

QRectF GraphCanvas::contentRect() const
{
    return drawn_.root() == nullptr ? QRectF() : drawn_.root()->boundingRect();
}

void GraphCanvas::setSelection(const Selection& selection, std::set<QString> holders)
{
    selection_ = selection;
    holders_ = std::move(holders);
    for (const auto& [key, item] : drawn_.items())
        item->setSelection(selection_, holders_);
}

void GraphCanvas::setFilter(const CanvasFilter& filter)
{
    filter_ = filter;
    for (const auto& [key, item] : drawn_.items())
        item->setFilter(filter_);
}

void GraphCanvas::setHovered(const Selection& selection, std::set<QString> holders)
{
    for (const auto& [key, item] : drawn_.items())
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
    next_.anchorKey = key;
    wasFitted_ = false;
    patience_.start();
    relayout();
    Q_EMIT unfoldedChanged();
}

void GraphCanvas::foldAll()
{
    unfolded_.clear();
    next_.fits = true;
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
    drawn_.root()->paintOverview(painter, themeOf(this));
    painter.restore();
}

void GraphCanvas::renderTo(QPainter& painter, const QRectF& target)
{
    scene()->render(&painter, target, contentRect());
}

} // namespace alpa::app
