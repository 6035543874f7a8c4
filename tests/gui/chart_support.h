// Finding things in painted charts by what they say.
#pragma once

#include "app/widgets/timeline_chart.h"

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

} // namespace alpa::app
