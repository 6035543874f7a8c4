// Lookups that name their own row. XLA writes what StableHLO says with batching dimensions, such as
// the logit of each token's target, as a lookup of whole places: (b, t) -> (b, t, target).
#pragma once

#include "core/graph/graph.h"

namespace alpa
{

/// Gathers and scatters whose indices count the row in which they stand get batching dimensions
/// instead, in which form they can be split, and take another batch. Ids of values stay. Were
/// there any?
bool batchOwnRows(Graph& graph);

} // namespace alpa
