// The measured part of the timeline: a thin row a device. What is narrower than a pixel is drawn
// once a pixel, so that a million spans cost as much as a screen full.
#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/timeline_chart.h"
#include "app/widgets/timeline_metrics.h"
#include "app/widgets/timeline_spans.h"
#include "core/program/labels.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kMostDevices = 8; ///< Of a stage; more rows than this nobody compares.
constexpr double kTextWidth = 34;

} // namespace

void TimelineChart::setMeasured(std::shared_ptr<const MeasuredTimeline> measured,
                                std::optional<int> step)
{
    const bool isOtherAxis =
        (measured == nullptr) != (measured_ == nullptr) || step.has_value() != step_.has_value();
    measured_ = std::move(measured);
    step_ = step;
    if (isOtherAxis) {
        first_ = 0;
        last_ = 1;
    }
    updateGeometry();
    update();
}

int TimelineChart::devicesShown(int stage) const
{
    if (measured_ == nullptr)
        return 0;
    const auto count = std::ranges::count(measured_->rows, stage, &MeasuredRow::stage);
    return int(std::min<std::ptrdiff_t>(count, kMostDevices));
}

double TimelineChart::rowHeight(int stage) const
{
    const double device = kDeviceRow + (hasLaunches() ? kLaunchRow : 0) + kDeviceGap;
    return kRow + devicesShown(stage) * device;
}

Seconds TimelineChart::origin() const
{
    if (measured_ == nullptr || !step_ || *step_ >= int(measured_->steps.size()))
        return {};
    return measured_->steps[static_cast<size_t>(*step_)].start;
}

Seconds TimelineChart::span() const
{
    Seconds whole = plan_->timeline.stepTime;
    if (measured_ == nullptr)
        return whole;
    if (!step_)
        return std::max(whole, measured_->end);
    if (*step_ < int(measured_->steps.size())) {
        const TraceStep& step = measured_->steps[static_cast<size_t>(*step_)];
        whole = std::max(whole, step.end - step.start);
    }
    return whole;
}

double TimelineChart::timeAt(double x) const
{
    const QRectF plot = plotArea();
    const double share = first_ + (x - plot.left()) / plot.width() * (last_ - first_);
    return origin().count + share * span().count;
}

std::vector<TimelineChart::MeasuredPlace> TimelineChart::measuredPlaces() const
{
    std::vector<MeasuredPlace> places;
    int stage = -1;
    int index = 0;
    for (size_t i = 0; measured_ != nullptr && i < measured_->rows.size(); ++i) {
        const MeasuredRow& row = measured_->rows[i];
        index = row.stage == stage ? index + 1 : 0;
        stage = row.stage;
        if (stage >= int(plan_->timeline.stages.size()) || index >= kMostDevices)
            continue;
        const QRectF above = rowArea(stage);
        const double launches = hasLaunches() ? kLaunchRow : 0;
        const double top =
            above.bottom() + kDeviceGap + index * (kDeviceRow + launches + kDeviceGap);
        places.push_back({&row, QRectF(above.left(), top, above.width(), kDeviceRow),
                          QRectF(above.left(), top + kDeviceRow, above.width(), launches)});
    }
    return places;
}

void TimelineChart::paintMeasured(QPainter& painter, const Theme& theme) const
{
    QFont tiny = painter.font();
    tiny.setPixelSize(10);
    for (const MeasuredPlace& place : measuredPlaces()) {
        painter.setPen(theme.mutedText);
        painter.setFont(tiny);
        painter.drawText(QRectF(0, place.area.top(), kLabelWidth - 10, place.area.height()),
                         Qt::AlignVCenter | Qt::AlignLeft,
                         tr("  measured, %1").arg(place.row->device));
        painter.fillRect(place.area, theme.raised);
        painter.save();
        painter.setClipRect(place.area);
        paintSpans(painter, place, theme);
        painter.restore();
        if (place.launches.isEmpty())
            continue;
        painter.fillRect(place.launches, theme.raised);
        painter.save();
        painter.setClipRect(place.launches);
        paintLaunches(painter, place, place.row->launches, place.launches, theme);
        // What runs beside takes the lower part.
        paintLaunches(painter, place, place.row->beside,
                      place.launches.adjusted(0, place.launches.height() * kBesideShare, 0, 0),
                      theme);
        painter.restore();
    }
    if (step_)
        return;
    // The whole run: where its steps begin.
    const QRectF plot = plotArea();
    painter.setPen(QPen(theme.accent, 1, Qt::DotLine));
    double last = -1;
    for (const TraceStep& step : measured_->steps) {
        const double x = xOf(step.start);
        if (x < plot.left() || x > plot.right() || x < last + 6)
            continue;
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
        last = x;
    }
}

void TimelineChart::paintSpans(QPainter& painter, const MeasuredPlace& place,
                               const Theme& theme) const
{
    const std::vector<MeasuredSpan>& spans = place.row->spans;
    const double from = timeAt(place.area.left());
    const double to = timeAt(place.area.right());
    forEachShown(spans, from, to, (to - from) / place.area.width(), [&](const MeasuredSpan& span) {
        if (step_ && span.step != *step_)
            return;
        const std::optional<double> error = predicted_->error(place.row->stage, span);
        const QRectF box = spanBox(xOf(Seconds(span.start) - origin()),
                                   xOf(Seconds(span.end) - origin()), place.area);
        painter.fillRect(box, spanColor(error, theme));
        if (box.width() > kTextWidth) {
            painter.setPen(theme.text);
            const QString label = toQt(queueEntryLabel({span.kind, span.microbatch}));
            const QString whole = error ? label + u' ' + changeText(1 + *error, 1) : label;
            const bool fits = painter.fontMetrics().horizontalAdvance(whole) < box.width();
            painter.drawText(box, Qt::AlignCenter, fits ? whole : label);
        }
    });
}

QString TimelineChart::measuredTip(QPointF at) const
{
    for (const MeasuredPlace& place : measuredPlaces()) {
        if (!place.area.contains(at))
            continue;
        const auto time = float(timeAt(at.x()));
        const auto found = std::ranges::lower_bound(place.row->spans, time, {}, &MeasuredSpan::end);
        const QString where =
            tr("Stage %1, device %2 of its mesh").arg(place.row->stage).arg(place.row->device);
        if (found == place.row->spans.end() || found->start > time)
            return tr("%1\nmeasured: nothing ran here").arg(where);
        const Seconds took(double(found->end - found->start));
        const std::optional<Seconds> predicted =
            predicted_->of(place.row->stage, found->kind, found->microbatch);
        const QString what =
            tr("%1, %2 of step %3")
                .arg(where, toQt(queueEntryLabel({found->kind, found->microbatch})))
                .arg(found->step);
        return predicted ? tr("%1\nmeasured %2, predicted %3 (%4)")
                               .arg(what, timeText(took), timeText(*predicted),
                                    changeText(took.count, predicted->count))
                         : tr("%1\nmeasured %2, no prediction").arg(what, timeText(took));
    }
    return {};
}

} // namespace alpa::app
