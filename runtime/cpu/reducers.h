// The binary functions of reductions, and their identities.
#pragma once

#include "core/graph/op.h"

#include <cstdint>
#include <limits>
#include <type_traits>

namespace alpa::cpu
{

/// Integers wrap around.
template <typename C>
C reduceAdd(C a, C b)
{
    if constexpr (std::is_floating_point_v<C>)
        return a + b;
    else
        return static_cast<C>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
template <typename C>
C reduceMultiply(C a, C b)
{
    if constexpr (std::is_floating_point_v<C>)
        return a * b;
    else
        return static_cast<C>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}
/// NaN if either is.
template <typename C>
C reduceMaximum(C a, C b)
{
    return a >= b || a != a ? a : b;
}
template <typename C>
C reduceMinimum(C a, C b)
{
    return a <= b || a != a ? a : b;
}
/// Bitwise; logical for predicates, which are 0 or 1. Not for floats: never called, but
/// instantiated.
template <typename C>
C reduceAnd(C a, C b)
{
    if constexpr (std::is_floating_point_v<C>)
        return static_cast<C>(a != 0 && b != 0);
    else
        return a & b;
}
template <typename C>
C reduceOr(C a, C b)
{
    if constexpr (std::is_floating_point_v<C>)
        return static_cast<C>(a != 0 || b != 0);
    else
        return a | b;
}

template <typename C>
using ReduceFunction = C (*)(C, C);

template <typename C>
ReduceFunction<C> reduceFunction(ReduceKind kind)
{
    switch (kind) {
    case ReduceKind::kAdd:
        return reduceAdd<C>;
    case ReduceKind::kMultiply:
        return reduceMultiply<C>;
    case ReduceKind::kMaximum:
        return reduceMaximum<C>;
    case ReduceKind::kMinimum:
        return reduceMinimum<C>;
    case ReduceKind::kAnd:
        return reduceAnd<C>;
    case ReduceKind::kOr:
        break;
    }
    return reduceOr<C>;
}

/// The smallest and largest value of an integer type within its 64-bit compute type.
template <typename C>
C smallestValue(DType dtype)
{
    if constexpr (std::is_floating_point_v<C>) {
        return -std::numeric_limits<C>::infinity();
    } else if constexpr (std::is_unsigned_v<C>) {
        return 0;
    } else {
        const bool isUnsigned = dtype == DType::kPred || dtype == DType::kU8 ||
                                dtype == DType::kU16 || dtype == DType::kU32;
        return isUnsigned ? 0 : -(C{1} << (8 * dtypeBytes(dtype) - 2)) * 2;
    }
}
template <typename C>
C largestValue(DType dtype)
{
    if constexpr (std::is_floating_point_v<C>) {
        return std::numeric_limits<C>::infinity();
    } else if constexpr (std::is_unsigned_v<C>) {
        return std::numeric_limits<C>::max();
    } else {
        if (dtype == DType::kPred)
            return 1;
        const bool isUnsigned = dtype == DType::kU8 || dtype == DType::kU16 || dtype == DType::kU32;
        const int64_t bits = 8 * dtypeBytes(dtype) - (isUnsigned ? 0 : 1);
        return bits == 63 ? std::numeric_limits<C>::max() : (C{1} << bits) - 1;
    }
}

template <typename C>
C reduceIdentity(ReduceKind kind, DType dtype)
{
    switch (kind) {
    case ReduceKind::kAdd:
    case ReduceKind::kOr:
        return C{0};
    case ReduceKind::kMultiply:
        return C{1};
    case ReduceKind::kMaximum:
        return smallestValue<C>(dtype);
    case ReduceKind::kMinimum:
        return largestValue<C>(dtype);
    case ReduceKind::kAnd:
        break;
    }
    if constexpr (std::is_floating_point_v<C>)
        return C{1};
    else
        return dtype == DType::kPred ? C{1} : static_cast<C>(-1);
}

} // namespace alpa::cpu
