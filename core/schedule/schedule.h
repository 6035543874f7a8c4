// Pipeline schedules: the order in which each stage runs the forwards and backwards of the
// microbatches. Example, 1F1B with 2 stages and 3 microbatches, as printed by text():
//   stage 0: F0 F1 B0 F2 B1 B2 U
//   stage 1: F0 B0 F1 B1 F2 B2 U
#pragma once

#include "core/inter_op/schedule_kind.h"

#include <string>
#include <vector>

namespace alpa
{

/// One thing a stage does.
struct ScheduledTask {
    enum class Phase {
        kForward,
        kBackward,
        kGradientSync, ///< Only in timelines: scheduleOrder leaves it to the update.
        kUpdate,       ///< Once per step, after the last backward.
    };
    int stage = 0;
    int microbatch = 0; ///< 0 for kGradientSync and kUpdate, which belong to all.
    Phase phase = Phase::kForward;
    friend bool operator==(const ScheduledTask&, const ScheduledTask&) = default;
};

/// The tasks of each stage in the order it runs them, [stage][position]; each ends with its update.
/// GPipe: F0..Fm-1 then B0..Bm-1 (Alpa's order: the backward pass starts with microbatch 0).
/// 1F1B: min(stages - stage - 1, microbatches) forwards to warm up, then forward and backward in
/// turn. Assumes stages >= 1 and microbatches >= 1.
std::vector<std::vector<ScheduledTask>> scheduleOrder(ScheduleKind kind, int stages,
                                                      int microbatches);

/// "F3", "B0", "S", "U".
std::string text(const ScheduledTask& task);
/// One line a stage, as in the example above.
std::string text(const std::vector<std::vector<ScheduledTask>>& order);
/// "gpipe", "1f1b".
std::string text(ScheduleKind kind);

} // namespace alpa
