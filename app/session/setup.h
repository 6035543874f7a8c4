// What a person has asked of the planner: the cluster by name, and the options. The undo stack
// moves between values of it.
#pragma once

#include "core/mesh/what_if.h"
#include "core/plan/plan_request.h"

#include <QString>

namespace alpa::app
{

struct Setup {
    QString cluster; ///< "h200-x4", or the path of a cluster file.
    PlanOptions options;
    WhatIf whatIf;          ///< Plans for a cluster that nobody has.
    PlanConstraints parked; ///< Constraints that are switched off: remembered, not asked.
    friend bool operator==(const Setup& a, const Setup& b);
};

/// Do both ask the planner for the same plan?
bool asksTheSame(const Setup& a, const Setup& b);
/// The cluster that is planned for. Fails as loading it does, or as the what-if does.
Result<Cluster> plannedCluster(const Setup& setup);

/// "Automatic", "Data parallel", "ZeRO-2", "ZeRO-3", "Megatron grid", "Pipeline only".
QString strategyTitle(PlanStrategy strategy);
/// "memory × 2, 8 devices"; empty if the cluster is the real one.
QString whatIfText(const WhatIf& change);
/// "1F1B", "GPipe".
QString scheduleTitle(ScheduleKind kind);
/// "Automatic, max TP 2, memory 16 GiB".
QString describeSetup(const Setup& setup);
/// What the baselines share with `setup`: cluster, batch, optimizer and memory limit, nothing else.
Setup baselineSetup(const Setup& setup, PlanStrategy strategy);

} // namespace alpa::app
