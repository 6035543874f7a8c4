#include "app/widgets/series_chart.h"

#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/timeline_chart.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kBar = 15;
constexpr double kGroupGap = 14;
constexpr double kLabel = 140;
constexpr double kValue = 100;
constexpr double kLegend = 28;

} // namespace

BarChart::BarChart(QWidget* parent)
    : PaintedChart(parent)
{
    setObjectName(u"compareChart"_s);
    setAccessibleName(tr("Step time of each plan"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void BarChart::setGroups(std::vector<BarGroup> groups)
{
    groups_ = std::move(groups);
    updateGeometry();
    update();
}

QSize BarChart::sizeHint() const
{
    double height = kLegend + 8;
    for (const BarGroup& group : groups_)
        height += kGroupGap + kBar * (group.measured ? 2 : 1);
    return inPixels({600, std::max(height, 60.0)});
}

void BarChart::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Theme& theme = themeOf(this);
    beginUnits(painter, 12);
    const QFont small = painter.font();
    double most = 0;
    for (const BarGroup& group : groups_)
        most = std::max({most, group.predicted.value_or(0), group.measured.value_or(0),
                         group.spread ? group.spread->second : 0.0});
    const double room = std::max(40.0, unitWidth() - kLabel - kValue);
    double y = 6;
    for (const BarGroup& group : groups_) {
        const double height = kBar * (group.measured ? 2 : 1);
        QFont label = small;
        label.setBold(group.isEmphasized);
        painter.setFont(label);
        painter.setPen(theme.text);
        painter.drawText(
            QRectF(0, y, kLabel - 12, height), Qt::AlignVCenter | Qt::AlignRight,
            painter.fontMetrics().elidedText(group.label, Qt::ElideRight, int(kLabel) - 12));
        painter.setFont(small);
        double top = y;
        const auto drawBar = [&](std::optional<double> value, const QColor& color, bool isHatched) {
            if (!value)
                return;
            const QRectF bar(kLabel, top + 1, std::max(2.0, room * *value / std::max(most, 1e-12)),
                             kBar - 2);
            painter.fillRect(bar, color);
            if (isHatched) {
                QColor ink = theme.surface;
                ink.setAlpha(110);
                painter.fillRect(bar, QBrush(ink, Qt::BDiagPattern));
            }
            painter.setPen(theme.text);
            // Behind the whisker, where there is one.
            const double reach =
                isHatched && group.spread ? std::max(*value, group.spread->second) : *value;
            const double end = kLabel + room * reach / std::max(most, 1e-12);
            painter.drawText(QRectF(std::max(bar.right(), end) + 8, top, kValue, kBar),
                             Qt::AlignVCenter | Qt::AlignLeft, timeText(Seconds(*value)));
            top += kBar;
        };
        drawBar(group.predicted, theme.predicted, false);
        const double measuredTop = top;
        drawBar(group.measured, theme.measured, true);
        if (group.measured && group.spread) {
            // The middle half of the steps, as a whisker over the end of the bar.
            const auto xOf = [&](double seconds) {
                return kLabel + room * seconds / std::max(most, 1e-12);
            };
            const double middle = measuredTop + kBar / 2;
            painter.setPen(QPen(theme.text, 1.5));
            painter.drawLine(QPointF(xOf(group.spread->first), middle),
                             QPointF(xOf(group.spread->second), middle));
            for (const double end : {group.spread->first, group.spread->second})
                painter.drawLine(QPointF(xOf(end), middle - 4), QPointF(xOf(end), middle + 4));
        }
        if (!group.predicted && !group.measured) {
            painter.setPen(theme.mutedText);
            painter.drawText(QRectF(kLabel, y, unitWidth() - kLabel - 8, height),
                             Qt::AlignVCenter | Qt::AlignLeft,
                             painter.fontMetrics().elidedText(group.problem, Qt::ElideRight,
                                                              int(unitWidth() - kLabel - 8)));
        }
        y += height + kGroupGap;
    }
    const double legend = unitHeight() - kLegend + 8;
    double x = kLabel;
    const auto drawKey = [&](const QColor& color, bool isHatched, const QString& text) {
        painter.fillRect(QRectF(x, legend + 3, 14, 12), color);
        if (isHatched) {
            QColor ink = theme.surface;
            ink.setAlpha(110);
            painter.fillRect(QRectF(x, legend + 3, 14, 12), QBrush(ink, Qt::BDiagPattern));
        }
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(x + 20, legend, 420, 18), Qt::AlignVCenter | Qt::AlignLeft, text);
        x += 20 + painter.fontMetrics().horizontalAdvance(text) + 20;
    };
    drawKey(theme.predicted, false, tr("predicted step time"));
    if (std::ranges::any_of(groups_,
                            [](const BarGroup& group) { return group.measured.has_value(); }))
        drawKey(theme.measured, true, tr("measured (median, middle half of the steps)"));
}

LineChart::LineChart(const QString& title, const QString& unit, QWidget* parent)
    : PaintedChart(parent)
    , title_(title)
    , unit_(unit)
{
    setAccessibleName(title);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void LineChart::setPoints(std::vector<double> points)
{
    points_ = std::move(points);
    update();
}

void LineChart::setLevel(std::optional<double> level, const QString& label)
{
    level_ = level;
    levelLabel_ = label;
    update();
}

void LineChart::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = themeOf(this);
    beginUnits(painter, 12);
    const QFont small = painter.font();
    QFont bold = small;
    bold.setBold(true);
    painter.setFont(bold);
    painter.setPen(theme.text);
    const QString title = unit_.isEmpty() ? title_ : u"%1 (%2)"_s.arg(title_, unit_);
    painter.drawText(QRectF(8, 4, unitWidth() - 16, 20), Qt::AlignLeft | Qt::AlignVCenter, title);
    painter.setFont(small);
    const QRectF plot(64, 32, unitWidth() - 64 - 16, unitHeight() - 32 - 30);
    if (points_.empty()) {
        painter.setPen(theme.mutedText);
        painter.drawText(plot, Qt::AlignCenter, tr("no steps yet"));
        return;
    }
    auto [low, high] = std::ranges::minmax(points_);
    if (level_) {
        low = std::min(low, *level_);
        high = std::max(high, *level_);
    }
    const double margin = std::max((high - low) * 0.08, std::abs(high) * 1e-3 + 1e-12);
    low -= margin;
    high += margin;
    const auto place = [&](double index, double value) {
        const double last = double(std::max<size_t>(points_.size() - 1, 1));
        return QPointF(plot.left() + index / last * plot.width(),
                       plot.bottom() - (value - low) / (high - low) * plot.height());
    };
    const double tick = tickStep(high - low, 4);
    for (double value = std::ceil(low / tick) * tick; value <= high; value += tick) {
        const double y = place(0, value).y();
        painter.setPen(QPen(theme.border, 1));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(0, y - 9, plot.left() - 8, 18), Qt::AlignRight | Qt::AlignVCenter,
                         numberText(std::abs(value) < tick * 1e-6 ? 0.0 : value));
    }
    painter.setPen(theme.mutedText);
    painter.drawText(QRectF(plot.left(), plot.bottom() + 6, 80, 18), Qt::AlignLeft, tr("step 0"));
    painter.drawText(QRectF(plot.right() - 120, plot.bottom() + 6, 120, 18), Qt::AlignRight,
                     tr("step %1").arg(points_.size() - 1));
    if (level_) {
        const double y = place(0, *level_).y();
        painter.setPen(QPen(theme.predicted, 1.5, Qt::DashLine));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(theme.predicted);
        painter.drawText(QRectF(plot.left() + 6, y - 18, plot.width() - 12, 16),
                         Qt::AlignLeft | Qt::AlignVCenter, levelLabel_);
    }
    QPainterPath path(place(0, points_.front()));
    for (size_t i = 1; i < points_.size(); ++i)
        path.lineTo(place(double(i), points_[i]));
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.measured, 1.8));
    painter.drawPath(path);
    painter.setBrush(theme.measured);
    painter.drawEllipse(place(double(points_.size() - 1), points_.back()), 3, 3);
}

} // namespace alpa::app
