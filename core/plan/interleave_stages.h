// Stages for interleaved 1F1B: several chunks of layers on each of equal groups of devices.
#pragma once

#include "core/plan/finish_plan.h"

#include <vector>

namespace alpa
{

/// One cut of the layers into chunks * groups stages; stage s is to lie on group s mod groups.
struct InterleavedStages {
    int chunks = 2;
    StageProblem problem; ///< As if every stage had devices of its own.
    StagePlan chosen;
    Seconds stepTime; ///< Simulated from the draft's costs.
};

/// For every size of groups and number of chunks that the draft, its microbatches and the
/// constraints allow, the best cut if a stage gets a device's memory divided by `sharers`; fastest
/// first. Sizes of groups whose work alone takes longer than `cutoff` are left out. Fails as
/// chooseStages does.
Result<std::vector<InterleavedStages>> interleaveStages(const Draft& draft, const Cluster& cluster,
                                                        const PlanConstraints& constraints,
                                                        int sharers, Seconds cutoff,
                                                        const JobControl& control);

/// Why there are none: "8 microbatches ...".
std::string whyNotInterleaved(const Draft& draft, const Cluster& cluster,
                              const PlanConstraints& constraints);

} // namespace alpa
