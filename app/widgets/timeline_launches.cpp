// The timeline instruction by instruction: where the plan expects each within its task, and below
// the measured segments what each launch took, coloured by its error. The instructions of the
// selected ops are outlined in both.
#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/timeline_chart.h"
#include "app/widgets/timeline_metrics.h"
#include "app/widgets/timeline_spans.h"
#include "core/program/labels.h"

#include <QPainter>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kLeastTask = 24; ///< Pixels of a task that shows its instructions.
constexpr double kLeastText = 60; ///< Of a launch that says what it is.

const std::vector<Instruction>& instructionsOf(const Program& program, int stage, SegmentKind kind)
{
    return program.segment(stage, kind).instructions;
}

QString labelOf(const Program& program, int stage, SegmentKind kind, size_t instruction)
{
    return toQt(instructionLabel(program.stages[static_cast<size_t>(stage)],
                                 instructionsOf(program, stage, kind)[instruction]));
}

void outline(QPainter& painter, const QRectF& box, const Theme& theme)
{
    painter.setPen(QPen(theme.accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box.adjusted(0, 1, 0, -1));
}

} // namespace

bool TimelineChart::hasLaunches() const
{
    return measured_ != nullptr && step_ &&
           std::ranges::any_of(measured_->rows, [&](const MeasuredRow& row) {
               return !row.launches.empty() && row.launches.front().step == *step_;
           });
}

void TimelineChart::paintInstructions(QPainter& painter, int stage, const Theme& theme) const
{
    if (!hasLaunches())
        return;
    const PredictedInstructions& predicted = *measured_->predicted;
    const QRectF row = rowArea(stage);
    for (const PredictedInstructions::Run& run : predicted.runs(stage)) {
        if (xOf(run.time.end) < row.left() || xOf(run.time.start) > row.right() ||
            xOf(run.time.end) - xOf(run.time.start) < kLeastTask)
            continue;
        const auto& instructions = instructionsOf(predicted.program(), stage, run.kind);
        for (size_t index = 0; index < instructions.size(); ++index) {
            const auto time = predicted.within(stage, run, index);
            if (!time || xOf(time->end) < row.left() || xOf(time->start) > row.right() ||
                xOf(time->end) - xOf(time->start) < 1)
                continue;
            const QRectF box =
                spanBox(xOf(time->start), xOf(time->end),
                        QRectF(row.left(), row.bottom() - 3 - kInstructionRow, 1, kInstructionRow));
            painter.fillRect(box, theme.raised);
            if (selectedOps_.contains(instructions[index].op))
                outline(painter, box, theme);
        }
    }
}

void TimelineChart::paintLaunches(QPainter& painter, const MeasuredPlace& place,
                                  const std::vector<MeasuredLaunch>& launches, const QRectF& area,
                                  const Theme& theme) const
{
    const double from = timeAt(area.left());
    const double to = timeAt(area.right());
    const Program& program = measured_->predicted->program();
    const int stage = place.row->stage;
    forEachShown(launches, from, to, (to - from) / area.width(), [&](const MeasuredLaunch& launch) {
        const QRectF box = spanBox(xOf(Seconds(launch.start) - origin()),
                                   xOf(Seconds(launch.end) - origin()), area);
        const std::optional<double> error = launch.error();
        painter.fillRect(box, spanColor(error, theme));
        if (box.width() > kLeastText) {
            const QString label = labelOf(program, stage, launch.kind, launch.instruction);
            painter.setPen(theme.text);
            painter.drawText(box, Qt::AlignCenter,
                             painter.fontMetrics().elidedText(
                                 error ? changeText(1 + *error, 1) + u' ' + label : label,
                                 Qt::ElideRight, int(box.width())));
        }
        if (selectedOps_.contains(launch.op))
            outline(painter, box, theme);
    });
}

const MeasuredLaunch* TimelineChart::launchAt(QPointF at, const MeasuredRow*& row) const
{
    for (const MeasuredPlace& place : measuredPlaces()) {
        if (!place.launches.contains(at))
            continue;
        row = place.row;
        const bool isLow = at.y() > place.launches.top() + place.launches.height() * kBesideShare;
        const double time = timeAt(at.x());
        for (const auto* launches : {isLow ? &row->beside : &row->launches, &row->launches}) {
            const auto found = std::ranges::lower_bound(*launches, time, {}, &MeasuredLaunch::end);
            if (found != launches->end() && found->start <= time)
                return &*found;
        }
    }
    return nullptr;
}

QString TimelineChart::launchTip(QPointF at) const
{
    const MeasuredRow* row = nullptr;
    const MeasuredLaunch* launch = launchAt(at, row);
    if (launch == nullptr)
        return {};
    const Program& program = measured_->predicted->program();
    QString what = tr("Stage %1, device %2 of its mesh, %3 of step %4\ninstruction %5: %6")
                       .arg(row->stage)
                       .arg(row->device)
                       .arg(toQt(queueEntryLabel({launch->kind, launch->microbatch})))
                       .arg(launch->step)
                       .arg(launch->instruction)
                       .arg(labelOf(program, row->stage, launch->kind, launch->instruction));
    if (!launch->covered.empty())
        what += tr(", with %1")
                    .arg(counted(int64_t(launch->covered.size()), tr("other instruction"),
                                 tr("other instructions")));
    const Seconds took(launch->end - launch->start);
    return launch->predicted ? tr("%1\nmeasured %2, predicted %3 (%4)")
                                   .arg(what, timeText(took), timeText(*launch->predicted),
                                        changeText(took.count, launch->predicted->count))
                             : tr("%1\nmeasured %2, no prediction").arg(what, timeText(took));
}

} // namespace alpa::app
