// How large the integers of a batch may be, so that random batches mean something.
#pragma once

#include "core/graph/graph.h"

namespace alpa::cli
{

/// Exclusive bound of the integers that `input` may hold: the smallest table that they look up a
/// row of, or the number of classes they are compared with. 2 if neither is found.
int64_t integerBound(const Graph& graph, ValueId input);

} // namespace alpa::cli
