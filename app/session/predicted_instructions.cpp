#include "app/session/predicted_instructions.h"

#include "core/lowering/lower_plan.h"
#include "core/lowering/predict_times.h"

#include <algorithm>

namespace alpa::app
{

namespace
{

using Task = ScheduledTask::Phase;
using Run = PredictedInstructions::Run;

/// Tasks of one segment and microbatch are one run of it.
std::vector<Run> runsOf(const StageTimeline& stage)
{
    std::vector<Run> runs;
    for (const TimelineTask& task : stage.tasks) {
        const SegmentKind kind = segmentOf(task.task.phase);
        const auto found = std::ranges::find_if(runs, [&](const Run& run) {
            return run.kind == kind && run.microbatch == task.task.microbatch;
        });
        if (found == runs.end())
            runs.push_back({kind, task.task.microbatch, {task.start, task.end}});
        else
            found->time = {std::min(found->time.start, task.start),
                           std::max(found->time.end, task.end)};
    }
    std::ranges::stable_sort(runs, {}, [](const Run& run) { return run.time.start; });
    return runs;
}

std::vector<double> sharesOf(const Segment& segment)
{
    std::vector<double> shares{0};
    for (const Instruction& instruction : segment.instructions)
        shares.push_back(shares.back() + instruction.predicted.count);
    const double whole = shares.back();
    if (whole <= 0)
        return {};
    for (double& share : shares)
        share /= whole;
    return shares;
}

} // namespace

SegmentKind segmentOf(Task phase)
{
    switch (phase) {
    case Task::kForward:
        return SegmentKind::kForward;
    case Task::kBackward:
        return SegmentKind::kBackward;
    case Task::kWeightGradient:
        return SegmentKind::kWeightGradient;
    case Task::kGradientSync:
    case Task::kUpdate:
        return SegmentKind::kUpdate;
    }
    return SegmentKind::kUpdate;
}

Result<std::shared_ptr<const PredictedInstructions>>
PredictedInstructions::of(const ParallelPlan& plan)
{
    ASSIGN_OR_RETURN(Program program, lowerPlan(plan));
    predictTimes(plan, program);
    return std::make_shared<const PredictedInstructions>(plan, std::move(program));
}

PredictedInstructions::PredictedInstructions(const ParallelPlan& plan, Program program)
    : program_(std::move(program))
{
    for (const StageTimeline& stage : plan.timeline.stages)
        runs_.push_back(runsOf(stage));
    for (const StageProgram& stage : program_.stages)
        std::ranges::transform(stage.segments, shares_.emplace_back().begin(), sharesOf);
}

std::optional<PredictedInstructions::Time> PredictedInstructions::within(int stage, const Run& run,
                                                                         size_t instruction) const
{
    if (static_cast<size_t>(stage) >= shares_.size())
        return std::nullopt;
    const std::vector<double>& shares =
        shares_[static_cast<size_t>(stage)][static_cast<size_t>(run.kind)];
    if (instruction + 1 >= shares.size())
        return std::nullopt;
    const Seconds length = run.time.end - run.time.start;
    return Time{run.time.start + length * shares[instruction],
                run.time.start + length * shares[instruction + 1]};
}

} // namespace alpa::app
