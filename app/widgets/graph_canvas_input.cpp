// Mouse, wheel and keys of the canvas.
#include "app/widgets/graph_canvas.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/minimap.h"
#include "app/widgets/painted_chart.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QNativeGestureEvent>
#include <QRubberBand>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace alpa::app
{

namespace
{

constexpr int kOneMoveMs = 800; ///< Turns of the wheel within this are one move.

} // namespace

CanvasHit GraphCanvas::hitAt(const QPoint& at) const { return drawn_.hitAt(mapToScene(at)); }

QString GraphCanvas::tipAt(const CanvasHit& hit) const
{
    const QString tip = hit.tip();
    // Badges say all there is.
    const QString more = tipAddition_ && hit.item != nullptr && hit.badge < 0
                             ? tipAddition_(hit.selection())
                             : QString();
    return more.isEmpty() ? tip : tip + u'\n' + more;
}

void GraphCanvas::setTipAddition(std::function<QString(const Selection&)> addition)
{
    tipAddition_ = std::move(addition);
}

void GraphCanvas::refreshTip()
{
    if (!QToolTip::isVisible() || !underMouse())
        return;
    const QPoint at = QCursor::pos();
    QToolTip::showText(at, tipAt(hitAt(viewport()->mapFromGlobal(at))), viewport());
}

bool GraphCanvas::event(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange) {
        scene()->update();
        minimap_->refresh();
    } else if (event->type() == QEvent::FontChange) {
        unit_ = unitOf(font());
    } else if (event->type() == QEvent::NativeGesture) {
        const auto* gesture = static_cast<QNativeGestureEvent*>(event);
        if (gesture->gestureType() == Qt::ZoomNativeGesture) {
            zoomAt(gesture->position(), 1 + gesture->value());
            return true;
        }
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

/// What is under `at` stays there.
void GraphCanvas::zoomAt(QPointF at, double factor)
{
    if (!mouse_.lastMove.isValid() || mouse_.lastMove.elapsed() > kOneMoveMs)
        rememberView();
    mouse_.lastMove.start();
    const double scale = std::clamp(transform().m11() * factor, kSmallestScale, kLargestScale);
    const QPointF under = mapToScene(at.toPoint());
    setTransform(QTransform::fromScale(scale, scale));
    const QPointF moved = mapToScene(at.toPoint());
    translate(moved.x() - under.x(), moved.y() - under.y());
    wasFitted_ = false;
    minimap_->follow();
}

void GraphCanvas::wheelEvent(QWheelEvent* event)
{
    event->accept();
    // Two fingers on a touchpad move in pixels; the wheel of a mouse turns in steps.
    const QPoint pixels = event->pixelDelta();
    const bool isTouchpad = event->phase() != Qt::NoScrollPhase && !pixels.isNull() &&
                            (event->modifiers() & Qt::ControlModifier) == 0;
    if (!isTouchpad) {
        zoomAt(event->position(), std::pow(1.0015, event->angleDelta().y()));
        return;
    }
    horizontalScrollBar()->setValue(horizontalScrollBar()->value() - pixels.x());
    verticalScrollBar()->setValue(verticalScrollBar()->value() - pixels.y());
    wasFitted_ = false;
}

void GraphCanvas::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (key == Qt::Key_Plus || key == Qt::Key_Equal)
        zoomBy(1.25);
    else if (key == Qt::Key_Minus)
        zoomBy(0.8);
    else if (key == Qt::Key_0)
        zoomBy(unit_ / transform().m11());
    else if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_Left ||
             key == Qt::Key_Right)
        moveToNeighbour(key);
    else if (key == Qt::Key_Return || key == Qt::Key_Enter) {
        for (const auto& [itemKey, item] : drawn_.items()) {
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
    for (const auto& [itemKey, item] : drawn_.items()) {
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
    mouse_.pressedAt = event->pos();
    if (event->button() == Qt::LeftButton && (event->modifiers() & Qt::ShiftModifier) != 0) {
        mouse_.band = new QRubberBand(QRubberBand::Rectangle, viewport());
        mouse_.band->setGeometry(QRect(mouse_.pressedAt, QSize()));
        mouse_.band->show();
        return;
    }
    if (event->button() != Qt::MiddleButton) {
        QGraphicsView::mousePressEvent(event);
        return;
    }
    // The middle button drags wherever it is pressed, as the left one does.
    QMouseEvent left(event->type(), event->position(), event->globalPosition(), Qt::LeftButton,
                     Qt::LeftButton, {});
    QGraphicsView::mousePressEvent(&left);
}

/// Folded boxes that `area` of the viewport touches.
void GraphCanvas::selectArea(const QRect& area)
{
    const QRectF inScene = mapToScene(area).boundingRect();
    std::vector<Selection> found;
    for (const auto& [itemKey, item] : drawn_.items()) {
        const auto& nodes = item->level().nodes;
        for (size_t i = 0; i < nodes.size(); ++i) {
            if (!nodes[i].selection.isNone() && drawn_.item(nodes[i].key) == nullptr &&
                item->mapRectToScene(item->box(int(i))).intersects(inScene) &&
                std::ranges::find(found, nodes[i].selection) == found.end())
                found.push_back(nodes[i].selection);
        }
    }
    Q_EMIT areaSelected(found);
}

void GraphCanvas::mouseReleaseEvent(QMouseEvent* event)
{
    if (mouse_.band != nullptr) {
        const QRect area = mouse_.band->geometry();
        delete std::exchange(mouse_.band, nullptr);
        selectArea(area);
        return;
    }
    if (event->button() == Qt::MiddleButton) {
        QMouseEvent left(event->type(), event->position(), event->globalPosition(), Qt::LeftButton,
                         {}, {});
        QGraphicsView::mouseReleaseEvent(&left);
    } else {
        QGraphicsView::mouseReleaseEvent(event);
    }
    viewport()->setCursor(Qt::ArrowCursor);
    if (event->button() != Qt::LeftButton)
        return;
    if ((event->pos() - mouse_.pressedAt).manhattanLength() > 4) {
        wasFitted_ = false;
        return;
    }
    const CanvasHit hit = hitAt(event->pos());
    const Selection selection = hit.selection();
    if (hit.badge >= 0 && selection.isNone())
        return;
    if ((event->modifiers() & Qt::ControlModifier) != 0)
        Q_EMIT toggled(selection);
    else
        Q_EMIT selected(selection);
}

void GraphCanvas::contextMenuEvent(QContextMenuEvent* event)
{
    const CanvasHit hit = hitAt(event->pos());
    if (hit.item == nullptr || hit.node < 0)
        return;
    const CanvasNode& node = hit.item->level().nodes[static_cast<size_t>(hit.node)];
    Q_EMIT menuRequested(hit.selection(), node.key, event->globalPos());
}

void GraphCanvas::mouseDoubleClickEvent(QMouseEvent* event)
{
    const CanvasHit hit = hitAt(event->pos());
    if (hit.item == nullptr || hit.node < 0)
        return;
    const CanvasNode node = hit.item->level().nodes[static_cast<size_t>(hit.node)];
    if (node.isGroup)
        setUnfolded(node.key, !isUnfolded(node.key));
}

void GraphCanvas::mouseMoveEvent(QMouseEvent* event)
{
    if (mouse_.band != nullptr) {
        mouse_.band->setGeometry(QRect(mouse_.pressedAt, event->pos()).normalized());
        return;
    }
    QGraphicsView::mouseMoveEvent(event);
    if ((event->buttons() & (Qt::LeftButton | Qt::MiddleButton)) != 0)
        return;
    hoverOver(hitAt(event->pos()));
    viewport()->setCursor(Qt::ArrowCursor);
}

void GraphCanvas::hoverOver(const CanvasHit& hit)
{
    if (mouse_.hovered != nullptr && mouse_.hovered != hit.item)
        mouse_.hovered->setHovered(-1);
    mouse_.hovered = hit.item;
    if (hit.item != nullptr)
        hit.item->setHovered(hit.node);
    Q_EMIT hovered(hit.selection());
}

void GraphCanvas::leaveEvent(QEvent* event)
{
    QGraphicsView::leaveEvent(event);
    hoverOver({});
}

void GraphCanvas::resizeEvent(QResizeEvent* event)
{
    QGraphicsView::resizeEvent(event);
    minimap_->moveIntoCorner();
    if (wasFitted_)
        fitAll();
}

} // namespace alpa::app
