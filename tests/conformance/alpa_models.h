// The models of Alpa's tests for its intra-operator pass (tests/shard_parallel) and of its authors'
// prototype, as loss graphs. Everything is float32.
#pragma once

#include "core/graph/graph.h"

#include <memory>

namespace alpa
{

std::shared_ptr<const Graph> makeMlp(int layers, int64_t batch, int64_t hidden, bool hasBias);

/// Layers of attention and a feed-forward network, each behind a residual; no normalisation, whose
/// parameters are too small to matter.
std::shared_ptr<const Graph> makeBert(int layers, int64_t batch, int64_t sequence, int64_t hidden,
                                      int64_t heads);

/// Looks rows up in a table and multiplies them with it again; cross-entropy of a softmax.
std::shared_ptr<const Graph> makeTiedEmbedding(int64_t batch, int64_t sequence, int64_t vocabulary,
                                               int64_t hidden);

struct MoeShape {
    int64_t batch = 64, sequence = 16, hidden = 64, heads = 16;
    int64_t group = 32; ///< Tokens that share the places of an expert.
    int64_t experts = 16;
};
/// Attention, then two experts of many for every token; layer norms.
std::shared_ptr<const Graph> makeMoeLayer(const MoeShape& shape);

/// Convolutions of stride 2, each with batch norm, relu and a pool of maxima.
std::shared_ptr<const Graph> makeConvolutions(int layers, int64_t batch, int64_t image,
                                              int64_t channels);

} // namespace alpa
