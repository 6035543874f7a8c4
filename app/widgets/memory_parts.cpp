#include "app/widgets/memory_parts.h"

#include "app/widgets/memory_chart.h"

#include <QPainter>

#include <algorithm>

namespace alpa::app
{

namespace
{

constexpr double kLimitInView = 4; ///< Times what is used.

} // namespace

std::vector<MemoryPart> memoryParts(const StageMemory& memory, const Theme& theme)
{
    return {MemoryPart{MemoryChart::tr("parameters"), memory.parameters, theme.parameters,
                       Qt::SolidPattern},
            MemoryPart{MemoryChart::tr("gradients"), memory.gradients, theme.gradients,
                       Qt::BDiagPattern},
            MemoryPart{MemoryChart::tr("optimizer state"), memory.optimizerState, theme.optimizer,
                       Qt::FDiagPattern},
            MemoryPart{MemoryChart::tr("activations"),
                       memory.activations * int64_t{memory.inFlight}, theme.activations,
                       Qt::Dense6Pattern},
            MemoryPart{MemoryChart::tr("waiting for weight gradients"), memory.waiting,
                       theme.waiting, Qt::DiagCrossPattern},
            MemoryPart{MemoryChart::tr("transient"), memory.transient, theme.transient,
                       Qt::HorPattern}};
}

void fillMemoryPart(QPainter& painter, const QRectF& area, const MemoryPart& part,
                    const Theme& theme)
{
    painter.fillRect(area, part.color);
    if (part.pattern == Qt::SolidPattern)
        return;
    QColor ink = theme.isDark ? QColor(Qt::black) : QColor(Qt::white);
    ink.setAlpha(70);
    painter.fillRect(area, QBrush(ink, part.pattern));
}

double memoryScale(Bytes most, Bytes limit)
{
    const auto used = double(most.count);
    const auto allowed = double(limit.count);
    return allowed < used * kLimitInView ? std::max(used, allowed) * 1.04 : used * 1.15;
}

} // namespace alpa::app
