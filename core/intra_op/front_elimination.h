// Exact minimum of a core's cost under its one limit, by elimination whose tables hold fronts: of
// all partial choices the (cost, use) pairs that no other beats in both. A price of use drops what
// cannot end below a cutoff, as in the search for constrained shortest paths (Handler and Zang, "A
// dual algorithm for the constrained shortest path problem", Networks 10, 1980).
#pragma once

#include "core/intra_op/bucket_elimination.h"

#include <cstdint>
#include <vector>

namespace alpa
{

struct FrontAnswer {
    /// False: more work or longer fronts than allowed. `bound` holds all the same.
    bool isComplete = false;
    double bound = -kForbidden; ///< No choice that fits costs less.
    double cost = kForbidden;
    std::vector<int> choice; ///< Fits; empty: none was found.
    int64_t work = 0;        ///< Numbers and pairs visited.
};

/// The cheapest choice that fits, if one costs less than `cutoff`; else one that fits or none, and
/// the bound is the cutoff. Assumes one time. `price`: a good one, cost per byte; it decides how
/// much is dropped, never what is true. Fronts are sampled down to `mostOfFront`, at least 2: with
/// few the answer is not complete, but the choice good and the work little.
FrontAnswer eliminateFronts(const IlpCore& core, const EliminationPlan& plan, double price,
                            double cutoff, size_t mostOfFront, int64_t mostWork);

} // namespace alpa
