// Two plans of a model beside each other: what was asked differently, what differs, in which terms
// the steps differ, and which of the changed constraints is to blame.
#pragma once

#include "core/base/job.h"
#include "core/plan/parallel_plan.h"

#include <optional>
#include <string>
#include <vector>

namespace alpa
{

class PlanCache;

/// One thing that differs, as text.
struct PlanChange {
    std::string subject; ///< "stage 1 layers", "max TP", "GPT/block_*/fc:dot (24)"
    std::string before, after;
};

struct TermChange {
    std::string name; ///< "forward communication"
    Seconds before, after;
    Seconds added() const { return after - before; }
};

/// What only one of the changed pieces of the request does.
struct ChangeCause {
    std::string change; ///< "max TP: none -> max TP 1"
    std::optional<Seconds>
        step;            ///< Of the first request with just this change; unset if there is no plan.
    std::string problem; ///< Why there is none.
    std::string differs; ///< Degrees that it changes.
};

struct PlanDiff {
    Seconds before, after;           ///< Step times.
    std::vector<PlanChange> request; ///< What was asked.
    std::vector<PlanChange> plan;    ///< Degrees, schedule, stages, meshes, memory.
    std::vector<PlanChange>
        shardings; ///< Stored tensors and ops; equal changes of repeated layers in one entry.
    std::vector<TermChange> terms;   ///< Of the critical paths; the largest difference first. Their
                                     ///< sums differ by as much as the steps.
    std::vector<ChangeCause> causes; ///< Empty unless asked for.
    std::string verdict;             ///< One sentence.
};

/// Assumes plans of the same model (else the shardings have nothing in common).
PlanDiff diffPlans(const ParallelPlan& before, const ParallelPlan& after);

/// Plans `before`'s request with each changed piece alone and adds what comes of it. Fails with
/// kCancelled only.
Status attributeDiff(PlanDiff& diff, const PlanRequest& before, const PlanRequest& after,
                     PlanCache& cache, const JobControl& control);

std::string formatDiff(const PlanDiff& diff, const std::string& before, const std::string& after);
std::string diffToJson(const PlanDiff& diff);

} // namespace alpa
