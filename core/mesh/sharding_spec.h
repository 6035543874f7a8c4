// ShardingSpec: over which mesh axes each dimension of a tensor is split, and over which axes it is
// partial.
#pragma once

#include "core/base/result.h"
#include "core/graph/op.h"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

constexpr int kMaxMeshAxes = 4;
constexpr int kMaxRank = 10;

/// A set of mesh axes as bits. Axes of one dimension always split it in axis order, the lowest axis
/// outermost.
using AxisSet = uint8_t;
constexpr AxisSet axisBit(int axis) { return static_cast<AxisSet>(1u << axis); }
constexpr bool hasAxis(AxisSet set, int axis) { return (set >> axis & 1u) != 0; }

/// Example over mesh [x=2, y=4]: {x, -} splits the rows in two, {-, x.y} the columns in eight, {-,
/// -} is replicated, {x, -} partial y must still be summed over y.
struct ShardingSpec {
    std::array<AxisSet, kMaxRank> dims{}; ///< Entries from `rank` on are 0.
    uint8_t rank = 0;
    AxisSet partial = 0;                       ///< Disjoint from all dims.
    ReduceKind partialKind = ReduceKind::kAdd; ///< kAdd when partial is 0.

    static ShardingSpec replicated(int rank);
    AxisSet splitAxes() const; ///< Union over the dimensions.
    AxisSet usedAxes() const { return static_cast<AxisSet>(splitAxes() | partial); }
    bool isReplicated() const { return usedAxes() == 0; }
    friend bool operator==(const ShardingSpec&, const ShardingSpec&) = default;
};

/// "{x, -, y}", "{x.y, -} partial z", "{-} partial y by maximum", "{}" for a scalar; axis names x,
/// y, z, w.
std::string formatSpec(const ShardingSpec& spec);
/// Reads the same form. Fails with kInvalidInput saying what is wrong at which character.
Result<ShardingSpec> parseSpec(std::string_view text);
/// Is every dimension of `dims` divisible by the devices it is split over? axisSizes by axis.
bool dividesEvenly(const ShardingSpec& spec, const std::vector<int64_t>& dims,
                   const std::vector<int>& axisSizes);
/// Sizes of one device's part. Assumes dividesEvenly.
std::vector<int64_t> localDims(const ShardingSpec& spec, const std::vector<int64_t>& dims,
                               const std::vector<int>& axisSizes);

struct ShardingSpecHash {
    size_t operator()(const ShardingSpec& spec) const noexcept;
};

} // namespace alpa
