#pragma once

#include "core/graph/op.h"
#include "core/graph/types.h"

#include <cstdint>
#include <type_traits>

/// Loops of the element-wise operations over contiguous elements: the inside of a tile, which
/// elementwise_kernels.cpp reads, converts and writes.
namespace alpa::cpu
{

// A tile function is a loop over contiguous elements; results may lie on an operand. C: compute
// type, R: result.
template <typename C, typename R>
using UnaryTile = void (*)(const C* a, R* out, int64_t count);
template <typename C, typename R>
using BinaryTile = void (*)(const C* a, const C* b, R* out, int64_t count);

template <typename C, typename R, auto F>
void mapUnary(const C* a, R* out, int64_t count)
{
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i)
        out[i] = F(a[i]);
}

template <typename C, typename R, auto F>
void mapBinary(const C* a, const C* b, R* out, int64_t count)
{
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i)
        out[i] = F(a[i], b[i]);
}

template <typename C>
constexpr bool kIsFloat = std::is_floating_point_v<C>;

/// NaN if either is.
template <typename C>
C maximum(C a, C b)
{
    return a >= b || a != a ? a : b;
}
template <typename C>
C minimum(C a, C b)
{
    return a <= b || a != a ? a : b;
}

/// The loop of an operation of one operand; nullptr for kinds of other families. C: as
/// withComputeType() has it.
template <typename C>
UnaryTile<C, C> unaryTile(OpKind kind, DType dtype);

/// The loop of an operation of two operands; nullptr for kinds of other families.
template <typename C>
BinaryTile<C, C> binaryTile(OpKind kind);

/// The loop of a comparison: 1 where it holds.
template <typename C>
BinaryTile<C, uint8_t> compareTile(CompareDirection direction);

} // namespace alpa::cpu
