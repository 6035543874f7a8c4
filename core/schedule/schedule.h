// Pipeline schedules: the order in which each stage runs the forwards and backwards of the
// microbatches. Example, 1F1B with 2 stages and 3 microbatches, as printed by text():
//   stage 0: F0 F1 B0 F2 B1 B2 U
//   stage 1: F0 B0 F1 B1 F2 B2 U
#pragma once

#include "core/base/result.h"
#include "core/inter_op/schedule_kind.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// One thing a stage does.
struct ScheduledTask {
    enum class Phase {
        kForward,
        kBackward,       ///< Of inputs alone under zero-bubble, of inputs and weights otherwise.
        kWeightGradient, ///< Under zero-bubble only.
        kGradientSync,   ///< Only in timelines: scheduleOrder leaves it to the update.
        kUpdate,         ///< Once per step, after the last backward.
    };
    int stage = 0;
    int microbatch = 0; ///< 0 for kGradientSync and kUpdate, which belong to all.
    Phase phase = Phase::kForward;
    friend bool operator==(const ScheduledTask&, const ScheduledTask&) = default;
};

/// The tasks of each group of devices in the order it runs them, [group][position]; each ends with
/// its updates. A group runs one stage, or `chunks` of them under interleaved 1F1B: stages group,
/// group + groups, ...
/// GPipe: F0..Fm-1 then B0..Bm-1 (Alpa's order: the backward pass starts with microbatch 0).
/// 1F1B: min(stages - stage - 1, microbatches) forwards to warm up, then forward and backward in
/// turn.
/// Interleaved 1F1B: the same over virtual microbatches, rounds of `groups` microbatches of the
/// first chunk, then of the next; backwards with the chunks reversed. Zero-bubble (ZB-H1): 1F1B,
/// with the weight gradients of microbatch j after the backward of j + stage. Assumes
/// isSchedulable.
std::vector<std::vector<ScheduledTask>> scheduleOrder(ScheduleKind kind, int stages,
                                                      int microbatches, int chunks = 1);

/// Fails with kInvalidInput, saying what is expected, unless stages, microbatches and chunks are
/// positive, chunks is 1 or the schedule interleaved, chunks divides stages, and the microbatches
/// of an interleaved schedule fill whole rounds.
Status isSchedulable(ScheduleKind kind, int stages, int microbatches, int chunks);

/// "F3", "B0", "W2", "S", "U".
std::string text(const ScheduledTask& task);
/// One line a stage, as in the example above; a group with several stages is one line, which names
/// the stage of every task: "group 0: F0.0 F1.0 F0.2 ...", microbatch before stage.
std::string text(const std::vector<std::vector<ScheduledTask>>& order);
/// "gpipe", "1f1b", "interleaved", "zero-bubble".
std::string text(ScheduleKind kind);
std::optional<ScheduleKind> scheduleFromName(std::string_view name);
/// All of them, simplest first: where two take the same time, the earlier one is better.
inline constexpr std::array kScheduleKinds{ScheduleKind::k1f1b, ScheduleKind::kGpipe,
                                           ScheduleKind::kInterleaved1f1b,
                                           ScheduleKind::kZeroBubble};

} // namespace alpa
