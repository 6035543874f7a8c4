#include "app/widgets/memory_chart.h"

#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/memory_parts.h"
#include "app/widgets/timeline_chart.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QStringList>
#include <QToolTip>

#include <algorithm>
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
constexpr double kLegend = 30; ///< Of one line.
constexpr double kLegendLine = 20;
constexpr int kLetter = 12;

} // namespace

Bytes memoryLimit(const ParallelPlan& plan)
{
    return plan.options.constraints.memoryPerDevice.value_or(plan.cluster.device.memory);
}

MemoryChart::MemoryChart(QWidget* parent)
    : PaintedChart(parent)
{
    setObjectName(u"memoryChart"_s);
    setMouseTracking(true);
    setAccessibleName(tr("Memory per device of each stage"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void MemoryChart::setPlan(std::shared_ptr<const ParallelPlan> plan)
{
    plan_ = std::move(plan);
    updateGeometry();
    update();
}

void MemoryChart::setSelectedStages(std::set<int> stages)
{
    selectedStages_ = std::move(stages);
    update();
}

QSize MemoryChart::sizeHint() const
{
    const size_t stages = plan_ == nullptr ? 1 : plan_->stages.size();
    return inPixels({600, kTop + double(stages) * (kBar + kGap) + legendHeight()});
}

struct MemoryChart::LegendEntry {
    MemoryPart part;
    QRectF area;
};

std::vector<MemoryChart::LegendEntry> MemoryChart::legend() const
{
    std::vector<LegendEntry> entries;
    if (plan_ == nullptr)
        return entries;
    QFont letters = font();
    letters.setPixelSize(kLetter);
    const QFontMetricsF metrics(letters);
    const Theme& theme = themeOf(this);
    double x = 0, y = 0;
    const auto parts = memoryParts(plan_->stages.front().memory, theme);
    for (size_t i = 0; i < parts.size(); ++i) {
        const bool isHeld = std::ranges::any_of(plan_->stages, [&](const PlanStage& stage) {
            return memoryParts(stage.memory, theme)[i].bytes.count > 0;
        });
        if (!isHeld)
            continue;
        const double width = 19 + metrics.horizontalAdvance(parts[i].name) + 4;
        if (x > 0 && x + width > unitWidth()) {
            x = 0;
            y += kLegendLine;
        }
        entries.push_back({parts[i], QRectF(x, y, width, 16)});
        x += width + 14;
    }
    return entries;
}

double MemoryChart::legendHeight() const
{
    const std::vector<LegendEntry> entries = legend();
    return kLegend + (entries.empty() ? 0 : entries.back().area.top());
}

void MemoryChart::resizeEvent(QResizeEvent*) { updateGeometry(); }

double MemoryChart::scaleMaximum() const
{
    Bytes most(1);
    for (const PlanStage& stage : plan_->stages)
        most = std::max(most, stage.memory.total());
    return memoryScale(most, memoryLimit(*plan_));
}

QRectF MemoryChart::barArea(int stage) const
{
    return QRectF(kLabelWidth, kTop + double(stage) * (kBar + kGap),
                  std::max(60.0, unitWidth() - kLabelWidth - kTotalWidth), kBar);
}

void MemoryChart::paintEvent(QPaintEvent*)
{
    if (plan_ == nullptr)
        return;
    QPainter painter(this);
    const Theme& theme = themeOf(this);
    beginUnits(painter, kLetter);
    const double most = scaleMaximum();
    const Bytes limit = memoryLimit(*plan_);
    for (size_t s = 0; s < plan_->stages.size(); ++s) {
        const StageMemory& memory = plan_->stages[s].memory;
        const QRectF bar = barArea(int(s));
        painter.setPen(selectedStages_.contains(int(s)) ? theme.accent : theme.text);
        painter.drawText(QRectF(0, bar.top(), kLabelWidth - 8, bar.height()),
                         Qt::AlignVCenter | Qt::AlignLeft, tr("Stage %1").arg(s));
        painter.fillRect(bar, theme.stageTint[s % 2]);
        double x = bar.left();
        for (const MemoryPart& part : memoryParts(memory, theme)) {
            const double width = bar.width() * double(part.bytes.count) / most;
            fillMemoryPart(painter, QRectF(x, bar.top(), width, bar.height()), part, theme);
            x += width;
        }
        if (int(s) == hoveredStage_) {
            painter.setPen(QPen(theme.accent, 1.2));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(bar.adjusted(-1, -1, 1, 1));
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

    const double top = unitHeight() - legendHeight() + 10;
    for (const auto& [part, place] : legend()) {
        const QRectF area = place.translated(0, top);
        fillMemoryPart(painter, QRectF(area.left(), area.top() + 2, 14, 12), part, theme);
        painter.setPen(theme.mutedText);
        painter.drawText(area.adjusted(19, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, part.name);
    }
}

bool MemoryChart::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip || plan_ == nullptr)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    for (size_t s = 0; s < plan_->stages.size(); ++s) {
        if (!barArea(int(s)).contains(inUnits(QPointF(help->pos()))))
            continue;
        QStringList lines{stageText(*plan_, int(s))};
        const StageMemory& memory = plan_->stages[s].memory;
        for (const MemoryPart& part : memoryParts(memory, themeOf(this)))
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

void MemoryChart::setHoveredStage(int stage)
{
    if (stage == hoveredStage_)
        return;
    hoveredStage_ = stage;
    update();
}

int MemoryChart::stageAt(QPointF pixels) const
{
    const double y = inUnits(pixels).y();
    for (size_t s = 0; plan_ != nullptr && s < plan_->stages.size(); ++s) {
        const QRectF bar = barArea(int(s));
        if (y >= bar.top() && y <= bar.bottom())
            return int(s);
    }
    return -1;
}

void MemoryChart::mousePressEvent(QMouseEvent* event)
{
    if (const int stage = stageAt(event->position()); stage >= 0)
        Q_EMIT stageClicked(stage);
}

void MemoryChart::mouseMoveEvent(QMouseEvent* event)
{
    Q_EMIT stageHovered(stageAt(event->position()));
}

void MemoryChart::leaveEvent(QEvent*) { Q_EMIT stageHovered(-1); }

} // namespace alpa::app
