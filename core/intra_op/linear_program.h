// Linear and mixed-integer programmes, solved by lp_solve. The only way in which the project uses
// that library: each call has its own model, so calls may run at once on several threads.
#pragma once

#include "core/base/units.h"

#include <optional>
#include <utility>
#include <vector>

namespace alpa
{

struct LinearColumn {
    double cost = 0;
    double lower = 0;
    double upper = 0; ///< kForever.count or more: no bound.
    bool isInteger = false;
};

enum class RowKind { kAtMost, kEqual };

struct LinearRow {
    RowKind kind = RowKind::kAtMost;
    double bound = 0;
    std::vector<std::pair<int, double>> terms; ///< (column, coefficient), columns distinct.
};

/// Minimise the cost. Keep coefficients within about 1e6 of one another: lp_solve works in doubles
/// with fixed tolerances.
struct LinearProgram {
    std::vector<LinearColumn> columns;
    std::vector<LinearRow> rows;
};

struct LinearLimits {
    Seconds time = kForever;
    /// Only solutions that cost less are of interest.
    std::optional<double> costBelow;
};

enum class LinearStatus { kOptimal, kFeasible, kInfeasible, kUnknown };

struct LinearSolution {
    LinearStatus status = LinearStatus::kUnknown;
    double cost = 0;
    std::vector<double> values; ///< By column.
    std::vector<double> duals;  ///< By row; of the last relaxation if there are integers.
};

LinearSolution solveLinearProgram(const LinearProgram& program, const LinearLimits& limits = {});

} // namespace alpa
