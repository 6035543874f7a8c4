#include "app/session/measured_timeline.h"

#include <algorithm>
#include <map>

namespace alpa::app
{

namespace
{

template <typename Span>
void sortByStart(std::vector<Span>& spans)
{
    if (!std::ranges::is_sorted(spans, {}, &Span::start))
        std::ranges::stable_sort(spans, {}, &Span::start);
}

MeasuredLaunch measuredLaunch(const TraceLaunch& launch, const Program& program)
{
    MeasuredLaunch measured;
    measured.start = launch.start.count;
    measured.end = launch.end.count;
    measured.step = launch.step;
    measured.microbatch = launch.microbatch;
    measured.kind = launch.kind;
    measured.instruction = launch.instruction;
    measured.covered = launch.covered;
    measured.op = program.segment(launch.stage, launch.kind).instructions[launch.instruction].op;
    if (const Seconds predicted = predictedTime(program, launch); predicted.count > 0)
        measured.predicted = predicted;
    return measured;
}

} // namespace

std::optional<double> MeasuredLaunch::error() const
{
    if (!predicted)
        return std::nullopt;
    return (end - start) / predicted->count - 1;
}

bool MeasuredLaunch::standsFor(size_t other) const
{
    return other == instruction || std::ranges::find(covered, other) != covered.end();
}

size_t MeasuredTimeline::launchCount() const
{
    size_t count = 0;
    for (const MeasuredRow& row : rows)
        count += row.launches.size() + row.beside.size();
    return count;
}

size_t MeasuredTimeline::spanCount() const
{
    size_t count = 0;
    for (const MeasuredRow& row : rows)
        count += row.spans.size();
    return count;
}

std::shared_ptr<const MeasuredTimeline>
measuredTimeline(const Trace& trace, std::shared_ptr<const PredictedInstructions> predicted)
{
    auto timeline = std::make_shared<MeasuredTimeline>();
    timeline->steps = trace.steps;
    timeline->predicted = std::move(predicted);
    std::map<std::pair<int, int>, size_t> rowOf;
    for (const TraceEvent& event : trace.events)
        rowOf.try_emplace({event.stage, event.device}, 0);
    for (auto& [place, row] : rowOf) {
        row = timeline->rows.size();
        MeasuredRow& made = timeline->rows.emplace_back();
        made.stage = place.first;
        made.device = place.second;
    }
    for (const TraceEvent& event : trace.events) {
        timeline->rows[rowOf[{event.stage, event.device}]].spans.push_back(
            {float(event.start.count), float(event.end.count), event.step, event.microbatch,
             event.kind});
        timeline->end = std::max(timeline->end, event.end);
    }
    for (const TraceStep& step : trace.steps)
        timeline->end = std::max(timeline->end, step.end);
    for (const TraceLaunch& launch : trace.launches) {
        const auto row = rowOf.find({launch.stage, launch.device});
        if (timeline->predicted == nullptr || row == rowOf.end() ||
            !isOf(timeline->predicted->program(), launch)) {
            ++timeline->unmatched;
            continue;
        }
        MeasuredRow& of = timeline->rows[row->second];
        (launch.isBeside ? of.beside : of.launches)
            .push_back(measuredLaunch(launch, timeline->predicted->program()));
    }
    for (MeasuredRow& row : timeline->rows) {
        sortByStart(row.spans);
        sortByStart(row.launches);
        sortByStart(row.beside);
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
