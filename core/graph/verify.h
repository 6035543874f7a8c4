// The verifier: what every pass may assume of a graph.
#pragma once

#include "core/base/diagnostic.h"
#include "core/base/result.h"
#include "core/graph/graph.h"

#include <vector>

namespace alpa
{

/// Every violation of: ids in range; inputs and results are all the values, each defined once, with
/// matching producers; operands defined before their use; operand types and attributes fit the kind
/// and give the result types (infer_types.h); outputs exist; an alias is a graph input of the
/// output's type. Empty for a sound graph.
///
/// A diagnostic's line is the op's source line. Linear in the size of the graph; at most 100
/// diagnostics.
std::vector<Diagnostic> verifyGraph(const Graph& graph);

/// The first diagnostic of verifyGraph as an error.
Status checkGraph(const Graph& graph);

} // namespace alpa
