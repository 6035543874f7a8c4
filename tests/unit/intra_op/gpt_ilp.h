// The sharding problem of a GPT training step on a two-axis mesh, as an intra-op planner would
// build it: matrix products and parameters choose, all other tensors follow. Alpha-beta
// collectives; costs are whole nanoseconds.
#pragma once

#include "core/intra_op/ilp_problem.h"

#include <cstdint>
#include <optional>

namespace alpa
{

struct GptIlpOptions {
    int layers = 1;
    int meshRows = 8;
    int meshColumns = 8;
    int64_t hidden = 12288;
    int64_t heads = 96;
    int64_t sequence = 2048;
    int64_t batch = 32;
    int64_t vocabulary = 51200;
    bool hasReplicatedCompute = true; ///< Products may leave a mesh axis unused.
    /// Limit as a multiple of the sum of least usages at the worst time. Unset: no limit, no
    /// usages.
    std::optional<double> memoryRatio = std::nullopt;
};

IlpProblem gptIlp(const GptIlpOptions& options);

} // namespace alpa
