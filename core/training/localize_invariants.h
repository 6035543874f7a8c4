// Keeps constants and parameter-only values where they are used, so that stages on different
// devices never send them.
#pragma once

#include "core/graph/graph.h"

namespace alpa
{

/// The same graph, in which every cheap op that depends on no batch input (constants, iotas, masks,
/// conversions and transposes of parameters) stands once in each part of the model that reads it:
/// in each scope group (scope_group.h) and phase, before its first reader there. A copy keeps its
/// scope where the group is the reader's and takes the reader's scope elsewhere. Contractions,
/// gathers and other costly kinds are never copied. Ops that nothing reads are dropped; ids change,
/// the order of outputs and inputs does not.
Graph localizeInvariants(const Graph& graph);

} // namespace alpa
