#include "app/widgets/memory_chart.h"

#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/timeline_chart.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStringList>
#include <QToolTip>

#include <algorithm>
#include <array>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kLabelWidth = 76;
constexpr double kTotalWidth = 110;
constexpr double kBar = 30;
constexpr double kGap = 12;
constexpr double kTop = 26;
constexpr double kLegend = 30;
constexpr double kLimitInView =
    4; ///< The limit is drawn where it is less than so many times the fullest bar.

struct Part {
    QString name;
    Bytes bytes;
    QColor color;
    Qt::BrushStyle pattern =
        Qt::SolidPattern; ///< Over the colour, so that parts differ without it.
};

std::array<Part, 5> partsOf(const StageMemory& memory, const Theme& theme)
{
    return {
        Part{MemoryChart::tr("parameters"), memory.parameters, theme.parameters, Qt::SolidPattern},
        Part{MemoryChart::tr("gradients"), memory.gradients, theme.gradients, Qt::BDiagPattern},
        Part{MemoryChart::tr("optimizer state"), memory.optimizerState, theme.optimizer,
             Qt::FDiagPattern},
        Part{MemoryChart::tr("activations"), memory.activations * int64_t{memory.inFlight},
             theme.activations, Qt::Dense6Pattern},
        Part{MemoryChart::tr("transient"), memory.transient, theme.transient, Qt::HorPattern}};
}

void fillPart(QPainter& painter, const QRectF& area, const Part& part, const Theme& theme)
{
    painter.fillRect(area, part.color);
    if (part.pattern == Qt::SolidPattern)
        return;
    QColor ink = theme.isDark ? QColor(Qt::black) : QColor(Qt::white);
    ink.setAlpha(70);
    painter.fillRect(area, QBrush(ink, part.pattern));
}

} // namespace

Bytes memoryLimit(const ParallelPlan& plan)
{
    return plan.options.constraints.memoryPerDevice.value_or(plan.cluster.device.memory);
}

MemoryChart::MemoryChart(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(u"memoryChart"_s);
    setAccessibleName(tr("Memory per device of each stage"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void MemoryChart::setPlan(std::shared_ptr<const ParallelPlan> plan)
{
    plan_ = std::move(plan);
    updateGeometry();
    update();
}

void MemoryChart::setSelectedStage(int stage)
{
    selectedStage_ = stage;
    update();
}

QSize MemoryChart::sizeHint() const
{
    const size_t stages = plan_ == nullptr ? 1 : plan_->stages.size();
    return {600, int(kTop + double(stages) * (kBar + kGap) + kLegend)};
}

double MemoryChart::scaleMaximum() const
{
    double most = 1;
    for (const PlanStage& stage : plan_->stages)
        most = std::max(most, double(stage.memory.total().count));
    // A limit far above what is used would leave slivers of bars: then it is told, not drawn.
    const auto limit = double(memoryLimit(*plan_).count);
    return limit < most * kLimitInView ? std::max(most, limit) * 1.04 : most * 1.15;
}

QRectF MemoryChart::barArea(int stage) const
{
    return QRectF(kLabelWidth, kTop + double(stage) * (kBar + kGap),
                  std::max(60.0, double(width()) - kLabelWidth - kTotalWidth), kBar);
}

void MemoryChart::paintEvent(QPaintEvent*)
{
    if (plan_ == nullptr)
        return;
    QPainter painter(this);
    const Theme& theme = themeOf(this);
    QFont small = font();
    small.setPixelSize(12);
    painter.setFont(small);
    const double most = scaleMaximum();
    const Bytes limit = memoryLimit(*plan_);
    for (size_t s = 0; s < plan_->stages.size(); ++s) {
        const StageMemory& memory = plan_->stages[s].memory;
        const QRectF bar = barArea(int(s));
        painter.setPen(int(s) == selectedStage_ ? theme.accent : theme.text);
        painter.drawText(QRectF(0, bar.top(), kLabelWidth - 8, bar.height()),
                         Qt::AlignVCenter | Qt::AlignLeft, tr("Stage %1").arg(s));
        painter.fillRect(bar, theme.stageTint[s % 2]);
        double x = bar.left();
        for (const Part& part : partsOf(memory, theme)) {
            const double width = bar.width() * double(part.bytes.count) / most;
            fillPart(painter, QRectF(x, bar.top(), width, bar.height()), part, theme);
            x += width;
        }
        const bool isOver = memory.total() > limit;
        painter.setPen(isOver ? theme.error : theme.text);
        painter.drawText(QRectF(bar.right() + 10, bar.top(), kTotalWidth - 10, bar.height()),
                         Qt::AlignVCenter | Qt::AlignLeft, memoryText(memory.total()));
    }
    const QRectF firstBar = barArea(0);
    const bool isInView = double(limit.count) <= most;
    const double x = isInView ? firstBar.left() + firstBar.width() * double(limit.count) / most
                              : firstBar.right();
    painter.setPen(QPen(theme.limit, 2, Qt::DashLine));
    if (isInView)
        painter.drawLine(QPointF(x, kTop - 6),
                         QPointF(x, barArea(int(plan_->stages.size()) - 1).bottom() + 4));
    painter.setPen(theme.limit);
    painter.drawText(QRectF(0, 0, x - 4, kTop - 6), Qt::AlignVCenter | Qt::AlignRight,
                     isInView ? tr("limit %1").arg(memoryText(limit))
                              : tr("limit %1, far to the right →").arg(memoryText(limit)));

    double left = 0;
    const double y = double(height()) - kLegend + 10;
    for (const Part& part : partsOf(plan_->stages.front().memory, theme)) {
        fillPart(painter, QRectF(left, y + 2, 14, 12), part, theme);
        painter.setPen(theme.mutedText);
        const int width = painter.fontMetrics().horizontalAdvance(part.name);
        painter.drawText(QRectF(left + 19, y, width + 4, 16), Qt::AlignVCenter | Qt::AlignLeft,
                         part.name);
        left += 19 + width + 18;
    }
}

bool MemoryChart::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip || plan_ == nullptr)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    for (size_t s = 0; s < plan_->stages.size(); ++s) {
        if (!barArea(int(s)).contains(help->pos()))
            continue;
        QStringList lines{stageText(*plan_, int(s))};
        const StageMemory& memory = plan_->stages[s].memory;
        for (const Part& part : partsOf(memory, themeOf(this)))
            lines << u"%1: %2"_s.arg(part.name, memoryText(part.bytes));
        lines << tr("activations: %1 of each of %2 microbatches in flight")
                     .arg(memoryText(memory.activations))
                     .arg(memory.inFlight);
        QToolTip::showText(help->globalPos(), lines.join(u'\n'), this);
        return true;
    }
    QToolTip::hideText();
    return true;
}

void MemoryChart::mousePressEvent(QMouseEvent* event)
{
    for (size_t s = 0; plan_ != nullptr && s < plan_->stages.size(); ++s) {
        const QRectF bar = barArea(int(s));
        if (event->position().y() >= bar.top() && event->position().y() <= bar.bottom())
            Q_EMIT stageClicked(int(s));
    }
}

MemoryCurve::MemoryCurve(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(u"memoryCurve"_s);
    setAccessibleName(tr("Memory over one step"));
}

void MemoryCurve::setStage(std::shared_ptr<const ParallelPlan> plan, int stage)
{
    plan_ = std::move(plan);
    stage_ = stage;
    update();
}

void MemoryCurve::paintEvent(QPaintEvent*)
{
    if (plan_ == nullptr || stage_ >= int(plan_->timeline.stages.size()))
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme& theme = themeOf(this);
    QFont small = font();
    small.setPixelSize(11);
    painter.setFont(small);
    const StageTimeline& timeline = plan_->timeline.stages[static_cast<size_t>(stage_)];
    const QRectF plot(84, 10, double(width()) - 84 - 16, double(height()) - 38);
    const double limit = double(memoryLimit(*plan_).count);
    const double most = std::max(limit, double(timeline.peakMemory.count)) * 1.05;
    const double step = std::max(plan_->timeline.stepTime.count, 1e-12);
    const auto place = [&](Seconds time, Bytes bytes) {
        return QPointF(plot.left() + time.count / step * plot.width(),
                       plot.bottom() - double(bytes.count) / most * plot.height());
    };
    const double tick = tickStep(most / double(kGiB.count), 4) * double(kGiB.count);
    for (double bytes = 0; bytes <= most; bytes += tick) {
        const double y = place(Seconds(0), Bytes(int64_t(bytes))).y();
        painter.setPen(QPen(theme.border, 1));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(0, y - 8, plot.left() - 8, 16), Qt::AlignRight | Qt::AlignVCenter,
                         memoryText(Bytes(int64_t(bytes))));
    }
    const double timeTick = tickStep(step, int(plot.width() / 110));
    for (double t = 0; t <= step * 1.0001; t += timeTick) {
        const double x = place(Seconds(t), Bytes(0)).x();
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(x - 55, plot.bottom() + 6, 110, 16), Qt::AlignCenter,
                         timeText(Seconds(t)));
    }
    QPainterPath path;
    path.moveTo(plot.bottomLeft());
    QPointF last = plot.bottomLeft();
    for (const MemoryPoint& point : timeline.memory) {
        const QPointF next = place(point.time, point.memory);
        path.lineTo(QPointF(next.x(), last.y()));
        path.lineTo(next);
        last = next;
    }
    path.lineTo(QPointF(plot.right(), last.y()));
    path.lineTo(plot.bottomRight());
    path.closeSubpath();
    QColor fill = theme.activations;
    fill.setAlpha(150);
    painter.fillPath(path, fill);
    painter.setPen(QPen(theme.activations, 1.5));
    painter.drawPath(path);
    const double y = place(Seconds(0), Bytes(int64_t(limit))).y();
    painter.setPen(QPen(theme.limit, 2, Qt::DashLine));
    painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
    painter.setPen(theme.limit);
    painter.drawText(QRectF(plot.right() - 160, y + 2, 156, 16), Qt::AlignRight | Qt::AlignVCenter,
                     tr("limit"));
}

} // namespace alpa::app
