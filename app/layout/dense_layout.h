// Layouts of tens of thousands of boxes of one size, made beside the GUI thread.
#pragma once

#include "app/layout/canvas_level.h"

namespace alpa::app
{

/// Centers of the boxes of a dense level, each as large as kDenseBox, wrapped into columns where
/// `aspect` (width over height of the view) asks for it. Without curves: dense levels have straight
/// arrows. O(boxes + arrows).
GraphLayout denseLayout(const CanvasLevel& level, double aspect);

} // namespace alpa::app
