// A run's trace as the timeline shows it: rows of one device each, and what the plan predicted for
// every run of a segment.
#pragma once

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

/// What one device did, in time order.
struct MeasuredRow {
    int stage = 0;
    int device = 0; ///< Position in the stage's mesh.
    std::vector<MeasuredSpan> spans;
};

struct MeasuredTimeline {
    std::vector<MeasuredRow> rows; ///< Ascending by stage, then device.
    std::vector<TraceStep> steps;
    Seconds end; ///< Of the last span.
    size_t spanCount() const;
};

/// O(events log events).
std::shared_ptr<const MeasuredTimeline> measuredTimeline(const Trace& trace);

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
