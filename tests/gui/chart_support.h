// Finding things in painted charts by what they say.
#pragma once

#include "app/settings/qt_text.h"
#include "app/widgets/timeline_chart.h"
#include "core/program/labels.h"

namespace alpa::app
{

/// The first place, from the top left, whose tip contains `wanted`; null if there is none.
inline QPointF placeOfTip(const TimelineChart& chart, const QString& wanted)
{
    for (int y = 0; y < chart.height(); y += 3) {
        for (int x = 0; x < chart.width(); x += 2) {
            if (chart.tipAt(QPointF(x, y)).contains(wanted))
                return QPointF(x, y);
        }
    }
    return {};
}

/// Shows the first launch of a kind, "dot", so near that it fills a third of the chart, however
/// short it was, and gives its middle; null if none was recorded. A measured step must be shown
/// whose launches are those recorded, the last.
inline QPointF placeOfLaunch(TimelineChart& chart, const QString& kind)
{
    const MeasuredTimeline* measured = chart.measured();
    for (size_t i = 0; measured != nullptr && i < measured->rows.size(); ++i) {
        const MeasuredRow& row = measured->rows[i];
        const Program& program = measured->predicted->program();
        for (const MeasuredLaunch& launch : row.launches) {
            const Segment& segment = program.segment(row.stage, launch.kind);
            const std::string label =
                instructionLabel(program.stages[static_cast<size_t>(row.stage)],
                                 segment.instructions[launch.instruction]);
            if (!toQt(label).startsWith(kind + u' '))
                continue;
            const double origin = measured->steps[static_cast<size_t>(launch.step)].start.count;
            const double took = launch.end - launch.start;
            chart.setVisibleRange(Seconds(launch.start - origin - took),
                                  Seconds(launch.end - origin + took));
            // Labels left of the plot and shares right of it are equally wide.
            for (int y = 0; y < chart.height(); ++y) {
                const QPointF at(chart.width() / 2.0, y);
                if (chart.tipAt(at).contains(QStringLiteral(": %1 ").arg(kind)))
                    return at;
            }
        }
    }
    return {};
}

} // namespace alpa::app
