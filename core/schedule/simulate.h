// Discrete-event simulation of one training step: predicted times turned into a timeline, bubbles
// and memory curves.
#pragma once

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/schedule/schedule.h"

#include <string>
#include <vector>

namespace alpa
{

/// What one stage needs; times of its whole submesh, bytes per device.
struct StageLoad {
    Seconds forward{};        ///< Per microbatch.
    Seconds backward{};       ///< Per microbatch, of inputs and weights.
    Seconds weightGradient{}; ///< Its part that zero-bubble schedules run apart; <= backward.
    Seconds gradientSync{};   ///< Once, after the last backward.
    Seconds update{};         ///< Once, after the sync.
    Bytes fixedMemory{};
    Bytes perInFlightMicrobatch{};
    Bytes perDeferredMicrobatch{}; ///< From the backward to the weight gradient; zero-bubble only.
    Bytes transient{};             ///< Held only while a task runs.
};

/// Activations from one stage to a later one, and their gradients back. Each direction of a link
/// carries one transfer at a time, in the order they become ready, and so does each network card
/// that several links share; transfers occupy no stage.
struct StageLink {
    int from = 0;
    int to = 0;         ///< > from; usually from + 1, further for skip connections.
    Seconds forward{};  ///< Per microbatch.
    Seconds backward{}; ///< Per microbatch.
    /// Cards, by any non-negative numbers, that a transfer in this direction occupies throughout.
    /// The sending and the receiving side of a card are different ones.
    std::vector<int> forwardCards{};
    std::vector<int> backwardCards{};
};

struct SimulationProblem {
    ScheduleKind schedule = ScheduleKind::k1f1b;
    int microbatches = 1;
    int chunks = 1; ///< Stages that share devices, under interleaved 1F1B; see scheduleOrder.
    std::vector<StageLoad> stages;
    std::vector<StageLink> links;
};

struct TimelineTask {
    ScheduledTask task;
    Seconds start{};
    Seconds end{};
};

struct TimelineTransfer {
    int link = 0; ///< Index into SimulationProblem::links.
    int microbatch = 0;
    ScheduledTask::Phase phase =
        ScheduledTask::Phase::kForward; ///< kBackward: gradients, from `to` to `from`.
    Seconds start{};
    Seconds end{};
};

/// The value of a step function from `time` on.
struct MemoryPoint {
    Seconds time{};
    int inFlight = 0; ///< Microbatches whose forward has started and whose backward has not ended.
    int deferred = 0; ///< Microbatches whose backward has ended and whose weight gradient has not.
    /// Per device: fixed + inFlight * perInFlight + deferred * perDeferred + transient while a task
    /// runs. Of this stage alone where several share the devices.
    Bytes memory{};
};

struct StageTimeline {
    std::vector<TimelineTask> tasks; ///< In time order.
    std::vector<MemoryPoint> memory; ///< In time order, times strictly ascending.
    int peakInFlight = 0;
    Bytes peakMemory{};
    Seconds busy{}; ///< Sum of task durations.
    double bubbleFraction =
        0; ///< Share of the step in which the stage's devices are idle; 0 for an empty step.
};

struct Timeline {
    std::vector<StageTimeline> stages;
    std::vector<TimelineTransfer> transfers; ///< By start time, then link.
    Seconds stepTime{};                      ///< End of the last task.
};

/// Runs the schedule: a task starts when the one before it on its devices has ended and its inputs
/// have arrived. O(n log n) in tasks and transfers. Fails with kInvalidInput on no stages, no
/// microbatches, a schedule that these do not fit, a negative or non-finite time, or a link that
/// does not lead to a later stage.
Result<Timeline> simulate(const SimulationProblem& problem);

/// The simulated step takes no less: some devices' own work, after what the stages before them take
/// until it can begin.
Seconds leastStepTime(const SimulationProblem& problem);

/// One line a stage: its tasks with their start times in seconds, then what the views show.
/// Example:
///   stage 0: F0@0 F1@1 B0@4 B1@7 U@9, bubble 33.33 %, peak 2 in flight, 12 GiB
///   step 9 s
std::string text(const Timeline& timeline);

} // namespace alpa
