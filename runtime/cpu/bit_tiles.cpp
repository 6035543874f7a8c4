#include "runtime/cpu/bit_tiles.h"

#include <bit>

namespace alpa::cpu
{
namespace
{

/// Elements of `Bytes` bytes in a compute type that may be wider.
template <typename C, int Bytes>
uint64_t bitsOf(C a)
{
    const auto bits = static_cast<uint64_t>(a);
    return Bytes == 8 ? bits : bits & ((uint64_t{1} << (Bytes * 8 % 64)) - 1);
}

/// By the width or more: nothing is left, but for the sign of an arithmetic shift to the right.
template <typename C, int Bytes>
C shiftLeft(C a, C b)
{
    const auto by = static_cast<uint64_t>(b);
    return by >= Bytes * 8 ? C{0} : static_cast<C>(static_cast<uint64_t>(a) << by);
}
template <typename C, int Bytes>
C shiftRightLogical(C a, C b)
{
    const auto by = static_cast<uint64_t>(b);
    return by >= Bytes * 8 ? C{0} : static_cast<C>(bitsOf<C, Bytes>(a) >> by);
}
template <typename C, int Bytes>
C shiftRightArithmetic(C a, C b)
{
    const auto by = static_cast<uint64_t>(b);
    return static_cast<C>(a >> (by >= Bytes * 8 ? uint64_t{Bytes * 8 - 1} : by));
}
template <typename C, int Bytes>
C populationCount(C a)
{
    return static_cast<C>(std::popcount(bitsOf<C, Bytes>(a)));
}

template <typename C, int Bytes>
BinaryTile<C, C> shiftTileOf(OpKind kind)
{
    if (kind == OpKind::kShiftLeft)
        return mapBinary<C, C, shiftLeft<C, Bytes>>;
    if (kind == OpKind::kShiftRightLogical)
        return mapBinary<C, C, shiftRightLogical<C, Bytes>>;
    if (kind == OpKind::kShiftRightArithmetic)
        return mapBinary<C, C, shiftRightArithmetic<C, Bytes>>;
    return nullptr;
}

} // namespace

template <typename C>
UnaryTile<C, C> bitCountTile(OpKind kind, DType dtype)
{
    if (kind != OpKind::kPopulationCount)
        return nullptr;
    switch (dtypeBytes(dtype)) {
    case 1:
        return mapUnary<C, C, populationCount<C, 1>>;
    case 2:
        return mapUnary<C, C, populationCount<C, 2>>;
    case 4:
        return mapUnary<C, C, populationCount<C, 4>>;
    default:
        return mapUnary<C, C, populationCount<C, 8>>;
    }
}

template <typename C>
BinaryTile<C, C> shiftTile(OpKind kind, DType dtype)
{
    switch (dtypeBytes(dtype)) {
    case 1:
        return shiftTileOf<C, 1>(kind);
    case 2:
        return shiftTileOf<C, 2>(kind);
    case 4:
        return shiftTileOf<C, 4>(kind);
    default:
        return shiftTileOf<C, 8>(kind);
    }
}

template UnaryTile<int64_t, int64_t> bitCountTile<int64_t>(OpKind, DType);
template BinaryTile<int64_t, int64_t> shiftTile<int64_t>(OpKind, DType);
template UnaryTile<uint64_t, uint64_t> bitCountTile<uint64_t>(OpKind, DType);
template BinaryTile<uint64_t, uint64_t> shiftTile<uint64_t>(OpKind, DType);

} // namespace alpa::cpu
