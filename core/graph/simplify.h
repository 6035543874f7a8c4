// Passes that shrink a graph without changing what it computes. All keep the order of ops; they
// return a graph whose ids are dense again, so ids of the argument mean nothing in the result.
// Near-linear; 12k ops take under 30 ms.
//
// Numbers are folded in double precision. Sums may lose the sign of a zero (x + 0 becomes x);
// nothing else changes, infinities and NaN included.
#pragma once

#include "core/graph/graph.h"

namespace alpa
{

/// Ops of constants become constants: element-wise ops and reductions of splats, and shape ops of
/// any splat. A splat stays one number whatever its size.
Graph foldConstants(Graph graph);

/// x + 0, x * 1, maximum(x, -inf), converts to the same type, reshapes, transposes, broadcasts and
/// slices that change nothing, select with a constant predicate; runs of reshapes, transposes or
/// broadcasts become one.
Graph simplifyAlgebra(Graph graph);

/// Of equal ops of one scope and phase only the first stays. Opaque ops are all different.
Graph mergeEqualOps(Graph graph);

/// Removes ops that no output depends on. Inputs stay, and so do ops without results.
Graph removeDeadOps(Graph graph);

/// All of the above, in one walk.
Graph simplify(Graph graph);

} // namespace alpa
