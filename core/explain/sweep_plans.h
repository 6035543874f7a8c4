// Every plan of the grid that people search by hand (DP x TP x PP x microbatches x recomputation x
// ZeRO), estimated: what `alpa sweep` prints.
#pragma once

#include "core/explain/plan_evaluator.h"

#include <memory>
#include <string>
#include <vector>

namespace alpa
{

/// One point of the grid: equal submeshes, layers balanced among them.
struct SweepPoint {
    int dp = 1, tp = 1, pp = 1;
    int microbatches = 1;
    bool recomputes = false;
    StorageRule parameters = StorageRule::kReplicated; ///< Split over the data axis: ZeRO-3.
    StorageRule states = StorageRule::kReplicated;     ///< Split over the data axis: ZeRO-1 and 2.
    Seconds step;
    Bytes memory; ///< Per device, of the fullest stage.
    bool fits = false;
};
/// "none", "ZeRO-2", "ZeRO-3"; "free" where the planner chose per tensor.
std::string zeroName(const SweepPoint& point);
struct Sweep {
    ScheduleKind schedule = ScheduleKind::k1f1b; ///< Or GPipe: those that estimatePlan knows.
    std::vector<SweepPoint> points;              ///< Those that fit first, then by step time.
    Seconds tableTime;                           ///< Filling the tables.
    Seconds evaluationTime;                      ///< All points together.
};

/// The constraints under which makePlan makes this point (and may cut its stages better).
PlanConstraints constraintsOf(const Sweep& sweep, const SweepPoint& point,
                              const PlanConstraints& asked);

/// All points of the grid that obey the request's constraints, with 1F1B, or with GPipe where 1F1B
/// is not allowed. Fails with kUnsupported if the constraints allow neither, with kInvalidInput or
/// kUnsupported if the model cannot be trained as asked, with kCancelled when stopped.
Result<Sweep> sweepPlans(const PlanRequest& request, PlanContext& context,
                         const JobControl& control);

std::string formatSweep(const Sweep& sweep, int top, Bytes limit);
std::string sweepToJson(const Sweep& sweep, int top);

} // namespace alpa
