// "Why not another strategy here?": what each strategy of a node would cost if it were forced and
// all else re-optimised.
#pragma once

#include "core/intra_op/ilp_problem.h"
#include "core/intra_op/ilp_solver.h"

#include <vector>

namespace alpa
{

/// Between which numbers the regret of a strategy lies.
struct RegretRange {
    double least = 0;         ///< Proven by a bound.
    double most = kForbidden; ///< Some choice costs no more; kForbidden if none was found.
    /// To a billionth of the cost; of the quick form, to a ten-millionth.
    bool isExact() const { return least == most; }
    friend bool operator==(const RegretRange&, const RegretRange&) = default;
};

/// By strategy of `node`: the least cost of a choice that takes it, less `solution.cost`; 0 for the
/// strategy of an optimal solution, kForbidden where no choice takes it or none fits the limit.
/// Exact where the search closes within its share of options.workLimit. About one solveIlp plus one
/// search per strategy. Assumes that `solution` is an answer for `problem`. Empty if cancelled.
std::vector<RegretRange> regretOf(const IlpProblem& problem, const IlpSolution& solution, int node,
                                  const IlpOptions& options = {});

/// The quick form, for a person who points at an op: bounds and local improvements from the
/// solution and its prices, within `workLimit` entries (20 million take about 20 ms). Without
/// memory limit most ranges are exact or narrow. Empty if cancelled.
std::vector<RegretRange> regretRangesOf(const IlpProblem& problem, const IlpSolution& solution,
                                        int node, int64_t workLimit = 20'000'000,
                                        const JobControl& control = {});

} // namespace alpa
