// Arithmetic and memory traffic of one op, before any cost model: what rooflines, layer clustering
// and the views count.
#pragma once

#include "core/graph/graph.h"

namespace alpa
{

/// Floating-point operations of `op`: dot 2mnk, convolution 2 per kernel element and output element
/// of its group, element-wise 1 per result element, reductions and windows 1 per element read,
/// accumulate 1 per element. Moving ops, gather and constants cost 0, scatter and
/// select-and-scatter 1 per update. Opaque ops count 0.
Flops opFlops(const Graph& graph, const Op& op);

/// Bytes of all operands and results, each once. Gather counts the elements that it reads rather
/// than its whole operand; slices likewise.
Bytes opBytes(const Graph& graph, const Op& op);

} // namespace alpa
