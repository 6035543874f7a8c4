// How long a matrix product takes on one device, by its shape: a product that tensor parallelism
// made narrow reaches less of the device's rate than the whole one. Stands below computeTime.
#pragma once

#include "core/graph/graph.h"
#include "core/mesh/cluster.h"
#include "core/mesh/sharding_spec.h"

#include <vector>

namespace alpa
{

/// `batch` products (m, k) x (k, n).
struct ProductShape {
    double batch = 1, m = 1, n = 1, k = 1;
    double flops() const { return 2 * batch * m * n * k; }
    friend bool operator==(const ProductShape&, const ProductShape&) = default;
};

/// Time of the arithmetic alone, without launch and memory. A device with `matrixUnits` computes
/// one tile of the result per unit at a time: all units together take as long as their tiles in
/// turn (never less than one tile), and each tile pays tileLatency for filling and emptying its
/// pipeline. Of the usual tile sizes, and of splitting long sums over idle units, the fastest is
/// taken. Devices without units compute every shape at the full rate.
///
/// On the H200's measured bf16 products of 2048 to 16384 (tests/unit/cost) it is within 11 %.
/// Of a unit's tiles the first `latentTiles` pay the latency: kernels chosen by timing hide it from
/// then on.
Seconds productArithmetic(const ProductShape& shape, double rate, const DeviceKind& device,
                          double latentTiles = kForever.count);

/// A dot of a graph as its costs see it; found once, asked for many shardings.
struct ProductWork {
    enum class Role : uint8_t { kBatch, kFree, kSum };
    std::vector<int64_t> lhsDims, rhsDims;
    std::vector<Role> lhsRoles, rhsRoles; ///< Of each dimension.
    double lhsBytes = 0, rhsBytes = 0;    ///< Traffic of the whole operands.
    double resultBytes = 0;               ///< Traffic of the whole result.
    double rate = 0;                      ///< FLOP/s of large products of these types.
    double latentTiles = kForever.count;  ///< See productArithmetic.
    double launches =
        1; ///< What starting it costs, in launches; less where products follow closely.

    ProductShape shape() const;
    /// The part of one device whose operands are split so. Assumes that the specs divide the
    /// operands.
    ProductShape shape(const ShardingSpec& lhs, const ShardingSpec& rhs,
                       const std::vector<int>& axisSizes) const;
    /// Bytes that this part moves.
    double bytes(const ProductShape& part) const;
    friend bool operator==(const ProductWork&, const ProductWork&) = default;
};

} // namespace alpa
