// The search over an IlpCore: message passing with priced usage, reduced-cost fixing, elimination
// of what is left, and branching where a gap remains.
#pragma once

#include "core/intra_op/ilp_core.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/lagrangian.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alpa
{

/// What all parts of one search share: the incumbent, the bound and the budgets.
class SearchContext
{
public:
    /// `isIntegral`: all costs are whole numbers, so that a bound less than one below the incumbent
    /// proves it. `costScale`: magnitude of the costs that enter, which sets what rounding can do.
    SearchContext(const IlpOptions& options, bool isIntegral, double costScale);

    /// For a search of a part: the same scale and kind of costs and the same deadline, but its own
    /// budget and incumbent. Assumes that `options` outlives it.
    SearchContext within(const IlpOptions& options) const;

    double upperBound = kForbidden;
    std::vector<int> best;         ///< Labels of the whole core; empty if there is none.
    double openBound = kForbidden; ///< Least bound of parts given up for lack of budget.
    double rootBound = -kForbidden;
    std::vector<std::pair<int, double>>
        prices; ///< (time of the whole core, cost per byte) behind rootBound.
    int trwsIterations = 0;
    int branchNodes = 0;
    std::string method = "reductions"; ///< What closed the search.

    /// A part of the search with this bound or more holds nothing better than the incumbent.
    double cutoff() const;
    bool isClosedBy(double bound) const { return bound >= cutoff(); }
    /// Takes a choice of the whole core that fits and costs `cost`; returns whether it is better.
    bool offer(double cost, const std::vector<int>& choice);
    /// Takes a bound on the whole core; returns whether it is better than the one before.
    bool raiseRootBound(double bound);
    void giveUp(double bound);
    /// Notes what closed a part; branching is the last word.
    void closedBy(std::string_view how);
    void spend(int64_t work) { workLeft_ -= work; }
    int64_t workLeft() const { return workLeft_; }
    /// For tables, before the work of all else is taken.
    void spendTables(int64_t work)
    {
        const int64_t own = std::min(work, tableWorkLeft_);
        tableWorkLeft_ -= own;
        spend(work - own);
    }
    int64_t tableWorkLeft() const { return tableWorkLeft_; }
    /// No more budget, or told to stop.
    bool isOver();
    bool isCancelled() const { return options_.control.isCancelled(); }
    /// Told to stop, or out of time. May be asked from another thread.
    bool isStopped() const;
    int threads() const { return options_.threads; }
    const IlpOptions& options() const { return options_; }

private:
    const IlpOptions& options_;
    bool isIntegral_;
    double costScale_;
    int64_t workLeft_;
    int64_t tableWorkLeft_;
    std::chrono::steady_clock::time_point deadline_;
    bool hasDeadline_ = false;
    bool isPastDeadline_ = false;
};

/// A warm start in terms of a core.
struct CoreStart {
    std::vector<int> choice; ///< Empty, or a label per node; kNoLabel where nothing is known.
    std::vector<double> multipliers; ///< Empty, or per time.
    static constexpr int kNoLabel = -1;
};

/// The warm start in terms of what the reductions left of its problem.
CoreStart startOf(const IlpGraph& graph, const CoreWithOrigin& reduced,
                  const IlpWarmStart& warmStart);

/// All costs are whole numbers.
bool isIntegral(const IlpProblem& problem);
/// A bound on the magnitude of the sums that a search of `core` forms.
double magnitudeOf(const IlpCore& core);

/// Searches all choices of `core`; improves the context's incumbent. What it could not finish it
/// gives up there.
void searchCore(const IlpCore& core, SearchContext& context, const CoreStart& start = {});

} // namespace alpa
