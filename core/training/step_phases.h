// The passes of an imported training step. Internal to core/training.
#pragma once

#include "core/graph/graph.h"

namespace alpa
{

bool hasBackwardOps(const Graph& graph);

/// Phases from data flow alone; see splitTrainingStep.
void assignPhasesByFlow(Graph& graph);

/// Gives every backward op the forward op that it undoes: of its scope, a reader or maker of the
/// residuals that it reads; none later than the origins of the cotangents that it reads, so that
/// cotangents flow backward through the layers. Assumes settled phases.
void assignOrigins(Graph& graph);

} // namespace alpa
