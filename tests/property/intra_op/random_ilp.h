// Random integer programmes of all the shapes that the solver has to get right, and the dullest
// solver for them.
#pragma once

#include "core/base/rng.h"
#include "core/intra_op/ilp_solver.h"

#include <optional>

namespace alpa
{

struct RandomIlpOptions {
    int nodes = 5;
    int strategies = 4; ///< Per node at most.
    int times = 8;
    bool hasMemory = true; ///< Usages and a limit somewhere between the least and the largest peak.
    bool isIntegral = true;
};

/// With forbidden entries, follow edges, parallel edges, self edges and equal matrices now and
/// then.
IlpProblem randomIlp(Rng& rng, const RandomIlpOptions& options);

/// Of up to 1 + size nodes: what brute force takes no time for.
RandomIlpOptions smallOptions(Rng& rng, int size, bool hasMemory);

/// Gives every node a usage that lasts from a random time to the end, time 8.
void addLastingUsages(Rng& rng, IlpProblem& problem);

struct BruteForceResult {
    std::optional<double> cost;       ///< Least cost of a feasible choice.
    std::optional<int64_t> leastPeak; ///< Over choices of finite cost.
};
/// Tries all choices.
BruteForceResult bruteForce(const IlpProblem& problem);

/// As the solver answers by default; nothing if there is no choice.
std::optional<IlpSolution> solvedIlp(const IlpProblem& problem);

} // namespace alpa
