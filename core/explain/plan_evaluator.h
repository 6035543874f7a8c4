// Whole plans costed in closed form, by the hundred thousand a second: stages out of tables that
// were filled once, and the schedule's formula instead of its simulation. For grids of what-ifs,
// where planning each point takes too long.
#pragma once

#include "core/plan/stage_candidates.h"

#include <span>
#include <vector>

namespace alpa
{

/// Stages of one mesh shape, microbatch count and set of rules: what every run of layers costs
/// there.
class StageTable
{
public:
    struct Entry {
        double perMicrobatch = kForever.count; ///< Seconds; infinite: no such stage.
        double perStep = 0;
        double inputTransfer = 0; ///< Not paid by the first stage.
        int64_t fixedBytes = 0;   ///< Parameters, gradients, states and short-lived tensors.
        int64_t bytesInFlight = 0;
    };

    /// The candidates of shape `config` that recompute, or that do not; of several the fastest.
    StageTable(const CandidateSet& set, int config, int layers, bool recomputes);

    const Entry& at(int first, int end) const
    {
        return entries_[static_cast<size_t>(first * (layers_ + 1) + end)];
    }
    int layers() const { return layers_; }
    int devices() const { return devices_; }

private:
    int layers_;
    int devices_;
    std::vector<Entry> entries_; ///< [first][end]
};

/// One stage of a plan to be evaluated: layers up to `end` (exclusive), from where the one before
/// ended.
struct EvaluatedStage {
    const StageTable* table = nullptr;
    int end = 0;
};

struct PlanEstimate {
    double stepSeconds = kForever.count; ///< Infinite if a stage is impossible.
    int64_t peakBytes = 0;               ///< Per device, of the fullest stage.
};

/// step = latency + steady + once, for GPipe and 1F1B: latency is that of one microbatch with its
/// transfers; steady what the others add, at the slowest stage's pace or at that of the rounds in
/// which microbatches in flight come back; once the work after the last backward that no other
/// backward hides. Against the simulated plans of the planner with the same schedule the median
/// error is below 4 %, the worst 10 % (tests/unit/explain). Assumes that the stages cover the
/// tables' layers in order. Some ten nanoseconds a stage.
PlanEstimate estimatePlan(std::span<const EvaluatedStage> stages, int microbatches,
                          ScheduleKind schedule);

} // namespace alpa
