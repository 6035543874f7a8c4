// What the plan expects of every instruction of its program, and when: the runs of segments of the
// predicted timeline, divided among their instructions by the times that the planner expects of
// them.
#pragma once

#include "core/plan/parallel_plan.h"
#include "core/program/program.h"
#include "core/trace/trace.h"

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace alpa::app
{

/// The segment that runs a task of the timeline; the gradients' sync belongs to the update.
SegmentKind segmentOf(ScheduledTask::Phase phase);

class PredictedInstructions
{
public:
    struct Time {
        Seconds start, end;
    };
    /// One run of a segment, in the predicted step.
    struct Run {
        SegmentKind kind = SegmentKind::kForward;
        int microbatch = 0;
        Time time;
    };

    /// Lowers the plan, which takes up to a second. Fails as lowerPlan does.
    static Result<std::shared_ptr<const PredictedInstructions>> of(const ParallelPlan& plan);
    /// `program`: of `plan`, with its predicted times.
    PredictedInstructions(const ParallelPlan& plan, Program program);

    const Program& program() const { return program_; }
    /// In time order.
    const std::vector<Run>& runs(int stage) const { return runs_[static_cast<size_t>(stage)]; }
    /// Where an instruction lies within a run of its stage; nothing if no time is expected of its
    /// segment.
    std::optional<Time> within(int stage, const Run& run, size_t instruction) const;

private:
    Program program_;
    std::vector<std::vector<Run>> runs_; ///< By stage.
    /// [stage][segment]: the share of the segment's time before each instruction, and 1 behind the
    /// last; empty if no time is expected of it.
    std::vector<std::array<std::vector<double>, kSegmentKinds>> shares_;
};

} // namespace alpa::app
