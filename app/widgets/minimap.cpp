#include "app/widgets/minimap.h"

#include "app/settings/theme.h"
#include "app/widgets/graph_canvas.h"
#include "app/widgets/graph_level_item.h"

#include <QMouseEvent>
#include <QPainter>

namespace alpa::app
{

namespace
{

constexpr QSize kSize{190, 130};
constexpr int kMargin = 12;
constexpr int kBorder = 5;

} // namespace

Minimap::Minimap(GraphCanvas* canvas)
    : QWidget(canvas)
    , canvas_(canvas)
{
    setObjectName(QStringLiteral("minimap"));
    setAccessibleName(tr("Overview of the graph"));
    setToolTip(tr("The whole graph; click to go there (M hides it)"));
    setCursor(Qt::PointingHandCursor);
    resize(kSize);
    hide();
}

void Minimap::setWanted(bool isWanted)
{
    isWanted_ = isWanted;
    refresh();
}

void Minimap::moveIntoCorner()
{
    move(canvas_->width() - width() - kMargin, canvas_->height() - height() - kMargin);
    update();
}

QRectF Minimap::contentArea() const
{
    const QRectF content = canvas_->contentRect();
    const QRectF room = QRectF(rect()).adjusted(kBorder, kBorder, -kBorder, -kBorder);
    if (content.isEmpty())
        return room;
    const double scale = std::min(room.width() / content.width(), room.height() / content.height());
    QRectF area(QPointF(0, 0), content.size() * scale);
    area.moveCenter(room.center());
    return area;
}

void Minimap::refresh()
{
    const GraphLevelItem* root = canvas_->rootItem();
    if (!isWanted_ || root == nullptr) {
        hide();
        return;
    }
    const Theme& theme = themeOf(this);
    picture_ = QPixmap(size() * devicePixelRatioF());
    picture_.setDevicePixelRatio(devicePixelRatioF());
    picture_.fill(theme.raised);
    QPainter painter(&picture_);
    canvas_->paintOverview(painter, contentArea());
    moveIntoCorner();
    follow();
}

void Minimap::follow()
{
    // What is all in view needs no map.
    const QRectF view = canvas_->mapToScene(canvas_->viewport()->rect()).boundingRect();
    setVisible(isWanted_ && !picture_.isNull() &&
               !view.adjusted(-40, -40, 40, 40).contains(canvas_->contentRect()));
    update();
}

void Minimap::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = themeOf(this);
    painter.drawPixmap(0, 0, picture_);
    const QRectF content = canvas_->contentRect();
    const QRectF area = contentArea();
    if (!content.isEmpty()) {
        const QRectF view = canvas_->mapToScene(canvas_->viewport()->rect()).boundingRect();
        const double scale = area.width() / content.width();
        QRectF shown(area.topLeft() + (view.topLeft() - content.topLeft()) * scale,
                     view.size() * scale);
        shown = shown.intersected(QRectF(rect()).adjusted(1, 1, -1, -1));
        QColor glass = theme.accent;
        glass.setAlpha(36);
        painter.fillRect(shown, glass);
        painter.setPen(QPen(theme.accent, 1.5));
        painter.drawRect(shown);
    }
    painter.setPen(theme.border);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

void Minimap::moveTo(QPointF at)
{
    const QRectF content = canvas_->contentRect();
    const QRectF area = contentArea();
    if (content.isEmpty())
        return;
    const double scale = content.width() / area.width();
    canvas_->showArea(content.topLeft() + (at - area.topLeft()) * scale);
}

void Minimap::mousePressEvent(QMouseEvent* event) { moveTo(event->position()); }

void Minimap::mouseMoveEvent(QMouseEvent* event)
{
    if ((event->buttons() & Qt::LeftButton) != 0)
        moveTo(event->position());
}

} // namespace alpa::app
