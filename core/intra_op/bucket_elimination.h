// Exact minimum of a core's cost by eliminating one node after the other; usages are ignored. Time
// and memory grow with the largest table, which the plan states beforehand.
#pragma once

#include "core/intra_op/ilp_core.h"

#include <optional>
#include <vector>

namespace alpa
{

/// An order of the nodes, and for each the neighbours it has when its turn comes.
struct EliminationPlan {
    std::vector<int> order;
    std::vector<std::vector<int>> scope; ///< By node; ascending.
    double tableTotal = 0;               ///< Numbers in all tables.
};

/// Greedy: always the node with the smallest table. Fails (nullopt) if the tables need more than
/// `mostNumbers` in all. `last`, if given, is eliminated last.
std::optional<EliminationPlan> planElimination(const IlpCore& core, double mostNumbers,
                                               std::optional<int> last = std::nullopt);

/// The least cost and a choice that has it. kForbidden if there is none.
struct Elimination {
    double cost = 0;
    std::vector<int> choice;
    /// For each label of the node eliminated last: the least cost with that label.
    std::vector<double> costOfLast;
};
Elimination eliminateAll(const IlpCore& core, const EliminationPlan& plan);

} // namespace alpa
