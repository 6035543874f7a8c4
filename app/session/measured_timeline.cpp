#include "app/session/measured_timeline.h"

#include <algorithm>
#include <map>

namespace alpa::app
{

namespace
{

using Task = ScheduledTask::Phase;

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

} // namespace

size_t MeasuredTimeline::spanCount() const
{
    size_t count = 0;
    for (const MeasuredRow& row : rows)
        count += row.spans.size();
    return count;
}

std::shared_ptr<const MeasuredTimeline> measuredTimeline(const Trace& trace)
{
    auto timeline = std::make_shared<MeasuredTimeline>();
    timeline->steps = trace.steps;
    std::map<std::pair<int, int>, size_t> rowOf;
    for (const TraceEvent& event : trace.events)
        rowOf.try_emplace({event.stage, event.device}, 0);
    for (auto& [place, row] : rowOf) {
        row = timeline->rows.size();
        timeline->rows.push_back({place.first, place.second, {}});
    }
    for (const TraceEvent& event : trace.events) {
        timeline->rows[rowOf[{event.stage, event.device}]].spans.push_back(
            {float(event.start.count), float(event.end.count), event.step, event.microbatch,
             event.kind});
        timeline->end = std::max(timeline->end, event.end);
    }
    for (const TraceStep& step : trace.steps)
        timeline->end = std::max(timeline->end, step.end);
    for (MeasuredRow& row : timeline->rows) {
        const auto isBefore = [](const MeasuredSpan& a, const MeasuredSpan& b) {
            return a.start < b.start;
        };
        if (!std::ranges::is_sorted(row.spans, isBefore))
            std::ranges::stable_sort(row.spans, isBefore);
    }
    return timeline;
}

PredictedSpans::PredictedSpans(const ParallelPlan& plan)
    : microbatches_(plan.microbatches)
{
    const size_t stages = plan.timeline.stages.size();
    seconds_.assign(stages * kSegmentKinds * static_cast<size_t>(microbatches_), -1);
    for (size_t stage = 0; stage < stages; ++stage) {
        for (const TimelineTask& task : plan.timeline.stages[stage].tasks) {
            const auto kind = static_cast<size_t>(segmentOf(task.task.phase));
            const size_t at = (stage * kSegmentKinds + kind) * static_cast<size_t>(microbatches_) +
                              static_cast<size_t>(task.task.microbatch);
            seconds_[at] = std::max(seconds_[at], 0.0) + (task.end - task.start).count;
        }
    }
}

std::optional<Seconds> PredictedSpans::of(int stage, SegmentKind kind, int microbatch) const
{
    const size_t at = (static_cast<size_t>(stage) * kSegmentKinds + static_cast<size_t>(kind)) *
                          static_cast<size_t>(microbatches_) +
                      static_cast<size_t>(microbatch);
    if (stage < 0 || microbatch < 0 || microbatch >= microbatches_ || at >= seconds_.size() ||
        seconds_[at] < 0)
        return std::nullopt;
    return Seconds(seconds_[at]);
}

std::optional<double> PredictedSpans::error(int stage, const MeasuredSpan& span) const
{
    const std::optional<Seconds> predicted = of(stage, span.kind, span.microbatch);
    if (!predicted || predicted->count <= 0)
        return std::nullopt;
    return double(span.end - span.start) / predicted->count - 1;
}

std::vector<double> stageErrors(const ParallelPlan& plan, const MeasuredTimeline& measured)
{
    const PredictedSpans predicted(plan);
    std::vector<double> took(plan.stages.size(), 0), wanted(plan.stages.size(), 0);
    for (const MeasuredRow& row : measured.rows) {
        if (row.stage >= int(plan.stages.size()))
            continue;
        for (const MeasuredSpan& span : row.spans) {
            const std::optional<Seconds> time = predicted.of(row.stage, span.kind, span.microbatch);
            const bool isPass =
                span.kind != SegmentKind::kUpdate && span.kind != SegmentKind::kBegin;
            if (!time || !isPass || (span.step == 0 && measured.steps.size() > 1))
                continue;
            took[static_cast<size_t>(row.stage)] += double(span.end - span.start);
            wanted[static_cast<size_t>(row.stage)] += time->count;
        }
    }
    std::vector<double> errors(plan.stages.size(), 0);
    bool isAny = false;
    for (size_t stage = 0; stage < errors.size(); ++stage) {
        if (wanted[stage] <= 0)
            continue;
        errors[stage] = took[stage] / wanted[stage] - 1;
        isAny = true;
    }
    return isAny ? errors : std::vector<double>();
}

} // namespace alpa::app
