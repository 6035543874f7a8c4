// Which pipeline schedule, and how many microbatches it keeps alive on a stage: all that choosing
// stages has to know about schedules. The instruction order itself is core/schedule/schedule.h.
#pragma once

namespace alpa
{

enum class ScheduleKind {
    kGpipe, ///< All forwards, then all backwards.
    k1f1b,  ///< PipeDream-Flush: backwards as early as possible, one step per flush.
    /// 1F1B over several chunks of layers a device group (Narayanan et al. 2021, section 2.2):
    /// stage s runs on group s mod groups, so that the pipeline fills in a chunk's time.
    kInterleaved1f1b,
    /// ZB-H1 (Qi et al. 2024, arXiv 2401.10241): weight gradients are computed apart from input
    /// gradients and fill the bubble of 1F1B, within the memory of its first stage.
    kZeroBubble,
};

/// The most microbatches whose saved activations stage `stage` of `stages` holds at once, from the
/// start of their forward to the end of their backward (of input gradients, under zero-bubble).
/// GPipe: all of them. 1F1B and zero-bubble: min(microbatches, stages - stage), one for itself and
/// one for each stage after it. Interleaved, with `chunks` stages a group: as its order has it;
/// O(1) otherwise, O(stages) here. Assumes 0 <= stage < stages and that chunks divides stages.
int inFlightLimit(ScheduleKind kind, int stages, int stage, int microbatches, int chunks = 1);

/// The same until nothing of the forward pass is needed any more: to the end of the weight gradient
/// under zero-bubble, where no stage keeps more than min(microbatches, stages).
int heldLimit(ScheduleKind kind, int stages, int stage, int microbatches, int chunks = 1);

/// The most microbatches at once between the start of their backward and the end of their weight
/// gradient: min(microbatches, stage + 1) under zero-bubble, 0 otherwise.
int deferredLimit(ScheduleKind kind, int stage, int microbatches);

/// Virtual microbatches (of any chunk) that group `group` of `groups` runs forward before its first
/// backward, under interleaved 1F1B: Megatron-LM's number.
int interleavedWarmup(int groups, int group, int microbatches, int chunks);

} // namespace alpa
