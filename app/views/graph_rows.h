// Pieces that every level of the graph is made of: rows for tensors, badges for collectives, names.
#pragma once

#include "app/layout/canvas_level.h"
#include "app/session/graph_facts.h"

namespace alpa::app
{

/// "2048×6144 f32", "scalar f32".
QString typeText(const TensorType& type);
/// Name of a layer without the path that all layers share: "block_3", "block_2 – block_3".
QString shortLayerName(const GraphFacts& facts, int layer);
/// What an operation is called in lists: "fc: dot".
QString opTitle(const GraphFacts& facts, OpId op);

/// A tensor in a box, with its spec if there is a plan.
CanvasTensor tensorRow(const GraphFacts& facts, ValueId value, const QString& name);
/// "AR y, AG x": the different collectives among `communications` (indices into the facts').
QString badgeOf(const GraphFacts& facts, const std::vector<int>& communications);
/// "rows of fc.kernel split over x, 4 devices; needs an all-gather of 33.6 MB, 0.17 ms": what a
/// badge means, a line a step.
QString explainCommunication(const GraphFacts& facts, const Communication& communication);
/// The same for several, each said once.
QString tipOf(const GraphFacts& facts, const std::vector<int>& communications);

} // namespace alpa::app
