#include "app/widgets/timeline_chart.h"

#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/timeline_metrics.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QStringList>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

using Phase = ScheduledTask::Phase;

QColor colorOf(Phase phase, const Theme& theme)
{
    switch (phase) {
    case Phase::kForward:
        return theme.forward;
    case Phase::kBackward:
    case Phase::kWeightGradient:
        return theme.backward;
    case Phase::kGradientSync:
        return theme.sync;
    case Phase::kUpdate:
        return theme.update;
    }
    return theme.update;
}

QString phaseText(Phase phase)
{
    switch (phase) {
    case Phase::kForward:
        return TimelineChart::tr("forward");
    case Phase::kBackward:
        return TimelineChart::tr("backward");
    case Phase::kWeightGradient:
        return TimelineChart::tr("weight gradient");
    case Phase::kGradientSync:
        return TimelineChart::tr("gradient sync");
    case Phase::kUpdate:
        return TimelineChart::tr("update");
    }
    return {};
}

} // namespace

TimelineChart::TimelineChart(QWidget* parent)
    : PaintedChart(parent)
{
    setObjectName(u"timelineChart"_s);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(tr("Predicted timeline of one step"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void TimelineChart::setPlan(std::shared_ptr<const ParallelPlan> plan)
{
    plan_ = std::move(plan);
    measured_ = nullptr;
    predicted_ = plan_ == nullptr ? std::nullopt : std::optional<PredictedSpans>(*plan_);
    first_ = 0;
    last_ = 1;
    updateGeometry();
    update();
}

void TimelineChart::setVisibleRange(Seconds first, Seconds last)
{
    if (plan_ == nullptr || last <= first)
        return;
    first_ = first / span();
    last_ = last / span();
    update();
}

void TimelineChart::setSelectedStages(std::set<int> stages)
{
    selectedStages_ = std::move(stages);
    update();
}

void TimelineChart::setHoveredStage(int stage)
{
    if (stage == hoveredStage_)
        return;
    hoveredStage_ = stage;
    update();
}

int TimelineChart::stageAt(QPointF pixels) const
{
    const double y = inUnits(pixels).y();
    for (size_t s = 0; plan_ != nullptr && s < plan_->timeline.stages.size(); ++s) {
        const QRectF row = rowArea(int(s));
        if (y >= row.top() && y <= row.top() + rowHeight(int(s)))
            return int(s);
    }
    return -1;
}

void TimelineChart::setSelectedOps(std::set<OpId> ops)
{
    selectedOps_ = std::move(ops);
    update();
}

QSize TimelineChart::sizeHint() const
{
    const size_t stages = plan_ == nullptr ? 1 : plan_->timeline.stages.size();
    double rows = 0;
    for (size_t stage = 0; stage < stages; ++stage)
        rows += rowHeight(int(stage)) + kRowGap;
    return inPixels({600, kAxis + kLegend + rows + 8});
}

QSize TimelineChart::minimumSizeHint() const
{
    return {inPixels({320, 0}).width(), sizeHint().height()};
}

QRectF TimelineChart::plotArea() const
{
    return QRectF(kLabelWidth, kAxis, std::max(40.0, unitWidth() - kLabelWidth - kBubbleWidth),
                  unitHeight() - kAxis - kLegend);
}

QRectF TimelineChart::rowArea(int stage) const
{
    const QRectF plot = plotArea();
    double top = plot.top();
    for (int before = 0; before < stage; ++before)
        top += rowHeight(before) + kRowGap;
    return QRectF(plot.left(), top, plot.width(), kRow);
}

double TimelineChart::xOf(Seconds time) const
{
    const double share = time.count / std::max(span().count, 1e-12);
    return plotArea().left() + (share - first_) / (last_ - first_) * plotArea().width();
}

void TimelineChart::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    if (plan_ == nullptr)
        return;
    const Theme& theme = themeOf(this);
    const QRectF plot = plotArea();
    const double step = span().count;
    beginUnits(painter, 11);
    const QFont small = painter.font();

    const double tick = tickStep(step * (last_ - first_), int(plot.width() / 110));
    for (double t = std::ceil(first_ * step / tick) * tick; t <= last_ * step * 1.0001; t += tick) {
        const double x = xOf(Seconds(t));
        painter.setPen(QPen(theme.border, 1));
        painter.drawLine(QPointF(x, plot.top() - 4), QPointF(x, plot.bottom()));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(x - 60, 0, 120, kAxis - 5), Qt::AlignHCenter | Qt::AlignVCenter,
                         timeText(Seconds(t)));
    }
    paintTasks(painter, theme);
    if (measured_ != nullptr)
        paintMeasured(painter, theme);
    painter.setFont(small);
    paintLegend(painter, theme);
    if (hasFocus()) {
        painter.setPen(QPen(theme.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(plot.adjusted(-1, -1, 0, 0));
    }
}

void TimelineChart::paintTasks(QPainter& painter, const Theme& theme) const
{
    const QFont small = painter.font();
    for (size_t s = 0; s < plan_->timeline.stages.size(); ++s) {
        const StageTimeline& stage = plan_->timeline.stages[s];
        const QRectF row = rowArea(int(s));
        painter.setPen(selectedStages_.contains(int(s)) ? theme.accent : theme.text);
        QFont label = small;
        label.setBold(selectedStages_.contains(int(s)));
        painter.setFont(label);
        painter.drawText(QRectF(0, row.top(), kLabelWidth - 10, row.height()),
                         Qt::AlignVCenter | Qt::AlignLeft, tr("Stage %1").arg(s));
        painter.setFont(small);
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(row.right() + 10, row.top(), kBubbleWidth - 10, row.height()),
                         Qt::AlignVCenter | Qt::AlignLeft,
                         tr("idle %1").arg(percentText(stage.bubbleFraction)));
        painter.fillRect(row, theme.stageTint[s % 2]);
        painter.save();
        painter.setClipRect(row);
        for (const TimelineTask& task : stage.tasks) {
            const double left = xOf(task.start);
            const double right = xOf(task.end);
            if (right < row.left() || left > row.right())
                continue;
            const QRectF box(left, row.top() + 3, std::max(right - left - 1, 0.6),
                             row.height() - 6);
            painter.fillRect(box, colorOf(task.task.phase, theme));
            if (task.task.phase == Phase::kBackward)
                painter.fillRect(QRectF(box.left(), box.bottom() - 3, box.width(), 3), theme.text);
            const QString text = toQt(alpa::text(task.task));
            if (box.width() > painter.fontMetrics().horizontalAdvance(text) + 4) {
                painter.setPen(theme.text);
                painter.drawText(box, Qt::AlignCenter, text);
            }
        }
        paintInstructions(painter, int(s), theme);
        painter.restore();
        if (int(s) == hoveredStage_) {
            painter.setPen(QPen(theme.accent, 1.2));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(row.adjusted(-1, -1, 0, 0));
        }
    }
}

void TimelineChart::paintLegend(QPainter& painter, const Theme& theme) const
{
    const QRectF plot = plotArea();
    double x = plot.left();
    const double y = unitHeight() - kLegend + 6;
    const bool splitsBackward =
        std::ranges::any_of(plan_->timeline.stages, [](const StageTimeline& stage) {
            return std::ranges::any_of(stage.tasks, [](const TimelineTask& task) {
                return task.task.phase == Phase::kWeightGradient;
            });
        });
    for (const Phase phase : {Phase::kForward, Phase::kBackward, Phase::kWeightGradient,
                              Phase::kGradientSync, Phase::kUpdate}) {
        if (phase == Phase::kWeightGradient && !splitsBackward)
            continue;
        const QRectF swatch(x, y + 2, 14, 12);
        painter.fillRect(swatch, colorOf(phase, theme));
        if (phase == Phase::kBackward)
            painter.fillRect(QRectF(swatch.left(), swatch.bottom() - 3, swatch.width(), 3),
                             theme.text);
        static const char* const letters[] = {"F", "B", "W", "S", "U"};
        const QString text =
            u"%1 %2"_s.arg(QString::fromLatin1(letters[size_t(phase)]), phaseText(phase));
        painter.setPen(theme.mutedText);
        painter.drawText(QRectF(x + 19, y, 130, 16), Qt::AlignVCenter | Qt::AlignLeft, text);
        x += 19 + painter.fontMetrics().horizontalAdvance(text) + 18;
    }
    if (measured_ == nullptr)
        return;
    for (int i = 0; i < 90; ++i)
        painter.fillRect(QRectF(x + i, y + 2, 1.5, 12), divergingColor(i / 44.5 - 1, theme));
    painter.setPen(theme.mutedText);
    painter.drawText(QRectF(x + 97, y, 260, 16), Qt::AlignVCenter | Qt::AlignLeft,
                     tr("measured: −50 % … +50 %"));
}

QString TimelineChart::tipAt(QPointF pixels) const
{
    const QPointF at = inUnits(pixels);
    for (const QString& measured : {launchTip(at), measuredTip(at)}) {
        if (!measured.isEmpty())
            return measured;
    }
    for (size_t s = 0; plan_ != nullptr && s < plan_->timeline.stages.size(); ++s) {
        if (!rowArea(int(s)).contains(at))
            continue;
        for (const TimelineTask& task : plan_->timeline.stages[s].tasks) {
            if (at.x() < xOf(task.start) || at.x() > xOf(task.end))
                continue;
            QString what = phaseText(task.task.phase);
            if (task.task.phase != Phase::kGradientSync && task.task.phase != Phase::kUpdate)
                what += tr(" of microbatch %1").arg(task.task.microbatch);
            return tr("Stage %1, %2\n%3, from %4 to %5")
                .arg(s)
                .arg(what, timeText(task.end - task.start), timeText(task.start),
                     timeText(task.end));
        }
        return tr("%1\nidle").arg(stageText(*plan_, int(s)));
    }
    return {};
}

bool TimelineChart::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        QToolTip::showText(help->globalPos(), tipAt(QPointF(help->pos())), this);
        return true;
    }
    return QWidget::event(event);
}

void TimelineChart::zoomAt(double x, double factor)
{
    const double share = first_ + (x - plotArea().left()) / plotArea().width() * (last_ - first_);
    const double span = std::clamp((last_ - first_) * factor, 1e-6, 1.0);
    const double place = (share - first_) / (last_ - first_);
    first_ = std::clamp(share - place * span, 0.0, std::max(0.0, 1.0 - span));
    last_ = first_ + span;
    update();
    if (plan_ != nullptr)
        Q_EMIT visibleRangeChanged(this->span() * first_, this->span() * last_);
}

void TimelineChart::scrollBy(double share)
{
    const double span = last_ - first_;
    first_ = std::clamp(first_ + share * span, 0.0, std::max(0.0, 1.0 - span));
    last_ = first_ + span;
    update();
    if (plan_ != nullptr)
        Q_EMIT visibleRangeChanged(this->span() * first_, this->span() * last_);
}

void TimelineChart::wheelEvent(QWheelEvent* event)
{
    // Without Ctrl the page scrolls, as everywhere.
    if ((event->modifiers() & Qt::ControlModifier) == 0) {
        event->ignore();
        return;
    }
    zoomAt(inUnits(event->position()).x(), std::pow(0.9985, event->angleDelta().y()));
    event->accept();
}

void TimelineChart::mousePressEvent(QMouseEvent* event)
{
    draggedAt_ = inUnits(event->position()).x();
    const MeasuredRow* ofDevice = nullptr;
    const MeasuredLaunch* launch = launchAt(inUnits(event->position()), ofDevice);
    if (launch != nullptr && launch->op.isValid())
        Q_EMIT opClicked(launch->op);
    else if (const int stage = stageAt(event->position()); stage >= 0)
        Q_EMIT stageClicked(stage);
}

void TimelineChart::mouseMoveEvent(QMouseEvent* event)
{
    if ((event->buttons() & Qt::LeftButton) == 0) {
        Q_EMIT stageHovered(stageAt(event->position()));
        return;
    }
    const double x = inUnits(event->position()).x();
    scrollBy((draggedAt_ - x) / plotArea().width());
    draggedAt_ = x;
}

void TimelineChart::leaveEvent(QEvent*) { Q_EMIT stageHovered(-1); }

void TimelineChart::zoomBy(double factor) { zoomAt(plotArea().center().x(), factor); }

/// Letters are commands of the window, whose keys can be changed.
void TimelineChart::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (key == Qt::Key_Plus)
        zoomBy(kZoomStep);
    else if (key == Qt::Key_Minus)
        zoomBy(1 / kZoomStep);
    else
        QWidget::keyPressEvent(event);
}

} // namespace alpa::app
