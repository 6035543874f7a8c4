// Which pipeline schedule, and how many microbatches it keeps alive on a stage: all that choosing
// stages has to know about schedules. The instruction order itself is core/schedule/schedule.h.
#pragma once

#include <algorithm>

namespace alpa
{

/// Interleaved 1F1B and zero-bubble schedules would be further enumerators.
enum class ScheduleKind {
    kGpipe, ///< All forwards, then all backwards.
    k1f1b,  ///< PipeDream-Flush: backwards as early as possible, one step per flush.
};

/// The most microbatches whose saved activations stage `stage` of `stages` holds at once. GPipe:
/// all of them. 1F1B: min(microbatches, stages - stage), one for itself and one for each stage
/// after it. Assumes 0 <= stage < stages.
constexpr int inFlightLimit(ScheduleKind kind, int stages, int stage, int microbatches)
{
    if (kind == ScheduleKind::kGpipe)
        return microbatches;
    return std::min(microbatches, stages - stage);
}

} // namespace alpa
