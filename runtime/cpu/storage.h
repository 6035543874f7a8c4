// How elements lie in memory and in which C++ type they are computed: f16 and bf16 as float, all
// integers and predicates as 64-bit integers. Kernels read and write tiles, so that the choice is
// made once per tile.
#pragma once

#include "core/base/check.h"
#include "core/graph/types.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace alpa::cpu
{

/// Elements per tile: a few tiles of 8 bytes fit the first-level cache.
constexpr int64_t kTile = 512;

/// Calls visitor(C{}) with the compute type of `dtype`: float, double, int64_t or uint64_t.
template <typename Visitor>
auto withComputeType(DType dtype, Visitor&& visitor)
{
    switch (dtype) {
    case DType::kF16:
    case DType::kBF16:
    case DType::kF32:
        return visitor(float{});
    case DType::kF64:
        return visitor(double{});
    case DType::kU64:
        return visitor(uint64_t{});
    case DType::kPred:
    case DType::kS8:
    case DType::kS16:
    case DType::kS32:
    case DType::kS64:
    case DType::kU8:
    case DType::kU16:
    case DType::kU32:
        break;
    }
    return visitor(int64_t{});
}

/// Is an element in memory the same as one under computation, so that no tile needs to be copied?
template <typename C>
bool isDirect(DType dtype)
{
    if constexpr (std::is_same_v<C, float>)
        return dtype == DType::kF32;
    else if constexpr (std::is_same_v<C, double>)
        return dtype == DType::kF64;
    else if constexpr (std::is_same_v<C, uint64_t>)
        return dtype == DType::kU64;
    else
        return dtype == DType::kS64;
}

/// Elements [first, first + count) of a tensor at `base` into `tile`, and back. Values are
/// converted: floats to integers by truncation, to predicates by != 0, wide floats to narrow ones
/// to nearest even.
template <typename C>
using LoadTile = void (*)(const std::byte* base, int64_t first, int64_t count, C* tile);
template <typename C>
using StoreTile = void (*)(const C* tile, int64_t count, std::byte* base, int64_t first);

template <typename C>
LoadTile<C> loadTile(DType dtype);
template <typename C>
StoreTile<C> storeTile(DType dtype);

/// One integer element, for indices.
int64_t loadIndex(DType dtype, const std::byte* base, int64_t index);

/// Reads the tile in place where that is possible. `buffer` holds kTile elements.
template <typename C>
const C* readTile(LoadTile<C> load, bool direct, const std::byte* base, int64_t first,
                  int64_t count, C* buffer)
{
    if (direct)
        return reinterpret_cast<const C*>(base) + first;
    load(base, first, count, buffer);
    return buffer;
}

/// The whole tensor in its compute type.
template <typename C>
void loadAll(LoadTile<C> load, const std::byte* base, int64_t count, C* values)
{
    load(base, 0, count, values);
}

} // namespace alpa::cpu
