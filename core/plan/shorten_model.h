// Cuts runs of equal blocks out of a loss graph, so that drafts cost the same for 32 blocks and for
// a thousand.
#pragma once

#include "core/graph/graph.h"
#include "core/intra_op/spec_constraints.h"

#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// A loss graph in which two blocks are left of every run of equal ones. Its own unit numbers are
/// called kept; those of the model, blocks.
struct ShortModel {
    Graph loss;
    /// Per block of the model, the kept one that stands for it. A run a, a+1, ..., b of equal
    /// blocks becomes k, k+1, k+1, ..., k+1, so neighbours stay neighbours or become equal.
    std::vector<int> keptOf;
    std::vector<int> blockOfKept; ///< The block that the kept one is.
    /// Per block: names of its parameters and paths of its scopes, in an order that equal blocks
    /// share.
    std::vector<std::vector<std::string>> names;
    std::vector<std::vector<std::string>> keptNames; ///< The same of what is in `loss`.

    int keptCount() const { return static_cast<int>(blockOfKept.size()); }
    /// Where block i and the one after it stand side by side: kept units n and n + 1.
    int keptPair(int block) const;
    /// Turns names of kept unit `kept` into those of `block`, which is equal to it.
    RenameFunction renaming(int kept, int block) const;
};

/// Blocks as findBlocks finds them. Blocks are equal if they have the same ops of the same types,
/// reading the same values or ones at the same places in themselves or the block before. A run is
/// cut only if nothing but the next block reads a block's values.
ShortModel shortenModel(const Graph& loss);
/// The same short graph told by contractions as findContractions finds them: every "block" above is
/// one with the cheap ops before it. Nothing if there are none.
std::optional<ShortModel> byContractions(const Graph& loss, const ShortModel& ofBlocks);

} // namespace alpa
