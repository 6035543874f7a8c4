// Exact minimum of a core's cost under its one limit, by elimination whose tables hold fronts: of
// all partial choices the (cost, use) pairs that no other beats in both. A price of use drops what
// cannot end below a cutoff, as in the search for constrained shortest paths (Handler and Zang, "A
// dual algorithm for the constrained shortest path problem", Networks 10, 1980).
#pragma once

#include "core/intra_op/bucket_elimination.h"

#include <cstdint>
#include <span>
#include <vector>

namespace alpa
{

struct FrontAnswer {
    /// False: more work or longer fronts than allowed. `bound` holds all the same.
    bool isComplete = false;
    double bound = -kForbidden; ///< No choice that fits costs less.
    double cost = kForbidden;
    std::vector<int> choice; ///< Fits; empty: none was found.
    int64_t tableWork = 0;   ///< Numbers in tables and
    int64_t work = 0;        ///< pairs visited.
};

/// What an elimination may visit.
struct FrontWork {
    int64_t ofTables = 0;
    int64_t ofPairs = 0; ///< For every length of fronts; or twice what the tables took.
};

/// The cheapest choice that fits, if one costs less than `cutoff`; else one that fits or none, and
/// the bound is the cutoff. Assumes one time. `price`: a good one, cost per byte; it decides how
/// much is dropped, never what is true. Fronts are sampled down to the first of `mostOfFront`, at
/// least 2, or where that takes more than `most`, to the next: with few the answer is not complete,
/// but the choice good and the work little.
FrontAnswer eliminateFronts(const IlpCore& core, const EliminationPlan& plan, double price,
                            double cutoff, std::span<const size_t> mostOfFront,
                            const FrontWork& most);

} // namespace alpa
