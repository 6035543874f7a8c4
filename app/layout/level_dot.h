// What the canvas shows as a graph for Graphviz: boxes with their tensors, unfolded groups as
// clusters, arrows as wide as what flows.
#pragma once

#include "app/layout/canvas_level.h"

#include <QByteArray>

namespace alpa::app
{

/// The level inside the unfolded group `key`; null if it is folded.
using UnfoldedLevel = std::function<const CanvasLevel*(const QString& key)>;

/// `root` and what is unfolded in it, in UTF-8, named `name`. Arrows from and to an unfolded group
/// end at its frame.
QByteArray levelDot(const QString& name, const CanvasLevel& root, const UnfoldedLevel& unfolded);

} // namespace alpa::app
