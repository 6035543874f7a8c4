// Selective recomputation (Korthikanti et al. 2022, section 5): keeps what is expensive to compute,
// and runs cheap ops again in the backward pass: softmax and attention scores, chains of
// element-wise ops, normalisations.
#pragma once

#include "core/graph/graph.h"

#include <cstdint>
#include <vector>

namespace alpa
{

struct SelectiveRecomputation {
    std::vector<bool> isRepeated; ///< Per op: runs again before the backward ops that need it.
    std::vector<uint8_t> isKept;  ///< Per value: forward value kept for the backward pass.
};

/// The split of every layer's forward pass that keeps the fewest bytes of whole tensors: a minimum
/// vertex cut between what must be computed once (contractions, whatever crosses layers) and what
/// the backward pass reads. Of equal cuts the one that repeats least. A contraction counts as cheap
/// only if its result is larger than its operands, as attention scores are for long sequences.
/// `isNeverRepeated`: per op; inside an attention kernel, which keeps nothing that is worth it.
SelectiveRecomputation selectRecomputation(const Graph& graph, const std::vector<int>& layerOfOp,
                                           const std::vector<uint8_t>& isNeverRepeated);

/// Does a forward op of another layer of [firstLayer, endLayer) read the result of a forward op of
/// `layer`? Layers that run again start from such values, which are kept: so one layer's
/// activations are there at a time. `users`: the readers of the result.
bool isReadByOtherLayer(const Graph& graph, const std::vector<int>& layerOfOp,
                        const std::vector<OpId>& users, int layer, int firstLayer, int endLayer);

} // namespace alpa
