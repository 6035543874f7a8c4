#include "core/intra_op/core_milp.h"

#include "core/intra_op/linear_program.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// A full time of memory in the rows of the programme: lp_solve's tolerances are absolute, about
/// 1e-9 to 1e-5.
constexpr double kFullMemory = 1e4;
/// The costs in the objective are about this in all.
constexpr double kCostTotal = 1e4;

class MilpBuilder
{
public:
    MilpBuilder(const IlpCore& core, double scale)
        : core_(core)
        , scale_(scale)
    {
        column_.assign(core.labelTotal(), -1);
        for (int i = 0; i < core.nodeCount; ++i)
            addNode(i);
        for (int e = 0; e < core.edgeCount(); ++e)
            addEdge(e);
        addMemory();
    }

    LinearProgram& program() { return program_; }

    std::vector<int> choiceFrom(const std::vector<double>& values) const
    {
        std::vector<int> choice;
        for (int i = 0; i < core_.nodeCount; ++i) {
            int best = 0;
            double most = -1;
            for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
                const int column = column_[core_.labelOffset[at(i)] + at(s)];
                if (column >= 0 && values[at(column)] > most) {
                    most = values[at(column)];
                    best = s;
                }
            }
            choice.push_back(best);
        }
        return choice;
    }

private:
    int addColumn(double cost, bool isInteger)
    {
        program_.columns.push_back({cost * scale_, 0, 1, isInteger});
        return static_cast<int>(program_.columns.size()) - 1;
    }

    void addNode(int node)
    {
        LinearRow row{RowKind::kEqual, 1, {}};
        for (size_t label = core_.labelOffset[at(node)];
             label < core_.labelOffset[at(node)] + at(core_.labelCount[at(node)]); ++label) {
            if (core_.costs[label] == kForbidden)
                continue;
            column_[label] = addColumn(core_.costs[label], true);
            row.terms.emplace_back(column_[label], 1.0);
        }
        program_.rows.push_back(std::move(row));
    }

    void addEdge(int edge)
    {
        const IlpCore::Edge& e = core_.edges[at(edge)];
        const size_t rows = at(core_.labelCount[at(e.from)]);
        const size_t columns = at(core_.labelCount[at(e.to)]);
        std::vector<LinearRow> ofFrom(rows);
        std::vector<LinearRow> ofTo(columns);
        for (size_t s = 0; s < rows; ++s)
            linkRow(ofFrom[s], column_[core_.labelOffset[at(e.from)] + s]);
        for (size_t t = 0; t < columns; ++t)
            linkRow(ofTo[t], column_[core_.labelOffset[at(e.to)] + t]);
        for (size_t s = 0; s < rows; ++s) {
            for (size_t t = 0; t < columns; ++t) {
                const double cost = core_.row(edge, static_cast<int>(s))[t];
                if (cost == kForbidden)
                    continue;
                const int column = addColumn(cost, false);
                ofFrom[s].terms.emplace_back(column, 1.0);
                ofTo[t].terms.emplace_back(column, 1.0);
            }
        }
        for (std::vector<LinearRow>* side : {&ofFrom, &ofTo})
            std::move(side->begin(), side->end(), std::back_inserter(program_.rows));
    }

    /// Sum of the edge variables of a label = its node variable (0 for a forbidden label).
    static void linkRow(LinearRow& row, int nodeColumn)
    {
        row.kind = RowKind::kEqual;
        if (nodeColumn >= 0)
            row.terms.emplace_back(nodeColumn, -1.0);
    }

    void addMemory()
    {
        std::vector<LinearRow> rows(core_.capacity.size());
        for (int i = 0; i < core_.nodeCount; ++i) {
            for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
                const int column = column_[core_.labelOffset[at(i)] + at(s)];
                if (column < 0)
                    continue;
                std::vector<double> bytes(rows.size(), 0.0); // intervals of one node may overlap
                for (int u = core_.usageBegin[at(i)]; u < core_.usageBegin[at(i) + 1]; ++u) {
                    const IlpCore::Usage& usage = core_.usages[at(u)];
                    for (int t = usage.begin; t < usage.end; ++t)
                        bytes[at(t)] += core_.usageBytes[usage.bytes + at(s)];
                }
                for (size_t t = 0; t < rows.size(); ++t) {
                    if (bytes[t] > 0)
                        rows[t].terms.emplace_back(column, bytes[t] / unitAt(t) * kFullMemory);
                }
            }
        }
        for (size_t t = 0; t < rows.size(); ++t) {
            rows[t].bound = core_.capacity[t] / unitAt(t) * kFullMemory;
            program_.rows.push_back(std::move(rows[t]));
        }
    }
    double unitAt(size_t time) const { return std::max(core_.capacity[time], 1.0); }

    const IlpCore& core_;
    double scale_;
    LinearProgram program_;
    std::vector<int> column_; ///< By label offset; -1 for forbidden labels.
};

} // namespace

int64_t milpColumns(const IlpCore& core)
{
    int64_t columns = 0;
    for (int count : core.labelCount)
        columns += count;
    for (const IlpCore::Edge& edge : core.edges)
        columns += int64_t{core.labelCount[at(edge.from)]} * core.labelCount[at(edge.to)];
    return columns;
}

MilpAnswer solveMilp(const IlpCore& core, std::optional<double> costBelow, double scale,
                     Seconds timeLimit)
{
    if (core.nodeCount == 0)
        return {true, {}};
    const double unit = kCostTotal / std::max(scale, 1e-300);
    MilpBuilder builder(core, unit);
    LinearLimits limits;
    limits.time = timeLimit;
    if (costBelow)
        limits.costBelow = (*costBelow - core.base) * unit;
    const LinearSolution solution = solveLinearProgram(builder.program(), limits);
    MilpAnswer answer;
    answer.isComplete =
        solution.status == LinearStatus::kOptimal || solution.status == LinearStatus::kInfeasible;
    if (!solution.values.empty()) {
        std::vector<int> choice = builder.choiceFrom(solution.values);
        if (core.fits(choice) && core.costOf(choice) < kForbidden)
            answer.choice = std::move(choice);
        else
            answer.isComplete = false;
    }
    return answer;
}

} // namespace alpa
