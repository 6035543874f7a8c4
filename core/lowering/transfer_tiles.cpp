#include "core/lowering/transfer_tiles.h"

#include <algorithm>
#include <functional>
#include <map>

namespace alpa
{
namespace
{

struct Overlap {
    std::vector<int64_t> begin, size;
    int64_t elements = 1;
};

Overlap overlapOf(const Tile& a, const Tile& b)
{
    Overlap overlap;
    for (size_t dim = 0; dim < a.sizes.size(); ++dim) {
        const int64_t begin = std::max(a.offsets[dim], b.offsets[dim]);
        const int64_t end = std::min(a.offsets[dim] + a.sizes[dim], b.offsets[dim] + b.sizes[dim]);
        overlap.begin.push_back(begin);
        overlap.size.push_back(std::max<int64_t>(end - begin, 0));
        overlap.elements *= overlap.size.back();
    }
    return overlap;
}

std::vector<int64_t> minus(const std::vector<int64_t>& a, const std::vector<int64_t>& b)
{
    std::vector<int64_t> difference(a.size());
    std::ranges::transform(a, b, difference.begin(), std::minus<>());
    return difference;
}

} // namespace

std::vector<TransferTile> transferTiles(const DeviceMesh& from, const ShardingSpec& fromSpec,
                                        const DeviceMesh& to, const ShardingSpec& toSpec,
                                        const std::vector<int64_t>& dims)
{
    // Senders by the part they hold.
    std::map<std::vector<int64_t>, std::vector<int>> holders;
    std::map<std::vector<int64_t>, Tile> parts;
    for (int device = 0; device < from.deviceCount(); ++device) {
        const Tile tile = deviceTile(from, fromSpec, dims, device);
        holders[tile.offsets].push_back(device);
        parts.emplace(tile.offsets, tile);
    }
    std::vector<int64_t> sent(static_cast<size_t>(from.deviceCount()), 0);
    std::vector<TransferTile> tiles;
    for (int device = 0; device < to.deviceCount(); ++device) {
        const Tile wanted = deviceTile(to, toSpec, dims, device);
        for (const auto& [offsets, part] : parts) {
            const Overlap overlap = overlapOf(part, wanted);
            if (overlap.elements == 0)
                continue;
            const int sender = *std::ranges::min_element(holders[offsets], {}, [&](int holder) {
                return sent[static_cast<size_t>(holder)];
            });
            sent[static_cast<size_t>(sender)] += overlap.elements;
            tiles.push_back({.from = sender,
                             .to = device,
                             .fromOffsets = minus(overlap.begin, part.offsets),
                             .toOffsets = minus(overlap.begin, wanted.offsets),
                             .sizes = overlap.size});
        }
    }
    return tiles;
}

} // namespace alpa
