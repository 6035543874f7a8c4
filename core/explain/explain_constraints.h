// "What does this constraint cost?": the plan made again with one of them taken away, or with a
// little more memory.
#pragma once

#include "core/base/job.h"
#include "core/plan/parallel_plan.h"

#include <string>
#include <vector>

namespace alpa
{

class PlanCache;

/// One edit of the request and the plan that it would give.
struct ConstraintPrice {
    std::string edit;                         ///< "without max TP 2", "with 1 GiB more memory"
    std::shared_ptr<const ParallelPlan> plan; ///< Null if there is none.
    std::string problem;                      ///< Why there is none.
    Seconds saved;                            ///< Of the step; negative if the plan gets slower.
    std::string differs; ///< "DP 2 -> 4, TP 2 -> 1"; empty if only shardings do, or nothing.
};

struct ConstraintPrices {
    Seconds stepTime; ///< As asked.
    std::vector<ConstraintPrice> prices;
};

/// Plans the request without each of its constraints in turn, and with 1 GiB more on each device.
/// `plan` is the plan of `request`. As many plans as there are constraints, and one. Fails with
/// kCancelled, or as planning fails.
Result<ConstraintPrices> priceConstraints(const PlanRequest& request, const ParallelPlan& plan,
                                          PlanCache& cache, const JobControl& control);

std::string formatPrices(const ConstraintPrices& prices);
std::string pricesToJson(const ConstraintPrices& prices);

/// "DP 2 -> 4, TP 2 -> 1, 8 -> 4 microbatches": how the two differ as a whole.
std::string formatDegreeChanges(const ParallelPlan& before, const ParallelPlan& after);

} // namespace alpa
