#include "core/cost/product_time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace alpa
{
namespace
{

/// Tiles of the result that one unit computes at once, and what part of the unit's rate they reach:
/// smaller tiles read more of the operands per operation. Sizes are cuBLAS's usual ones; the parts
/// are assumptions, of which the measured products only tell the first.
struct Tile {
    double m, n, efficiency;
};
constexpr std::array<Tile, 7> kTiles{{{128, 256, 1.0},
                                      {256, 128, 1.0},
                                      {128, 128, 0.9},
                                      {64, 256, 0.85},
                                      {128, 64, 0.7},
                                      {64, 128, 0.7},
                                      {64, 64, 0.55}}};
/// Ways to share a long sum among units.
constexpr std::array<double, 4> kSumParts{1, 2, 4, 8};
/// Sums shorter than this pay less latency a tile: what remains of it is hidden behind the other
/// tiles' writes, which bound such products (attention's, of 64 to 128) anyway.
constexpr double kLongSum = 512;

/// Without its launch, if just this product was measured.
std::optional<Seconds> measuredProduct(const ProductShape& shape, double rate,
                                       const DeviceKind& device)
{
    if (rate != device.matrixFlops16)
        return std::nullopt;
    const auto is = [](double size, int64_t measured) {
        return size == static_cast<double>(measured);
    };
    for (const MeasuredProduct& one : device.products) {
        const bool isSame = is(shape.m, one.m) && is(shape.n, one.n);
        const bool isTransposed = is(shape.m, one.n) && is(shape.n, one.m);
        if (is(shape.batch, one.batch) && is(shape.k, one.k) && (isSame || isTransposed))
            return std::max(Seconds(0), one.time - device.kernelLaunch);
    }
    return std::nullopt;
}

} // namespace

Seconds productArithmetic(const ProductShape& shape, double rate, const DeviceKind& device,
                          double latentTiles)
{
    if (const std::optional<Seconds> time = measuredProduct(shape, rate, device))
        return *time;
    if (device.matrixUnits == 0)
        return Seconds(shape.flops() / rate);
    const double units = device.matrixUnits;
    double best = kForever.count;
    for (const Tile& tile : kTiles) {
        const double tiles =
            shape.batch * std::ceil(shape.m / tile.m) * std::ceil(shape.n / tile.n);
        for (const double parts : kSumParts) {
            const double sum = shape.k / parts;
            if (parts > 1 && (sum < kLongSum || tiles * parts > units))
                break;
            const double latency = device.tileLatency.count * std::min(1.0, sum / kLongSum);
            const double oneTile = 2 * tile.m * tile.n * sum / (rate / units * tile.efficiency);
            const double turns = std::max(1.0, tiles * parts / units);
            best = std::min(best, turns * oneTile + std::min(turns, latentTiles) * latency);
        }
    }
    return Seconds(best);
}

ProductShape ProductWork::shape() const
{
    return shape(ShardingSpec::replicated(static_cast<int>(lhsDims.size())),
                 ShardingSpec::replicated(static_cast<int>(rhsDims.size())), {});
}

ProductShape ProductWork::shape(const ShardingSpec& lhs, const ShardingSpec& rhs,
                                const std::vector<int>& axisSizes) const
{
    const auto local = [&](int64_t size, AxisSet axes) {
        for (size_t axis = 0; axis < axisSizes.size(); ++axis) {
            if (hasAxis(axes, static_cast<int>(axis)))
                size /= axisSizes[axis];
        }
        return static_cast<double>(std::max<int64_t>(size, 1));
    };
    ProductShape shape;
    for (size_t d = 0; d < lhsDims.size(); ++d) {
        double& size = lhsRoles[d] == Role::kBatch  ? shape.batch
                       : lhsRoles[d] == Role::kFree ? shape.m
                                                    : shape.k;
        size *= local(lhsDims[d], lhs.dims[d]);
    }
    for (size_t d = 0; d < rhsDims.size(); ++d) {
        if (rhsRoles[d] == Role::kFree)
            shape.n *= local(rhsDims[d], rhs.dims[d]);
    }
    return shape;
}

double ProductWork::bytes(const ProductShape& part) const
{
    const ProductShape whole = shape();
    return lhsBytes * (part.batch * part.m * part.k) / (whole.batch * whole.m * whole.k) +
           rhsBytes * (part.batch * part.k * part.n) / (whole.batch * whole.k * whole.n) +
           resultBytes * (part.batch * part.m * part.n) / (whole.batch * whole.m * whole.n);
}

} // namespace alpa
