// A plan for people and their tools: the timeline for Perfetto, tables for spreadsheets, drawings.
#pragma once

#include "core/base/result.h"
#include "core/plan/parallel_plan.h"

#include <string>

namespace alpa
{

/// The predicted timeline as Chrome trace events: a process per stage with its tasks, its transfers
/// and counters of memory and microbatches in flight. Times in microseconds.
Result<std::string> exportChromeTrace(const ParallelPlan& plan);

/// Every stored tensor and every decision: stage, layer, kind, name, type, sharding, bytes on a
/// device.
Result<std::string> exportCsv(const ParallelPlan& plan);

/// The modules of the forward pass as a Graphviz graph, clustered by stage; edges say what flows
/// and how it is split.
Result<std::string> exportDot(const ParallelPlan& plan);

/// The predicted timeline as a drawing, one row a stage.
Result<std::string> exportSvg(const ParallelPlan& plan);

} // namespace alpa
