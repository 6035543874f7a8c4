// The updates of an imported training step, taken apart by parameter. Internal to core/training.
#pragma once

#include "core/graph/graph.h"

#include <optional>
#include <string>

namespace alpa
{

/// Which updates read the same gradient, so that they cannot run on different stages; nothing if
/// none do.
std::optional<std::string> whyUpdatesHangTogether(const Graph& step);

/// The same step with accumulates between its passes and its update, updates that share no op
/// unless they hang together, states named after their parameters, and no outputs but the loss and
/// what replaces an input. See splitTrainingStep.
Graph separateUpdates(const Graph& step);

} // namespace alpa
