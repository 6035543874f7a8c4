#include "core/explain/plan_evaluator.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Of a stage's time for a microbatch: two products a weight backward, one forward.
constexpr double kBackwardShare = 2.0 / 3;

} // namespace

StageTable::StageTable(const CandidateSet& set, int config, int layers, bool recomputes)
    : layers_(layers)
    , devices_(set.submeshes[static_cast<size_t>(set.shapes[static_cast<size_t>(config)].submesh)]
                   .devices())
    , entries_(static_cast<size_t>(layers * (layers + 1) + layers + 1))
{
    for (const StageCandidate& candidate : set.candidates) {
        if (candidate.config != config ||
            set.recomputed[static_cast<size_t>(candidate.tag)].has_value() != recomputes)
            continue;
        Entry& entry =
            entries_[static_cast<size_t>(candidate.firstLayer * (layers + 1) + candidate.endLayer)];
        if (candidate.perMicrobatch.count >= entry.perMicrobatch)
            continue;
        entry = {.perMicrobatch = candidate.perMicrobatch.count,
                 .perStep = candidate.perStep.count,
                 .inputTransfer = candidate.inputTransfer.count,
                 .fixedBytes = candidate.fixedMemory.count + candidate.transient.count,
                 .bytesInFlight = candidate.perInFlightMicrobatch.count};
    }
}

PlanEstimate estimatePlan(std::span<const EvaluatedStage> stages, int microbatches,
                          ScheduleKind schedule)
{
    const int count = static_cast<int>(stages.size());
    double latency = 0; // Of a microbatch through this stage and those behind it, and back.
    double steady = 0;  // The microbatches after the first, once the pipeline is full.
    double once = 0;    // Work after the last backward of stage s, beyond the end of stage s - 1's.
    int64_t peak = 0;
    const int others = microbatches - 1;
    for (int s = count - 1; s >= 0; --s) {
        const int first = s > 0 ? stages[static_cast<size_t>(s) - 1].end : 0;
        const EvaluatedStage& stage = stages[static_cast<size_t>(s)];
        const StageTable::Entry& entry = stage.table->at(first, stage.end);
        const int inFlight = inFlightLimit(schedule, count, s, microbatches);
        latency += entry.perMicrobatch;
        // Work is done one microbatch after the other; and a stage begins another round only when
        // the first microbatch of the round before has come back.
        steady = std::max({steady, others * entry.perMicrobatch,
                           others / inFlight * latency + others % inFlight * entry.perMicrobatch});
        // What stages behind this one do once a step hides behind this one's last backward.
        once = std::max(entry.perStep, once - kBackwardShare * entry.perMicrobatch);
        latency += s > 0 ? entry.inputTransfer : 0.0;
        peak = std::max(peak, entry.fixedBytes + inFlight * entry.bytesInFlight);
    }
    return {.stepSeconds = latency + steady + once, .peakBytes = peak};
}

} // namespace alpa
