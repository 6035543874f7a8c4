#include "app/widgets/link_item.h"

#include "app/settings/theme.h"

#include <QApplication>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <cmath>

namespace alpa::app
{

LinkItem::LinkItem(std::vector<std::pair<QRectF, QRectF>> ends)
{
    setZValue(10);
    for (const auto& [from, to] : ends) {
        const bool isDown = to.top() >= from.bottom();
        const QPointF begin(from.center().x(), isDown ? from.bottom() : from.top());
        const QPointF end(to.center().x(), isDown ? to.top() : to.bottom());
        const double bend = (isDown ? 1 : -1) * std::max(30.0, std::abs(end.y() - begin.y()) * 0.4);
        QPainterPath path(begin);
        path.cubicTo(begin + QPointF(0, bend), end - QPointF(0, bend), end);
        bounds_ |= path.boundingRect().adjusted(-14, -14, 14, 14);
        paths_.push_back(std::move(path));
    }
}

void LinkItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget* widget)
{
    const Theme& theme = widget != nullptr ? themeOf(widget) : themeOf(QApplication::palette());
    const double scale =
        QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform());
    const double size = 9 / std::min(1.0, std::max(scale, 0.1));
    painter->setRenderHint(QPainter::Antialiasing);
    for (const QPainterPath& path : paths_) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(theme.accent, size / 4, Qt::DashLine));
        painter->drawPath(path);
        const QPointF tip = path.pointAtPercent(1);
        const QPointF before = path.pointAtPercent(0.97);
        const double angle = std::atan2(tip.y() - before.y(), tip.x() - before.x());
        const QPointF arrow[] = {
            tip, tip + QPointF(std::cos(angle + 2.7), std::sin(angle + 2.7)) * size,
            tip + QPointF(std::cos(angle - 2.7), std::sin(angle - 2.7)) * size};
        painter->setPen(Qt::NoPen);
        painter->setBrush(theme.accent);
        painter->drawPolygon(arrow, 3);
    }
}

} // namespace alpa::app
