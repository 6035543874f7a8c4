// Where the buffers of a stage lie in a device's arena: only those that its launches touch, each
// for as long as launches need it.
#pragma once

#include "core/fusion/launch_plan.h"

#include <vector>

namespace alpa::fusion
{

/// The address for microbatch m is offset + (m % slots) * slotBytes.
struct Place {
    int64_t offset = -1; ///< -1: has no memory.
    int64_t slotBytes = 0;
    int slots = 1;
};

struct ArenaLayout {
    std::vector<Place> places; ///< By buffer.
    int64_t scratch = 0;       ///< Offset of what launches use while they run.
    int64_t bytes = 0;
};

/// `scratchBytes`: the most that any launch needs.
ArenaLayout layOutArena(const StageGraph& graph, const std::vector<PlannedLaunch>& launches,
                        int stage, int64_t scratchBytes);

/// Microbatches of a stage whose forward has begun and whose backward has not ended, at most.
int inFlight(const std::vector<QueueEntry>& queue);

} // namespace alpa::fusion
