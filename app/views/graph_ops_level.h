// The level inside a layer: its operations of one phase, or runs of them when they are too many for
// one level.
#pragma once

#include "app/views/graph_content.h"

namespace alpa::app
{

/// Is the op part of an arrow or a row rather than a box of its own?
bool isFolded(const GraphFacts& facts, const GraphViewOptions& options, OpId id);
/// The level of the group `key`: "layer 3" or "ops 3 100 180 0", a run of a phase.
CanvasLevel opsLevel(const GraphFacts& facts, const GraphViewOptions& options,
                     const GraphColors* colors, const QString& key);
/// Ops of the layer in the options' phase, in order.
std::vector<OpId> opsOfLayer(const GraphFacts& facts, const GraphViewOptions& options, int layer);
/// Key of the run that holds `op` if its layer is cut into runs; empty if it is not.
QString runKeyOf(const GraphFacts& facts, const GraphViewOptions& options, OpId op);

} // namespace alpa::app
