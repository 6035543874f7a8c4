// What a device's memory consists of, for the bars of the stages and for the curve over a step.
#pragma once

#include "app/settings/theme.h"
#include "core/plan/parallel_plan.h"

#include <QString>

#include <vector>

class QPainter;

namespace alpa::app
{

struct MemoryPart {
    QString name;
    Bytes bytes;
    QColor color;
    Qt::BrushStyle pattern; ///< Over the colour, so that parts differ without it.
};

/// Parameters, gradients, optimizer state, activations of all microbatches in flight, what waits
/// for weight gradients, transient: together all that a device holds.
std::vector<MemoryPart> memoryParts(const StageMemory& memory, const Theme& theme);
/// The first so many of them are there all the time.
constexpr size_t kLastingParts = 3;
void fillMemoryPart(QPainter& painter, const QRectF& area, const MemoryPart& part,
                    const Theme& theme);
/// Most bytes of a scale for `most` under `limit`: a limit far above what is used would leave
/// slivers, so it is told and not drawn.
double memoryScale(Bytes most, Bytes limit);

} // namespace alpa::app
