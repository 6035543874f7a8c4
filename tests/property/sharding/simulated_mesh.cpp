#include "tests/property/sharding/simulated_mesh.h"

#include <algorithm>
#include <numeric>

namespace alpa
{
namespace
{

int64_t elementCount(const std::vector<int64_t>& dims)
{
    return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
}

/// Calls `visit(index)` for every index of `dims` in row-major order.
template <typename Visit>
void forEachIndex(const std::vector<int64_t>& dims, Visit&& visit)
{
    std::vector<int64_t> index(dims.size(), 0);
    for (int64_t left = elementCount(dims); left > 0; --left) {
        visit(index);
        for (size_t dim = dims.size(); dim-- > 0;) {
            if (++index[dim] < dims[dim])
                break;
            index[dim] = 0;
        }
    }
}

int64_t flatIndex(const std::vector<int64_t>& dims, const std::vector<int64_t>& index)
{
    int64_t flat = 0;
    for (size_t dim = 0; dim < dims.size(); ++dim)
        flat = flat * dims[dim] + index[dim];
    return flat;
}

/// The `part`-th of `parts` equal pieces along `dim`.
LocalTensor pieceOf(const LocalTensor& tensor, int dim, int part, int parts)
{
    std::vector<int64_t> offsets(tensor.dims.size(), 0);
    std::vector<int64_t> sizes = tensor.dims;
    sizes[static_cast<size_t>(dim)] /= parts;
    offsets[static_cast<size_t>(dim)] = part * sizes[static_cast<size_t>(dim)];
    return partOf(tensor, offsets, sizes);
}

LocalTensor concatenated(const std::vector<LocalTensor>& pieces, int dim)
{
    const size_t along = static_cast<size_t>(dim);
    LocalTensor whole;
    whole.dims = pieces.front().dims;
    whole.dims[along] *= static_cast<int64_t>(pieces.size());
    const int64_t pieceSize = pieces.front().dims[along];
    forEachIndex(whole.dims, [&](std::vector<int64_t> index) {
        const LocalTensor& piece = pieces[static_cast<size_t>(index[along] / pieceSize)];
        index[along] %= pieceSize;
        whole.values.push_back(piece.values[static_cast<size_t>(flatIndex(piece.dims, index))]);
    });
    return whole;
}

LocalTensor reduced(const Holdings& holdings, const std::vector<int>& group, ReduceKind kind)
{
    LocalTensor sum = holdings[static_cast<size_t>(group.front())];
    for (size_t place = 1; place < group.size(); ++place) {
        const LocalTensor& other = holdings[static_cast<size_t>(group[place])];
        for (size_t at = 0; at < sum.values.size(); ++at)
            sum.values[at] = combine(kind, sum.values[at], other.values[at]);
    }
    return sum;
}

/// Divides `value` over `count` devices so that they combine to it again.
std::vector<int64_t> dividedValue(ReduceKind kind, int64_t value, int count, Rng& rng)
{
    std::vector<int64_t> parts(static_cast<size_t>(count), value);
    const size_t keeper = static_cast<size_t>(rng.below(count));
    for (size_t place = 0; place < parts.size(); ++place) {
        if (place == keeper)
            continue;
        const int64_t other = rng.between(0, 1000);
        if (kind == ReduceKind::kAdd) {
            parts[place] = other;
            parts[keeper] -= other;
        } else {
            parts[place] = kind == ReduceKind::kMaximum ? value - other : value + other;
        }
    }
    return parts;
}

} // namespace

LocalTensor numberedTensor(const std::vector<int64_t>& dims)
{
    LocalTensor tensor{dims, std::vector<int64_t>(static_cast<size_t>(elementCount(dims)))};
    std::iota(tensor.values.begin(), tensor.values.end(), 1);
    return tensor;
}

LocalTensor partOf(const LocalTensor& tensor, const std::vector<int64_t>& offsets,
                   const std::vector<int64_t>& sizes)
{
    LocalTensor part{sizes, {}};
    forEachIndex(sizes, [&](std::vector<int64_t> index) {
        for (size_t dim = 0; dim < index.size(); ++dim)
            index[dim] += offsets[dim];
        part.values.push_back(tensor.values[static_cast<size_t>(flatIndex(tensor.dims, index))]);
    });
    return part;
}

int64_t combine(ReduceKind kind, int64_t a, int64_t b)
{
    if (kind == ReduceKind::kAdd)
        return a + b;
    return kind == ReduceKind::kMaximum ? std::max(a, b) : std::min(a, b);
}

Holdings layOut(const DeviceMesh& mesh, const ShardingSpec& spec, const LocalTensor& whole,
                Rng& rng)
{
    Holdings holdings;
    for (int index = 0; index < mesh.deviceCount(); ++index) {
        const Tile tile = deviceTile(mesh, spec, whole.dims, index);
        holdings.push_back(partOf(whole, tile.offsets, tile.sizes));
    }
    for (int index = 0; index < mesh.deviceCount(); ++index) {
        const std::vector<int> group = mesh.group(index, spec.partial);
        if (group.front() != index || group.size() == 1)
            continue;
        for (size_t at = 0; at < holdings[static_cast<size_t>(index)].values.size(); ++at) {
            const std::vector<int64_t> parts =
                dividedValue(spec.partialKind, holdings[static_cast<size_t>(index)].values[at],
                             static_cast<int>(group.size()), rng);
            for (size_t member = 0; member < group.size(); ++member)
                holdings[static_cast<size_t>(group[member])].values[at] = parts[member];
        }
    }
    return holdings;
}

bool isLaidOut(const DeviceMesh& mesh, const ShardingSpec& spec, const LocalTensor& whole,
               const Holdings& holdings)
{
    for (int index = 0; index < mesh.deviceCount(); ++index) {
        const Tile tile = deviceTile(mesh, spec, whole.dims, index);
        if (holdings[static_cast<size_t>(index)].dims != tile.sizes)
            return false;
        const LocalTensor held =
            reduced(holdings, mesh.group(index, spec.partial), spec.partialKind);
        if (held != partOf(whole, tile.offsets, tile.sizes))
            return false;
    }
    return true;
}

bool applyStep(const DeviceMesh& mesh, ReshardKind kind, int axis, int dim, int fromDim,
               ReduceKind reduction, Holdings& holdings)
{
    const int parts = mesh.axisSize(axis);
    const bool splits = kind != ReshardKind::kAllGather && kind != ReshardKind::kAllReduce;
    if (splits && holdings.front().dims[static_cast<size_t>(dim)] % parts != 0)
        return false;
    Holdings after;
    for (int index = 0; index < mesh.deviceCount(); ++index) {
        const std::vector<int> group = mesh.group(index, axisBit(axis));
        const int own = mesh.coordinate(index, axis);
        switch (kind) {
        case ReshardKind::kSlice:
            after.push_back(pieceOf(holdings[static_cast<size_t>(index)], dim, own, parts));
            break;
        case ReshardKind::kAllReduce:
            after.push_back(reduced(holdings, group, reduction));
            break;
        case ReshardKind::kReduceScatter:
            after.push_back(pieceOf(reduced(holdings, group, reduction), dim, own, parts));
            break;
        case ReshardKind::kAllGather:
        case ReshardKind::kAllToAll: {
            std::vector<LocalTensor> pieces;
            for (const int member : group) {
                const LocalTensor& sent = holdings[static_cast<size_t>(member)];
                pieces.push_back(kind == ReshardKind::kAllGather ? sent
                                                                 : pieceOf(sent, dim, own, parts));
            }
            after.push_back(concatenated(pieces, kind == ReshardKind::kAllGather ? dim : fromDim));
            break;
        }
        }
    }
    holdings = std::move(after);
    return true;
}

} // namespace alpa
