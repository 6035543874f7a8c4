// The sizes of a language model of equal blocks, as frameworks ask for them, read off its graph.
#pragma once

#include "core/export/parallel_layout.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace alpa
{

struct TransformerShape {
    std::vector<int> stageOfBlock;
    int64_t hidden = 0, feedForward = 0, heads = 0, keyHeads = 0, sequence = 0, vocabulary = 0;
    bool isGated = false;
    bool hasBias = false;
    bool hasExperts = false;
    bool isTied = true;        ///< The embedding table gives the logits as well.
    bool hasPositions = false; ///< A table of positions; rotary otherwise.
};

/// Refuses, in the name of `format`, models without an embedding table that token numbers look up,
/// a sequence, attention heads and numbered blocks, and plans of which a stage cuts through a
/// block.
Result<TransformerShape> findTransformer(const ParallelPlan& plan, const ParallelLayout& layout,
                                         std::string_view format);

} // namespace alpa
