// Scalars whose value is known from the file: initial values of reductions, counters of loops,
// indices.
#pragma once

#include "core/graph/graph.h"

#include <optional>

namespace alpa
{

/// The value of every element of `id`, if constants alone decide it (through integer and logical
/// arithmetic, compare, select, convert, broadcast and reshape of at most a few dozen ops).
/// Floating-point arithmetic is not evaluated: its rounding is the device's.
std::optional<double> knownScalar(const Graph& graph, ValueId id);

/// Does the comparison hold of `a` and `b`? As C++ has it: nothing but "not equal" holds of a NaN.
bool compares(CompareDirection direction, double a, double b);

} // namespace alpa
