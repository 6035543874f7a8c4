// Where the canvas looks: fitting, zooming, centring, and the way back to where it looked before.
#include "app/widgets/graph_canvas.h"
#include "app/widgets/graph_level_item.h"
#include "app/widgets/minimap.h"
#include "app/widgets/painted_chart.h"

#include <algorithm>

namespace alpa::app
{

namespace
{

constexpr double kLargestFit = 1.15;    ///< A graph of three boxes need not fill the window.
constexpr double kReadableScale = 0.45; ///< Titles of boxes can be read.
constexpr double kNearScale = 0.9;
constexpr double kFarScale = 0.7; ///< From here on a box that is asked for comes nearer.

} // namespace

void GraphCanvas::fitAll()
{
    if (drawn_.root() == nullptr)
        return;
    const QRectF content = company_ == nullptr || company_->rootItem() == nullptr
                               ? contentRect()
                               : contentRect().united(company_->contentRect());
    const QSizeF room = QSizeF(viewport()->size()) - QSizeF(24, 24);
    const double scale =
        std::min({room.width() / std::max(content.width(), 1.0),
                  room.height() / std::max(content.height(), 1.0), kLargestFit * unit_});
    setTransform(
        QTransform::fromScale(std::max(scale, kSmallestScale), std::max(scale, kSmallestScale)));
    centerOn(content.center());
    wasFitted_ = true;
}

void GraphCanvas::fitWith(const GraphCanvas* other)
{
    company_ = other;
    connect(other, &GraphCanvas::laidOut, this, [this] {
        if (wasFitted_)
            fitAll();
    });
}

void GraphCanvas::zoomBy(double factor)
{
    const double scale = std::clamp(transform().m11() * factor, kSmallestScale, kLargestScale);
    const QPointF middle = mapToScene(viewport()->rect().center());
    setTransform(QTransform::fromScale(scale, scale));
    centerOn(middle);
    wasFitted_ = false;
}

void GraphCanvas::centerOnNode(const QString& key)
{
    rememberView();
    centerNow(key);
    // A level that was unfolded just now gets its place when its layout is there.
    if (placer_.isWaiting())
        next_.centeredKey = key;
}

void GraphCanvas::centerNow(const QString& key)
{
    const std::optional<QRectF> box = visibleBox({key});
    if (!box)
        return;
    // Near enough to read a box, far enough to see all of one that is unfolded, as long as its
    // titles can be read.
    const QSizeF room = QSizeF(viewport()->size()) - QSizeF(24, 24);
    const double whole = std::min(room.width() / box->width(), room.height() / box->height());
    if (transform().m11() < kFarScale * unit_ || transform().m11() > whole) {
        const double scale = std::clamp(whole, kReadableScale * unit_, kNearScale * unit_);
        setTransform(QTransform::fromScale(scale, scale));
    }
    // Of a box larger than the view its head, not its middle.
    const QSizeF view = mapToScene(viewport()->rect()).boundingRect().size();
    QPointF middle = box->center();
    if (box->height() > view.height())
        middle.setY(box->top() + view.height() * 0.45);
    if (box->width() > view.width())
        middle.setX(drawn_.headOf(key).value_or(middle.x()));
    centerOn(middle);
    wasFitted_ = false;
    minimap_->follow();
}

void GraphCanvas::showArea(QPointF middle)
{
    rememberView();
    centerOn(middle);
    wasFitted_ = false;
    minimap_->follow();
}

void GraphCanvas::showAll()
{
    rememberView();
    fitAll();
}

void GraphCanvas::frameSelection()
{
    const QRectF area = drawn_.selectedArea();
    if (area.isEmpty()) {
        showAll();
        return;
    }
    rememberView();
    const QSizeF room = QSizeF(viewport()->size()) - QSizeF(48, 48);
    const double whole = std::min(room.width() / area.width(), room.height() / area.height());
    const double scale = std::clamp(whole, kSmallestScale, kLargestFit * unit_);
    lookAt({scale, area.center(), false});
}

CanvasView GraphCanvas::view() const
{
    return {transform().m11(), mapToScene(viewport()->rect().center()), wasFitted_};
}

void GraphCanvas::lookAt(const CanvasView& view)
{
    setTransform(QTransform::fromScale(view.scale, view.scale));
    centerOn(view.middle);
    wasFitted_ = view.isFitted;
    minimap_->follow();
}

/// To be called before the canvas looks elsewhere. What only scrolls or turns the wheel on is one
/// move, however many events it takes.
void GraphCanvas::rememberView()
{
    if (drawn_.root() == nullptr)
        return;
    history_.remember(view());
}

void GraphCanvas::goBack()
{
    if (const std::optional<CanvasView> before = history_.back(view()))
        lookAt(*before);
}

void GraphCanvas::goForward()
{
    if (const std::optional<CanvasView> after = history_.forward(view()))
        lookAt(*after);
}

} // namespace alpa::app
