// A run's trace as the timeline shows it: rows of one device each, and what the plan predicted for
// every run of a segment.
#pragma once

#include "app/session/predicted_instructions.h"
#include "core/plan/parallel_plan.h"
#include "core/trace/trace.h"

#include <memory>
#include <optional>
#include <vector>

namespace alpa::app
{

/// One segment run on one device, as measured.
struct MeasuredSpan {
    float start = 0,
          end = 0; ///< Seconds since the row's run began; of a million spans, so 32 bits.
    int step = 0;
    int microbatch = 0;
    SegmentKind kind = SegmentKind::kForward;
};

/// One launch on one device, as measured, beside what the plan expects of it.
struct MeasuredLaunch {
    double start = 0, end = 0; ///< Seconds since the row's run began.
    int step = 0;
    int microbatch = 0;
    SegmentKind kind = SegmentKind::kForward;
    size_t instruction = 0;
    std::vector<size_t> covered;      ///< Others of the segment that it computes as well.
    OpId op;                          ///< May be invalid.
    std::optional<Seconds> predicted; ///< Of all that it computes.

    /// Measured over predicted, less one.
    std::optional<double> error() const;
    bool standsFor(size_t instruction) const;
};

/// What one device did, in time order.
struct MeasuredRow {
    int stage = 0;
    int device = 0; ///< Position in the stage's mesh.
    std::vector<MeasuredSpan> spans;
    std::vector<MeasuredLaunch> launches; ///< Within the spans of the last step, if recorded.
    std::vector<MeasuredLaunch> beside;   ///< At the same time as these.
};

struct MeasuredTimeline {
    std::vector<MeasuredRow> rows; ///< Ascending by stage, then device.
    std::vector<TraceStep> steps;
    Seconds end; ///< Of the last span.
    /// Whose instructions the launches stand for; null if nobody asked.
    std::shared_ptr<const PredictedInstructions> predicted;
    size_t unmatched = 0; ///< Launches of the trace that are not of that program.
    size_t spanCount() const;
    size_t launchCount() const;
};

/// O(events log events). Launches are kept where they match `predicted`.
std::shared_ptr<const MeasuredTimeline>
measuredTimeline(const Trace& trace,
                 std::shared_ptr<const PredictedInstructions> predicted = nullptr);

/// Predicted time of one run of a segment: the task of the timeline, sync and update together;
/// unset for those without a prediction (the beginning of a step) and for what is not in the plan.
class PredictedSpans
{
public:
    explicit PredictedSpans(const ParallelPlan& plan);
    std::optional<Seconds> of(int stage, SegmentKind kind, int microbatch) const;
    /// Measured over predicted, less one: 0.1 is ten percent slower.
    std::optional<double> error(int stage, const MeasuredSpan& span) const;

private:
    int microbatches_ = 0;
    std::vector<double> seconds_; ///< By stage, kind and microbatch; negative where unknown.
};

/// By stage: forward and backward time measured over predicted, less one, in all steps but the
/// first, which warms up. Empty if nothing was measured.
std::vector<double> stageErrors(const ParallelPlan& plan, const MeasuredTimeline& measured);

} // namespace alpa::app
