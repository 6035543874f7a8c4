// Whether a loss treats the samples of a batch apart. Batch normalisation does not: its statistics
// are those of whatever samples are computed together.
#pragma once

#include "core/graph/graph.h"

#include <optional>

namespace alpa
{

/// The first op through which something computed from all samples (a mean over the batch) enters
/// the computation of single samples. The loss of such a model over microbatches differs from that
/// over the whole batch; sharding the batch does not change it. Nothing if samples meet only on
/// their way to the loss, or if the batch cannot be followed (rebatch says why).
std::optional<OpId> firstSampleMixing(const Graph& loss);

} // namespace alpa
