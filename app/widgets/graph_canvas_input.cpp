// Mouse, wheel and keys of the canvas.
#include "app/widgets/graph_canvas.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/minimap.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>

#include <cmath>
#include <limits>

namespace alpa::app
{

GraphCanvas::Hit GraphCanvas::hitAt(const QPoint& at) const
{
    const QPointF scenePoint = mapToScene(at);
    Hit hit;
    const GraphLevelItem* item = root_;
    QString key;
    while (item != nullptr) {
        const QPointF local = item->mapFromScene(scenePoint);
        const int badge = item->badgeAt(local);
        const int node = item->nodeAt(local);
        if (badge < 0 && node < 0)
            break;
        hit = {item, node, -1, badge};
        if (badge >= 0)
            break;
        hit.tensor = item->tensorAt(node, local);
        const auto inner = items_.find(item->level().nodes[static_cast<size_t>(node)].key);
        item = inner == items_.end() ? nullptr : inner->second;
    }
    return hit;
}

QString GraphCanvas::tipAt(const Hit& hit) const
{
    if (hit.item == nullptr)
        return {};
    if (hit.badge >= 0)
        return hit.item->level().edges[static_cast<size_t>(hit.badge)].tip;
    const CanvasNode& node = hit.item->level().nodes[static_cast<size_t>(hit.node)];
    return hit.tensor >= 0 ? node.tensors[static_cast<size_t>(hit.tensor)].tip : node.tip;
}

bool GraphCanvas::event(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange) {
        scene()->update();
        minimap_->refresh();
    }
    return QGraphicsView::event(event);
}

bool GraphCanvas::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        QToolTip::showText(help->globalPos(), tipAt(hitAt(help->pos())), viewport());
        return true;
    }
    return QGraphicsView::viewportEvent(event);
}

void GraphCanvas::wheelEvent(QWheelEvent* event)
{
    const double factor = std::pow(1.0015, event->angleDelta().y());
    const double scale = std::clamp(transform().m11() * factor, kSmallestScale, kLargestScale);
    const QPointF under = mapToScene(event->position().toPoint());
    setTransform(QTransform::fromScale(scale, scale));
    const QPointF moved = mapToScene(event->position().toPoint());
    translate(moved.x() - under.x(), moved.y() - under.y());
    wasFitted_ = false;
    minimap_->follow();
    event->accept();
}

void GraphCanvas::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (key == Qt::Key_Plus || key == Qt::Key_Equal)
        zoomBy(1.25);
    else if (key == Qt::Key_Minus)
        zoomBy(0.8);
    else if (key == Qt::Key_0)
        zoomBy(1.0 / transform().m11());
    else if (key == Qt::Key_F)
        fitAll();
    else if (key == Qt::Key_M)
        minimap_->setWanted(!minimap_->isWanted());
    else if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_Left ||
             key == Qt::Key_Right)
        moveToNeighbour(key);
    else if (key == Qt::Key_Return || key == Qt::Key_Enter) {
        for (const auto& [itemKey, item] : items_) {
            for (const CanvasNode& node : item->level().nodes) {
                if (node.isGroup && node.selection == selection_) {
                    setUnfolded(node.key, !isUnfolded(node.key));
                    return;
                }
            }
        }
    } else
        QGraphicsView::keyPressEvent(event);
}

void GraphCanvas::moveToNeighbour(int key)
{
    for (const auto& [itemKey, item] : items_) {
        const auto& nodes = item->level().nodes;
        for (size_t i = 0; i < nodes.size(); ++i) {
            if (nodes[i].selection.isNone() || !(nodes[i].selection == selection_))
                continue;
            const QPointF here = item->box(int(i)).center();
            int best = -1;
            double bestDistance = std::numeric_limits<double>::infinity();
            for (size_t k = 0; k < nodes.size(); ++k) {
                const QPointF way = item->box(int(k)).center() - here;
                const double along = key == Qt::Key_Up     ? -way.y()
                                     : key == Qt::Key_Down ? way.y()
                                     : key == Qt::Key_Left ? -way.x()
                                                           : way.x();
                const double across = key == Qt::Key_Up || key == Qt::Key_Down ? std::abs(way.x())
                                                                               : std::abs(way.y());
                const double distance = along + 2 * across;
                if (along > 4 && distance < bestDistance && !nodes[k].selection.isNone()) {
                    bestDistance = distance;
                    best = int(k);
                }
            }
            if (best >= 0) {
                Q_EMIT selected(nodes[static_cast<size_t>(best)].selection);
                ensureVisible(item->mapRectToScene(item->box(best)), 30, 30);
            }
            return;
        }
    }
}

void GraphCanvas::mousePressEvent(QMouseEvent* event)
{
    pressedAt_ = event->pos();
    QGraphicsView::mousePressEvent(event);
}

void GraphCanvas::mouseReleaseEvent(QMouseEvent* event)
{
    QGraphicsView::mouseReleaseEvent(event);
    viewport()->setCursor(Qt::ArrowCursor);
    if (event->button() != Qt::LeftButton)
        return;
    if ((event->pos() - pressedAt_).manhattanLength() > 4) {
        wasFitted_ = false;
        return;
    }
    const Hit hit = hitAt(event->pos());
    if (hit.item != nullptr && hit.badge >= 0) {
        const Selection badge = hit.item->level().edges[static_cast<size_t>(hit.badge)].selection;
        if (!badge.isNone())
            Q_EMIT selected(badge);
        return;
    }
    if (hit.item == nullptr || hit.node < 0) {
        Q_EMIT selected({});
        return;
    }
    const CanvasNode& node = hit.item->level().nodes[static_cast<size_t>(hit.node)];
    const Selection tensor =
        hit.tensor >= 0 ? node.tensors[static_cast<size_t>(hit.tensor)].selection : Selection();
    Q_EMIT selected(tensor.isNone() ? node.selection : tensor);
}

void GraphCanvas::contextMenuEvent(QContextMenuEvent* event)
{
    const Hit hit = hitAt(event->pos());
    if (hit.item == nullptr || hit.node < 0)
        return;
    const CanvasNode& node = hit.item->level().nodes[static_cast<size_t>(hit.node)];
    const Selection tensor =
        hit.tensor >= 0 ? node.tensors[static_cast<size_t>(hit.tensor)].selection : Selection();
    Q_EMIT menuRequested(tensor.isNone() ? node.selection : tensor, node.key, event->globalPos());
}

void GraphCanvas::mouseDoubleClickEvent(QMouseEvent* event)
{
    const Hit hit = hitAt(event->pos());
    if (hit.item == nullptr || hit.node < 0)
        return;
    const CanvasNode node = hit.item->level().nodes[static_cast<size_t>(hit.node)];
    if (node.isGroup)
        setUnfolded(node.key, !isUnfolded(node.key));
}

void GraphCanvas::mouseMoveEvent(QMouseEvent* event)
{
    QGraphicsView::mouseMoveEvent(event);
    if ((event->buttons() & Qt::LeftButton) != 0)
        return;
    const Hit hit = hitAt(event->pos());
    auto* item = const_cast<GraphLevelItem*>(hit.item);
    if (hoveredItem_ != nullptr && hoveredItem_ != item)
        hoveredItem_->setHovered(-1);
    hoveredItem_ = item;
    if (item != nullptr)
        item->setHovered(hit.node);
    viewport()->setCursor(Qt::ArrowCursor);
}

void GraphCanvas::resizeEvent(QResizeEvent* event)
{
    QGraphicsView::resizeEvent(event);
    minimap_->moveIntoCorner();
    if (wasFitted_)
        fitAll();
}

} // namespace alpa::app
