// What the parts of a graph are called, and what its collectives mean, in words: for tips, lists
// and the graph alike.
#pragma once

#include "app/session/graph_facts.h"

#include <QString>

namespace alpa::app
{

/// "2048×6144 f32", "scalar f32".
QString typeText(const TensorType& type);
/// "fc.kernel", "the result of fc: dot".
QString tensorName(const GraphFacts& facts, ValueId value);
/// Name of a layer without the path that all layers share: "block_3", "block_2 – block_3".
QString shortLayerName(const GraphFacts& facts, int layer);
/// "forward".
QString phaseText(Phase phase);
/// What an operation is called in lists: "fc: dot".
QString opTitle(const GraphFacts& facts, OpId op);

/// "AR y, AG x": the different collectives among `communications` (indices into the facts').
QString badgeOf(const GraphFacts& facts, const std::vector<int>& communications);
/// "rows of fc.kernel split over x, 4 devices; needs an all-gather of 33.6 MB, 0.17 ms": what a
/// badge means, a line a step.
QString explainCommunication(const GraphFacts& facts, const Communication& communication);
/// The same for several, each said once.
QString tipOf(const GraphFacts& facts, const std::vector<int>& communications);

} // namespace alpa::app
