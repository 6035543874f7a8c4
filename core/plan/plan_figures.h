// The figures by which a whole plan is judged, computed once for all texts about it.
#pragma once

#include "core/plan/parallel_plan.h"

namespace alpa
{

struct PlanFigures {
    int dp = 1, tp = 1, pp = 1;
    Bytes peakMemory;  ///< Per device, of the stage that fills its devices most,
    Bytes memoryLimit; ///< and what they may hold.
    int fullestStage = 0;
    double bubble = 0;     ///< Share of the device time of a step that is idle.
    bool isOptimal = true; ///< Every stage's shardings are proven optimal.
    double gap = 0;        ///< The largest of the stages' gaps.
    int decisions = 0;     ///< Of all stages.
};

/// O(size of the graph), for the degrees.
PlanFigures measurePlan(const ParallelPlan& plan);

/// "optimal", "gap 0.42 %".
std::string formatProof(bool isOptimal, double gap);
/// "12.5 %".
std::string formatShare(double fraction);

} // namespace alpa
