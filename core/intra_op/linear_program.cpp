#include "core/intra_op/linear_program.h"

#include <lpsolve/lp_lib.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace alpa
{
namespace
{

struct DeleteModel {
    void operator()(lprec* model) const { delete_lp(model); }
};
using Model = std::unique_ptr<lprec, DeleteModel>;

bool fill(lprec* model, const LinearProgram& program)
{
    set_verbose(model, NEUTRAL);
    std::vector<double> values;
    std::vector<int> columns;
    const auto putTerms = [&](const std::vector<std::pair<int, double>>& terms) {
        values.clear();
        columns.clear();
        for (const auto& [column, coefficient] : terms) {
            values.push_back(coefficient);
            columns.push_back(column + 1);
        }
    };
    std::vector<std::pair<int, double>> objective;
    for (size_t i = 0; i < program.columns.size(); ++i)
        objective.emplace_back(static_cast<int>(i), program.columns[i].cost);
    set_add_rowmode(model, TRUE);
    putTerms(objective);
    if (!set_obj_fnex(model, static_cast<int>(values.size()), values.data(), columns.data()))
        return false;
    for (const LinearRow& row : program.rows) {
        putTerms(row.terms);
        if (!add_constraintex(model, static_cast<int>(values.size()), values.data(), columns.data(),
                              row.kind == RowKind::kEqual ? EQ : LE, row.bound))
            return false;
    }
    set_add_rowmode(model, FALSE);
    for (size_t i = 0; i < program.columns.size(); ++i) {
        const LinearColumn& column = program.columns[i];
        const int index = static_cast<int>(i) + 1;
        const double infinity = get_infinite(model);
        const double lower = std::isfinite(column.lower) ? column.lower : -infinity;
        const double upper = std::isfinite(column.upper) ? column.upper : infinity;
        if (!set_bounds(model, index, lower, upper) ||
            (column.isInteger && !set_int(model, index, TRUE)))
            return false;
    }
    return true;
}

LinearStatus statusOf(int code)
{
    switch (code) {
    case OPTIMAL:
    case PRESOLVED:
        return LinearStatus::kOptimal;
    case SUBOPTIMAL:
        return LinearStatus::kFeasible;
    case INFEASIBLE:
        return LinearStatus::kInfeasible;
    default:
        return LinearStatus::kUnknown;
    }
}

} // namespace

LinearSolution solveLinearProgram(const LinearProgram& program, const LinearLimits& limits)
{
    LinearSolution solution;
    const Model model(make_lp(0, static_cast<int>(program.columns.size())));
    if (!model || !fill(model.get(), program))
        return solution;
    const bool hasIntegers =
        std::any_of(program.columns.begin(), program.columns.end(),
                    [](const LinearColumn& column) { return column.isInteger; });
    if (hasIntegers) {
        // Presolve would remove rows and columns and so their values, apart from these kinds.
        set_bb_floorfirst(model.get(), BRANCH_CEILING);
        set_mip_gap(model.get(), TRUE, 1e-9);
        set_mip_gap(model.get(), FALSE, 1e-9);
        if (limits.costBelow)
            set_obj_bound(model.get(), *limits.costBelow);
    }
    if (limits.time < kForever)
        set_timeout(model.get(), std::max(1L, std::lround(limits.time.count)));
    solution.status = statusOf(::solve(model.get()));
    if (solution.status != LinearStatus::kOptimal && solution.status != LinearStatus::kFeasible)
        return solution;
    solution.cost = get_objective(model.get());
    solution.values.resize(program.columns.size());
    get_variables(model.get(), solution.values.data());
    double* duals = nullptr;
    if (get_ptr_sensitivity_rhs(model.get(), &duals, nullptr, nullptr) && duals)
        solution.duals.assign(duals, duals + program.rows.size());
    return solution;
}

} // namespace alpa
