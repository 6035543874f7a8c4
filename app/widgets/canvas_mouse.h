// What the mouse is doing on a canvas, from one event to the next.
#pragma once

#include <QElapsedTimer>
#include <QPoint>

class QRubberBand;

namespace alpa::app
{

class GraphLevelItem;

struct CanvasMouse {
    GraphLevelItem* hovered = nullptr; ///< Level of the box that it is over.
    QPoint pressedAt;
    QElapsedTimer lastMove;      ///< Since the wheel was turned.
    QRubberBand* band = nullptr; ///< While Shift drags over boxes.
};

} // namespace alpa::app
