#include "app/widgets/scatter_chart.h"

#include "app/settings/theme.h"
#include "app/widgets/label_placement.h"
#include "app/widgets/timeline_chart.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kMark = 6;
constexpr double kReach = 12;

QPainterPath markOf(QPointF at, int group, double size)
{
    QPainterPath path;
    switch (group % 4) {
    case 1:
        path.addRect(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size));
        break;
    case 2:
        path.addPolygon(QPolygonF({{at.x(), at.y() - size * 1.2},
                                   {at.x() + size * 1.1, at.y() + size},
                                   {at.x() - size * 1.1, at.y() + size}}));
        path.closeSubpath();
        break;
    case 3:
        path.addPolygon(QPolygonF({{at.x(), at.y() - size * 1.3},
                                   {at.x() + size * 1.3, at.y()},
                                   {at.x(), at.y() + size * 1.3},
                                   {at.x() - size * 1.3, at.y()}}));
        path.closeSubpath();
        break;
    default:
        path.addEllipse(at, size, size);
    }
    return path;
}

} // namespace

ScatterChart::ScatterChart(const QString& name, const QString& accessibleName, QWidget* parent)
    : QWidget(parent)
{
    setObjectName(name);
    setAccessibleName(accessibleName);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    const auto plain = [](double value) { return QString::number(value, 'g', 4); };
    xFormat_ = plain;
    yFormat_ = plain;
}

void ScatterChart::setAxes(const QString& xTitle, Format xFormat, const QString& yTitle,
                           Format yFormat)
{
    xTitle_ = xTitle;
    yTitle_ = yTitle;
    xFormat_ = std::move(xFormat);
    yFormat_ = std::move(yFormat);
    update();
}

void ScatterChart::setPoints(std::vector<ScatterPoint> points)
{
    points_ = std::move(points);
    current_ = -1;
    QStringList read;
    for (const ScatterPoint& point : points_)
        read << u"%1: %2, %3"_s.arg(point.label, xFormat_(point.x), yFormat_(point.y));
    setAccessibleDescription(read.join(u"; "_s));
    refreshRanges();
    update();
}

void ScatterChart::setShowsFrontier(bool on)
{
    showsFrontier_ = on;
    update();
}

void ScatterChart::setShowsDiagonal(bool on)
{
    showsDiagonal_ = on;
    refreshRanges();
    update();
}

void ScatterChart::refreshRanges()
{
    x_ = y_ = {};
    if (points_.empty())
        return;
    x_ = {points_[0].x, points_[0].x};
    y_ = {points_[0].y, points_[0].y};
    for (const ScatterPoint& point : points_) {
        x_ = {std::min(x_.low, point.x), std::max(x_.high, point.x)};
        y_ = {std::min(y_.low, point.low.value_or(point.y)),
              std::max(y_.high, point.high.value_or(point.y))};
    }
    if (showsDiagonal_)
        x_ = y_ = {0, std::max(x_.high, y_.high)};
    for (Range* range : {&x_, &y_}) {
        const double margin =
            std::max((range->high - range->low) * 0.12, std::abs(range->high) * 0.02 + 1e-12);
        range->low = std::max(range->low - margin, range->low >= 0 ? 0.0 : range->low - margin);
        range->high += margin;
    }
}

QRectF ScatterChart::plotArea() const
{
    const int line = fontMetrics().height();
    const double left = fontMetrics().horizontalAdvance(u"888.8 GiB"_s) + 14;
    return {left, double(line) + 8, std::max(40.0, double(width()) - left - 20),
            std::max(40.0, double(height()) - 3.4 * line - 10)};
}

QPointF ScatterChart::place(double x, double y) const
{
    const QRectF plot = plotArea();
    return {plot.left() + (x - x_.low) / (x_.high - x_.low) * plot.width(),
            plot.bottom() - (y - y_.low) / (y_.high - y_.low) * plot.height()};
}

QPointF ScatterChart::placeOf(size_t point) const
{
    return place(points_[point].x, points_[point].y);
}

std::vector<size_t> ScatterChart::frontier() const
{
    std::vector<size_t> order;
    for (size_t i = 0; i < points_.size(); ++i) {
        const bool isBeaten = std::ranges::any_of(points_, [&](const ScatterPoint& other) {
            return other.x <= points_[i].x && other.y <= points_[i].y &&
                   (other.x < points_[i].x || other.y < points_[i].y);
        });
        if (!isBeaten)
            order.push_back(i);
    }
    std::ranges::stable_sort(order, {}, [&](size_t i) { return points_[i].x; });
    return order;
}

int ScatterChart::pointNear(QPointF at) const
{
    int nearest = -1;
    double distance = kReach;
    for (size_t i = 0; i < points_.size(); ++i) {
        const QPointF apart = placeOf(i) - at;
        const double length = std::hypot(apart.x(), apart.y());
        if (length < distance) {
            distance = length;
            nearest = int(i);
        }
    }
    return nearest;
}

void ScatterChart::mousePressEvent(QMouseEvent* event)
{
    if (const int at = pointNear(event->position()); at >= 0) {
        current_ = at;
        Q_EMIT pointClicked(points_[static_cast<size_t>(at)].id);
        update();
    }
}

void ScatterChart::keyPressEvent(QKeyEvent* event)
{
    const int count = int(points_.size());
    const int key = event->key();
    if (count > 0 &&
        (key == Qt::Key_Right || key == Qt::Key_Down || key == Qt::Key_Left || key == Qt::Key_Up)) {
        const int step = key == Qt::Key_Right || key == Qt::Key_Down ? 1 : -1;
        current_ = (current_ + step + count) % count;
        update();
    } else if (current_ >= 0 && (key == Qt::Key_Return || key == Qt::Key_Enter)) {
        Q_EMIT pointClicked(points_[static_cast<size_t>(current_)].id);
    } else {
        QWidget::keyPressEvent(event);
    }
}

bool ScatterChart::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int at = pointNear(help->pos());
    QToolTip::showText(help->globalPos(), at < 0 ? QString() : points_[static_cast<size_t>(at)].tip,
                       this);
    return true;
}

void ScatterChart::paintAxes(QPainter& painter) const
{
    const Theme& theme = themeOf(this);
    const QRectF plot = plotArea();
    const int line = painter.fontMetrics().height();
    const double yTick = tickStep(y_.high - y_.low, std::max(2, int(plot.height() / 50)));
    for (double value = std::ceil(y_.low / yTick) * yTick; value <= y_.high; value += yTick) {
        const double y = place(x_.low, value).y();
        painter.setPen(QPen(theme.border, 1));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(0, y - line, plot.left() - 8, 2 * line),
                         Qt::AlignRight | Qt::AlignVCenter, yFormat_(value));
    }
    const double xTick = tickStep(x_.high - x_.low, std::max(2, int(plot.width() / 110)));
    for (double value = std::ceil(x_.low / xTick) * xTick; value <= x_.high; value += xTick) {
        const double x = place(value, y_.low).x();
        painter.setPen(QPen(theme.border, 1));
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
        painter.setPen(theme.mutedText);
        painter.drawText(
            QRectF(std::min(x - 60, double(width()) - 122), plot.bottom() + 3, 120, line),
            x + 62 > width() ? Qt::AlignRight : Qt::AlignCenter, xFormat_(value));
    }
    painter.setPen(theme.text);
    painter.drawText(QRectF(4, 0, double(width()) - 8, line + 4), Qt::AlignLeft | Qt::AlignVCenter,
                     yTitle_);
    painter.drawText(QRectF(plot.left(), plot.bottom() + line + 4, plot.width(), line + 4),
                     Qt::AlignCenter, xTitle_);
}

void ScatterChart::paintPoint(QPainter& painter, size_t index) const
{
    const Theme& theme = themeOf(this);
    const ScatterPoint& point = points_[index];
    const QPointF at = placeOf(index);
    if (point.low && point.high) {
        painter.setPen(QPen(theme.measured, 1.5));
        const QPointF low = place(point.x, *point.low), high = place(point.x, *point.high);
        painter.drawLine(low, high);
        for (const QPointF end : {low, high})
            painter.drawLine(end - QPointF(4, 0), end + QPointF(4, 0));
    }
    painter.setPen(QPen(point.isEmphasized || int(index) == current_ ? theme.text : theme.surface,
                        point.isEmphasized ? 2 : 1));
    painter.setBrush(point.isEmphasized ? theme.measured : theme.predicted);
    painter.drawPath(markOf(at, point.group, kMark));
}

QFont ScatterChart::fontOf(const ScatterPoint& point) const
{
    QFont own = font();
    own.setBold(point.isEmphasized);
    return own;
}

QString ScatterChart::labelOf(const ScatterPoint& point)
{
    return (point.isStarred ? u"★ "_s : QString()) + point.label;
}

std::vector<QRectF> ScatterChart::labelAreas() const
{
    std::vector<LabelWish> wishes;
    for (size_t i = 0; i < points_.size(); ++i) {
        const QFontMetricsF metrics(fontOf(points_[i]));
        const QSizeF size(std::ceil(metrics.horizontalAdvance(labelOf(points_[i]))) + 2,
                          metrics.height());
        wishes.push_back({placeOf(i), size, kMark, points_[i].isEmphasized});
    }
    return placeLabels(wishes, plotArea());
}

/// Names beside their points; one that had to move away is tied to its point by a line.
void ScatterChart::paintLabels(QPainter& painter) const
{
    const Theme& theme = themeOf(this);
    const std::vector<QRectF> areas = labelAreas();
    for (size_t i = 0; i < points_.size(); ++i) {
        const QPointF at = placeOf(i);
        if (std::abs(areas[i].center().y() - at.y()) > areas[i].height() * 0.6) {
            painter.setPen(QPen(theme.mutedText, 1));
            painter.drawLine(
                at, QPointF(areas[i].left() > at.x() ? areas[i].left() - 2 : areas[i].right() + 2,
                            areas[i].center().y()));
        }
        // No line of the chart goes through a name.
        painter.fillRect(areas[i], palette().color(QPalette::Window));
        painter.setFont(fontOf(points_[i]));
        painter.setPen(theme.text);
        painter.drawText(areas[i], Qt::AlignVCenter | Qt::AlignLeft, labelOf(points_[i]));
    }
}

void ScatterChart::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = themeOf(this);
    if (points_.empty()) {
        painter.setPen(theme.mutedText);
        painter.drawText(rect().adjusted(20, 0, -20, 0), Qt::AlignCenter | Qt::TextWordWrap,
                         emptyText_);
        return;
    }
    paintAxes(painter);
    const QRectF plot = plotArea();
    if (showsDiagonal_) {
        painter.setPen(QPen(theme.mutedText, 1.5, Qt::DashLine));
        const double most = std::min(x_.high, y_.high);
        painter.drawLine(place(0, 0), place(most, most));
    }
    if (showsFrontier_) {
        const std::vector<size_t> best = frontier();
        QPainterPath path;
        for (size_t i = 0; i < best.size(); ++i) {
            const QPointF at = placeOf(best[i]);
            if (i == 0)
                path.moveTo(at.x(), plot.top());
            path.lineTo(at.x(), path.currentPosition().y());
            path.lineTo(at);
        }
        path.lineTo(plot.right(), path.currentPosition().y());
        painter.setPen(QPen(theme.accent, 1.5, Qt::DotLine));
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(path);
    }
    paintLabels(painter);
    for (size_t i = 0; i < points_.size(); ++i)
        paintPoint(painter, i);
}

} // namespace alpa::app
