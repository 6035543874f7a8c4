#pragma once

#include "runtime/cpu/elementwise_tiles.h"

/// Loops of the operations on the bits of integers, which depend on the width of the stored type.
namespace alpa::cpu
{

/// The loop that counts bits; nullptr for other kinds. C: int64_t or uint64_t, as withComputeType()
/// has it for `dtype`.
template <typename C>
UnaryTile<C, C> bitCountTile(OpKind kind, DType dtype);

/// The loop of a shift; nullptr for other kinds.
template <typename C>
BinaryTile<C, C> shiftTile(OpKind kind, DType dtype);

} // namespace alpa::cpu
