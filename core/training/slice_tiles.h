// Values that are cut into slices side by side, as the queries, keys and values of an attention
// are. Their cotangent is the slices' cotangents put together again: one concatenation instead of a
// padding and a sum for each slice. Internal to core/training.
#pragma once

#include "core/graph/graph.h"

#include <map>
#include <optional>
#include <vector>

namespace alpa
{

class SliceTiles
{
public:
    /// Finds the values all of whose readers among `isOnTheWay` are slices that tile them along one
    /// dimension. `groups` (by scope) keeps apart slices whose cotangents must not meet: those of
    /// one parameter in different groups.
    SliceTiles(const Graph& graph, const std::vector<bool>& isOnTheWay,
               const std::vector<int>& groups);

    /// All cotangents of a cut value, in the order of the slices.
    struct Complete {
        int dim = 0;
        std::vector<ValueId> cotangents;
    };
    bool isTile(const Op& slice) const { return tiles_.contains(slice.results[0]); }
    /// Takes the cotangent of a tile; gives all of its value's when it was the last one.
    std::optional<Complete> add(const Op& slice, ValueId cotangent);

private:
    struct Cut {
        Complete parts; ///< Invalid ids where a cotangent is still to come.
        size_t missing = 0;
    };
    struct Tile {
        size_t cut = 0;
        size_t position = 0;
    };
    std::vector<Cut> cuts_;
    std::map<ValueId, Tile> tiles_; ///< By the slice's result.
};

} // namespace alpa
