#include "app/widgets/memory_curve.h"

#include "app/settings/qt_text.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/memory_parts.h"
#include "app/widgets/timeline_chart.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStringList>
#include <QToolTip>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kLeft = 84;
constexpr double kTop = 22; ///< Room for what is said of the peak.
constexpr double kBottom = 28;
constexpr double kRight = 16;

} // namespace

MemoryCurve::MemoryCurve(QWidget* parent)
    : PaintedChart(parent)
{
    setObjectName(u"memoryCurve"_s);
    setAccessibleName(tr("Memory over one step"));
}

void MemoryCurve::setStage(std::shared_ptr<const ParallelPlan> plan, int stage)
{
    plan_ = stage < int(plan->timeline.stages.size()) ? std::move(plan) : nullptr;
    stage_ = stage;
    setAccessibleDescription(plan_ == nullptr ? QString() : textAt(peakAt()));
    update();
}

const StageTimeline& MemoryCurve::timeline() const
{
    return plan_->timeline.stages[static_cast<size_t>(stage_)];
}

QRectF MemoryCurve::plotArea() const
{
    return {kLeft, kTop, std::max(40.0, unitWidth() - kLeft - kRight),
            std::max(40.0, unitHeight() - kTop - kBottom)};
}

double MemoryCurve::most() const { return memoryScale(timeline().peakMemory, memoryLimit(*plan_)); }

QPointF MemoryCurve::place(Seconds time, double bytes) const
{
    const QRectF plot = plotArea();
    const double step = std::max(plan_->timeline.stepTime.count, 1e-12);
    return {plot.left() + time.count / step * plot.width(),
            plot.bottom() - bytes / most() * plot.height()};
}

const MemoryPoint* MemoryCurve::peak() const
{
    const auto& points = timeline().memory;
    const auto found = std::ranges::max_element(points, {}, &MemoryPoint::memory);
    return found == points.end() ? nullptr : &*found;
}

QPointF MemoryCurve::peakAt() const
{
    const MemoryPoint* top = plan_ == nullptr ? nullptr : peak();
    return top == nullptr ? QPointF() : place(top->time, double(top->memory.count)) * unit();
}

void MemoryCurve::paintAxes(QPainter& painter) const
{
    const Theme& theme = themeOf(this);
    const QRectF plot = plotArea();
    // Round figures in the unit that they are written in.
    const double inUnit = most() >= double(kGiB.count)   ? double(kGiB.count)
                          : most() >= double(kMiB.count) ? double(kMiB.count)
                                                         : 1024.0;
    const double tick = tickStep(most() / inUnit, 4) * inUnit;
    for (double bytes = 0; bytes <= most(); bytes += tick) {
        const double y = place(Seconds(0), bytes).y();
        painter.setPen(QPen(theme.border, 1));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(0, y - 8, plot.left() - 8, 16), Qt::AlignRight | Qt::AlignVCenter,
                         memoryText(Bytes(int64_t(bytes))));
    }
    const double step = plan_->timeline.stepTime.count;
    const double timeTick = tickStep(step, int(plot.width() / 110));
    for (double t = 0; t <= step * 1.0001; t += timeTick) {
        const double x = place(Seconds(t), 0).x();
        painter.setPen(theme.mutedText);
        const double left = std::min(x - 55, unitWidth() - 110);
        painter.drawText(QRectF(left, plot.bottom() + 6, 110, 16),
                         left < x - 55 ? Qt::AlignRight : Qt::AlignCenter, timeText(Seconds(t)));
    }
}

void MemoryCurve::paintParts(QPainter& painter) const
{
    const Theme& theme = themeOf(this);
    const QRectF plot = plotArea();
    const auto parts = memoryParts(plan_->stages[static_cast<size_t>(stage_)].memory, theme);
    double below = 0;
    for (size_t i = 0; i < kLastingParts; ++i) {
        const auto bytes = double(parts[i].bytes.count);
        const double top = place(Seconds(0), below + bytes).y();
        const double bottom = place(Seconds(0), below).y();
        fillMemoryPart(painter, QRectF(plot.left(), top, plot.width(), bottom - top), parts[i],
                       theme);
        below += bytes;
    }
    const QPointF start = place(Seconds(0), below);
    QPainterPath path(start);
    QPointF last = start;
    for (const MemoryPoint& point : timeline().memory) {
        const QPointF next = place(point.time, std::max(double(point.memory.count), below));
        path.lineTo(QPointF(next.x(), last.y()));
        path.lineTo(next);
        last = next;
    }
    path.lineTo(QPointF(plot.right(), last.y()));
    QPainterPath area = path;
    area.lineTo(QPointF(plot.right(), start.y()));
    area.closeSubpath();
    painter.save();
    painter.setClipPath(area);
    fillMemoryPart(painter, area.boundingRect(), parts[kLastingParts], theme);
    painter.restore();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.text, 1.2));
    painter.drawPath(path);
}

void MemoryCurve::paintPeak(QPainter& painter) const
{
    const MemoryPoint* top = peak();
    if (top == nullptr)
        return;
    const Theme& theme = themeOf(this);
    const QPointF at = place(top->time, double(top->memory.count));
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.text);
    painter.drawPolygon(QPolygonF({at, at + QPointF(-5, -8), at + QPointF(5, -8)}));
    painter.setPen(theme.text);
    const QString text = tr("peak %1").arg(memoryText(top->memory));
    const double width = painter.fontMetrics().horizontalAdvance(text) + 2;
    const QRectF plot = plotArea();
    const double left = std::clamp(at.x() - width / 2, plot.left(), plot.right() - width);
    painter.drawText(QRectF(left, at.y() - 24, width, 16), Qt::AlignCenter, text);
}

void MemoryCurve::paintLimit(QPainter& painter) const
{
    const Theme& theme = themeOf(this);
    const QRectF plot = plotArea();
    const Bytes limit = memoryLimit(*plan_);
    painter.setPen(theme.limit);
    if (double(limit.count) > most()) {
        painter.drawText(QRectF(plot.left(), 0, plot.width(), 16),
                         Qt::AlignRight | Qt::AlignVCenter,
                         tr("limit %1, far above ↑").arg(memoryText(limit)));
        return;
    }
    const double y = place(Seconds(0), double(limit.count)).y();
    painter.setPen(QPen(theme.limit, 2, Qt::DashLine));
    painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
    painter.setPen(theme.limit);
    painter.drawText(QRectF(plot.right() - 300, y + 2, 296, 16), Qt::AlignRight | Qt::AlignVCenter,
                     tr("limit %1").arg(memoryText(limit)));
}

void MemoryCurve::paintEvent(QPaintEvent*)
{
    if (plan_ == nullptr)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    beginUnits(painter, 11);
    paintAxes(painter);
    paintParts(painter);
    paintLimit(painter);
    paintPeak(painter);
}

QString MemoryCurve::textAt(QPointF pixels) const
{
    const QPointF at = inUnits(pixels);
    const QRectF plot = plotArea();
    if (plan_ == nullptr || timeline().memory.empty() ||
        !plot.adjusted(-2, -kTop, 2, 2).contains(at))
        return {};
    const Seconds time =
        plan_->timeline.stepTime * std::clamp((at.x() - plot.left()) / plot.width(), 0.0, 1.0);
    const auto& points = timeline().memory;
    // A pixel is a while: what begins within it counts.
    const Seconds pixel = plan_->timeline.stepTime * (0.5 / plot.width());
    auto after = std::ranges::upper_bound(points, time + pixel, {}, &MemoryPoint::time);
    const MemoryPoint& point = after == points.begin() ? points.front() : *std::prev(after);
    const StageMemory& memory = plan_->stages[static_cast<size_t>(stage_)].memory;
    QStringList lines{
        tr("Stage %1 at %2: %3").arg(stage_).arg(timeText(point.time), memoryText(point.memory))};
    for (const MemoryPart& part : memoryParts(memory, themeOf(this))) {
        if (lines.size() > qsizetype(kLastingParts))
            break;
        lines << u"%1: %2"_s.arg(part.name, memoryText(part.bytes));
    }
    lines << tr("activations of %1, %2 each")
                 .arg(counted(point.inFlight, tr("microbatch in flight"),
                              tr("microbatches in flight")),
                      memoryText(memory.activations));
    for (const TimelineTask& task : timeline().tasks) {
        if (task.start <= time && time < task.end)
            lines << tr("running: %1").arg(toQt(text(task.task)));
    }
    return lines.join(u'\n');
}

bool MemoryCurve::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return PaintedChart::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    QToolTip::showText(help->globalPos(), textAt(QPointF(help->pos())), this);
    return true;
}

/// A click says at once what waiting would.
void MemoryCurve::mousePressEvent(QMouseEvent* event)
{
    QToolTip::showText(event->globalPosition().toPoint(), textAt(event->position()), this);
}

} // namespace alpa::app
