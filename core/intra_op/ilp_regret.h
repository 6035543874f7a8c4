// "Why not another strategy here?": what each strategy of a node would cost if it were forced and
// all else re-optimised.
#pragma once

#include "core/intra_op/ilp_problem.h"
#include "core/intra_op/ilp_solver.h"

#include <vector>

namespace alpa
{

/// By strategy of `node`: the least cost of a choice that takes it, less `solution.cost`; 0 for the
/// strategy of an optimal solution, kForbidden where no choice takes it or none fits the limit.
/// Exact where each search closes within its share of options.workLimit, else too high. About one
/// solveIlp plus one search per strategy. Assumes that `solution` is an answer for `problem`. Empty
/// if cancelled.
std::vector<double> regretOf(const IlpProblem& problem, const IlpSolution& solution, int node,
                             const IlpOptions& options = {});

} // namespace alpa
