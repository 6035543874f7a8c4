// Where the buffers of a stage lie in a device's arena: only those that its launches touch, each
// for as long as launches need it.
#pragma once

#include "core/fusion/launch_plan.h"

#include <set>
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

/// Microbatches between the first and the last of their runs of `segments` (of all that run for
/// each), at most; those between the oldest and the youngest count, since slots go in turn.
int inFlight(const std::vector<QueueEntry>& queue,
             const std::set<SegmentKind>& segments = {SegmentKind::kForward, SegmentKind::kBackward,
                                                      SegmentKind::kWeightGradient});

} // namespace alpa::fusion
