// Softmax subtracts the largest element of a row for the sake of numbers only: the result does not
// depend on it. The derivative through that maximum is zero, but op by op it costs a mask and three
// passes over the scores.
#pragma once

#include "core/graph/graph.h"

#include <vector>

namespace alpa
{

/// For each op: is it a maximum or minimum over rows which the ops in `isBehindLoss` use only as a
/// shift t in s = x - t, with everything computed from s the same for every t?
///
/// Proven by following s + d for a d that is constant along the reduced dimensions: exp makes it a
/// factor e^d, a quotient of two such factors is free of d, log turns a factor into a summand, the
/// difference of two summands is free of d. Whatever does not fit these rules leaves the op
/// unproven (false).
std::vector<bool> shiftOnlyExtrema(const Graph& graph, const std::vector<bool>& isBehindLoss);

} // namespace alpa
