// What a draft is: a number of microbatches with its stages chosen by estimated costs, before
// anything of it is sharded.
#pragma once

#include "core/plan/stage_candidates.h"
#include "core/schedule/schedule.h"

#include <memory>
#include <optional>
#include <vector>

namespace alpa
{

/// How many plans are finished because drafts, which estimate, put them near the best.
struct SearchEffort {
    int drafts = 1;          ///< Numbers of microbatches,
    double slack = 1;        ///< within this factor of the best.
    int alternatives = 0;    ///< Runners-up of a choice of stages.
    bool isThorough = false; ///< Every schedule, number of stages, and what may still fit.
};
/// More for small models: they take little time, and what drafts leave out weighs more with them.
SearchEffort effortFor(const Graph& model);

/// Stages, and the schedule under which they are best.
struct DraftChoice {
    ScheduleKind schedule = ScheduleKind::k1f1b;
    StagePlan stages;
};

/// One microbatch count, with its stages chosen from draft costs but not yet sharded.
struct Draft {
    int microbatches = 1;
    DeviceShare share;                 ///< That its stages may use.
    Seconds stepTime = kForever;       ///< The objective of the draft.
    Seconds optimisticTime = kForever; ///< With the schedule that suits it best.
    std::vector<DraftChoice> chosen;   ///< Of the schedules that the constraints allow, best first.
    double gain = 1; ///< What a plan takes of what is promised, as far as others tell.
    bool isLean = false;
    bool isExact = false; ///< stepTime knows the constraints on shardings.
    std::optional<int> layersAsked;
    std::shared_ptr<const DraftModel> model;
    std::shared_ptr<CandidateSet> set; ///< Null until it is asked for.
};

/// The schedules that stages with devices of their own are chosen for, the plainest first: those
/// that the constraints allow, or 1F1B if none is. 1F1B takes GPipe's time with less memory, so
/// GPipe is only ever asked for; its stages may suit zero-bubble best, whether it is allowed or not.
std::vector<ScheduleKind> draftSchedules(const PlanConstraints& constraints);

/// How many stages share each device where stages with devices of their own are too few for the
/// demanded cuts; else 1.
int chunksForCuts(const Draft& draft, const Cluster& cluster, const PlanConstraints& constraints);

/// The choice of stages that a draft stands for, under the plainest schedule. A device counts once
/// for every stage that shares it.
StageProblem stageProblem(const Draft& draft, const Cluster& cluster,
                          const PlanConstraints& constraints);

/// What the draft's best stages may take under any schedule that the constraints allow.
Seconds optimisticTime(const Draft& draft, const PlanConstraints& constraints);

} // namespace alpa
