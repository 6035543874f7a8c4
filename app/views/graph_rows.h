// Pieces that every level of the graph is made of, and what stands in their tips.
#pragma once

#include "app/layout/canvas_level.h"
#include "app/session/graph_words.h"

namespace alpa::app
{

/// A tensor in a box, with its spec if there is a plan.
CanvasTensor tensorRow(const GraphFacts& facts, ValueId value, const QString& name);
/// "fc: dot in layer block_0, forward, 0.12 ms on a device", then its result and how that is split,
/// then what must move before it.
QString explainOp(const GraphFacts& facts, OpId op);
/// "fc.kernel, 64×256 f32", and how it is split.
QString explainValue(const GraphFacts& facts, ValueId value);

} // namespace alpa::app
