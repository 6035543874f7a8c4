// A training graph as the program of a single device that holds it whole, so that what backends do
// with programs can be foreseen before there is a plan.
#pragma once

#include "core/graph/graph.h"
#include "core/program/program.h"

namespace alpa::fusion
{

/// One stage on one device. Buffer i is value i; instructions name the ops that they come from, and
/// updated parameters and states are stored in place at the end. Ops of no known kind stand as
/// computations, so the program is for analysis, not for running.
Program graphProgram(const Graph& graph, int microbatches);

} // namespace alpa::fusion
