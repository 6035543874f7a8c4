// An IlpCore as a mixed-integer programme, in the strong form: edge variables are continuous and
// sum to the node variables of either end, so that the relaxation is the local polytope. The
// reference that the search is checked against, and the finish for cores that fixing has made
// small.
#pragma once

#include "core/base/units.h"
#include "core/intra_op/ilp_core.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace alpa
{

/// Columns the programme would have.
int64_t milpColumns(const IlpCore& core);

struct MilpAnswer {
    bool isComplete =
        false; ///< The search ended by itself: `choice` is optimal, or none costs less than asked.
    std::vector<int> choice; ///< Empty if none was found.
};

/// Solves by lp_solve. `costBelow`: only choices that cost less are of interest; unset means any.
/// `scale`: magnitude of the costs, to bring them near one.
MilpAnswer solveMilp(const IlpCore& core, std::optional<double> costBelow, double scale,
                     Seconds timeLimit);

} // namespace alpa
