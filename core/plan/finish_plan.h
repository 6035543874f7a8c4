// From a draft, whose stages were chosen by estimated costs, to a plan: exact shardings, exact
// memory, simulated time.
#pragma once

#include "core/plan/assemble_plan.h"

#include <functional>

namespace alpa
{

/// One microbatch count, with its stages chosen from draft costs but not yet sharded.
struct Draft {
    int microbatches = 1;
    DeviceShare share;                 ///< That its stages may use.
    Seconds stepTime = kForever;       ///< The objective of the draft.
    Seconds optimisticTime = kForever; ///< With the schedule that suits it best.
    StagePlan chosen;
    bool isLean = false;
    bool isExact = false; ///< stepTime knows the constraints on shardings.
    std::optional<int> layersAsked;
    std::shared_ptr<const DraftModel> model;
    std::shared_ptr<CandidateSet> set; ///< Null until it is asked for.
};

/// Either a plan as assessPlan makes it and what assemblePlan makes the whole of, or why there is
/// none.
struct Attempt {
    std::shared_ptr<const ParallelPlan> plan;
    AssemblyRequest assembly;
    NoPlan none;
};

/// The choice of stages that a draft stands for.
StageProblem stageProblem(const Draft& draft, const Cluster& cluster,
                          const PlanConstraints& constraints);

/// What the drafted stages may take under any schedule that the constraints allow.
Seconds optimisticTime(const StagePlan& plan, int microbatches, const PlanConstraints& constraints);

/// Called with every plan that is better than those before.
using AttemptCallback = std::function<void(const Attempt&)>;

/// Chooses stages, shards them under their exact memory limits, and repeats with corrected memory
/// needs when they turn out larger than drafted. Interleaved drafts beyond `cutoff` are left alone.
Result<Attempt> finishDraft(const Draft& draft, const PlanRequest& request,
                            const PlanConstraints& constraints, PlanContext& context,
                            Seconds cutoff, int threads, const JobControl& control,
                            const AttemptCallback& onBetter = {});

} // namespace alpa
