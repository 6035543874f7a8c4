#include "core/training/slice_tiles.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// The only dimension in which a slice of stride 1 takes less than all.
std::optional<size_t> cutDim(const Graph& graph, const Op& op)
{
    const auto* slice = std::get_if<SliceAttributes>(&op.attributes);
    if (slice == nullptr ||
        std::ranges::any_of(slice->strides, [](int64_t stride) { return stride != 1; }))
        return std::nullopt;
    const std::vector<int64_t>& from = graph.type(op.operands[0]).dims;
    const std::vector<int64_t>& to = graph.type(op.results[0]).dims;
    std::optional<size_t> dim;
    for (size_t d = 0; d < from.size(); ++d) {
        if (from[d] == to[d])
            continue;
        if (dim)
            return std::nullopt;
        dim = d;
    }
    return dim;
}

/// The slices in order if they tile `value` along one dimension.
std::optional<size_t> tiledDim(const Graph& graph, ValueId value, std::vector<const Op*>& slices)
{
    const std::optional<size_t> dim = cutDim(graph, *slices[0]);
    if (!dim ||
        std::ranges::any_of(slices, [&](const Op* op) { return cutDim(graph, *op) != dim; }))
        return std::nullopt;
    const auto bounds = [&](const Op* op) -> const SliceAttributes& {
        return std::get<SliceAttributes>(op->attributes);
    };
    std::ranges::sort(slices, {}, [&](const Op* op) { return bounds(op).starts[*dim]; });
    int64_t end = 0;
    for (const Op* op : slices) {
        if (bounds(op).starts[*dim] != end)
            return std::nullopt;
        end = bounds(op).limits[*dim];
    }
    return end == graph.type(value).dims[*dim] ? dim : std::nullopt;
}

} // namespace

SliceTiles::SliceTiles(const Graph& graph, const std::vector<bool>& isOnTheWay,
                       const std::vector<int>& groups)
{
    const std::vector<std::vector<OpId>> users = valueUsers(graph);
    const auto group = [&](const Op* op) {
        return op->scope.isValid() ? groups[op->scope.index()] : -1;
    };
    for (size_t v = 0; v < users.size(); ++v) {
        std::vector<const Op*> readers;
        for (const OpId user : users[v]) {
            if (isOnTheWay[user.index()])
                readers.push_back(&graph.op(user));
        }
        if (readers.size() < 2)
            continue;
        const bool isInput = !graph.values[v].producer.isValid();
        if (isInput && std::ranges::any_of(
                           readers, [&](const Op* op) { return group(op) != group(readers[0]); }))
            continue;
        const std::optional<size_t> dim = tiledDim(graph, ValueId(v), readers);
        if (!dim)
            continue;
        for (size_t i = 0; i < readers.size(); ++i)
            tiles_[readers[i]->results[0]] = {cuts_.size(), i};
        cuts_.push_back(
            {{static_cast<int>(*dim), std::vector<ValueId>(readers.size())}, readers.size()});
    }
}

std::optional<SliceTiles::Complete> SliceTiles::add(const Op& slice, ValueId cotangent)
{
    const Tile& tile = tiles_.at(slice.results[0]);
    Cut& cut = cuts_[tile.cut];
    cut.parts.cotangents[tile.position] = cotangent;
    if (--cut.missing > 0)
        return std::nullopt;
    return std::move(cut.parts);
}

} // namespace alpa
