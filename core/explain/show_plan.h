// Plans as text for people: what `alpa show` prints and the window's copy actions give.
#pragma once

#include "core/plan/parallel_plan.h"

namespace alpa
{

std::string
formatPlanSummary(const ParallelPlan& plan);        ///< Ten lines: degrees, times, memory, proof.
std::string formatStages(const ParallelPlan& plan); ///< One row a stage.
std::string
formatShardings(const ParallelPlan& plan); ///< Per layer: parameters, then decisions, with specs.
std::string formatCosts(const ParallelPlan& plan);    ///< Every term of the predicted step time.
std::string formatTimeline(const ParallelPlan& plan); ///< Gantt chart in characters.
std::string formatMemory(const ParallelPlan& plan);   ///< Per stage against the limit.
/// The same figures for programs, in one line: status "planned", degrees, times, memory, proof,
/// stages.
std::string planSummaryToJson(const ParallelPlan& plan);
/// The other parts for programs.
std::string shardingsToJson(const ParallelPlan& plan);
std::string planTimelineToJson(const ParallelPlan& plan);
std::string memoryToJson(const ParallelPlan& plan);
/// One row of the comparison table; plans first to last, the first is the baseline of the ratios.
struct ComparedPlan {
    std::string name;
    std::shared_ptr<const ParallelPlan> plan; ///< Null if there is none.
    std::string problem;                      ///< Why there is none.
    std::optional<Seconds> measuredStep;      ///< Median, if it ran.
};
std::string formatComparison(const std::vector<ComparedPlan>& plans);
std::string comparisonToJson(const std::vector<ComparedPlan>& plans);

} // namespace alpa
