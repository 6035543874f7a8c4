// Solves an IlpProblem: exact reductions, then a message-passing bound, then an exact finish.
// Returns the optimum with its proof, or the best choice found with a bound, or why there is none.
// Safe to call from several threads at once.
#pragma once

#include "core/base/job.h"
#include "core/base/units.h"
#include "core/intra_op/ilp_problem.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace alpa
{

enum class IlpEngine {
    kSearch,  ///< Our search, with lp_solve for the prices of memory. The fastest by far.
    kLpSolve, ///< lp_solve alone on what the reductions leave: a reference for small problems.
              ///< Needs a time limit.
};

/// A time at which memory is scarce, and what one byte more there would save.
struct ActiveLimit {
    int time = 0;
    double costPerByte = 0;
    friend bool operator==(const ActiveLimit&, const ActiveLimit&) = default;
};

/// What an earlier answer to this problem or to one like it (other costs, strategies forbidden or
/// allowed again, another limit) knows. IlpSolution::warmStart makes it. It changes how soon an
/// answer is found and which of equally good ones, never what is true of it.
struct IlpWarmStart {
    /// Empty, or one strategy per node. Mended where it is forbidden or does not fit.
    std::vector<int> choice;
    std::vector<ActiveLimit> prices; ///< Of memory.
    bool isEmpty() const { return choice.empty() && prices.empty(); }
};

/// Results depend on the problem and on these numbers only, never on a clock, unless `timeLimit`
/// strikes.
struct IlpOptions {
    JobControl control;
    IlpEngine engine = IlpEngine::kSearch;
    std::optional<Seconds> timeLimit; ///< A safety net: ends the search with what is known by then.
    double gapTolerance = 1e-9;       ///< Relative gap at which a solution counts as optimal.
    /// Matrix entries that the search may visit, about 1 ns each. Without a memory limit a fraction
    /// is needed.
    int64_t workLimit = 2'000'000'000;
    int64_t tableWork = 0; ///< Besides, for the tables of elimination by fronts.
    int branchNodeLimit = 100'000;
    bool findsSmallestLimit = true; ///< If infeasible, search for the smallest limit that would do.
    /// Called with (incumbent, bound) whenever one of them improves; the incumbent may be
    /// kForbidden (none yet).
    std::function<void(double incumbent, double bound)> onBound;
    /// Cores of fewer labels are small: the search branches on them instead of working in rounds.
    int smallCoreLabels = 4000;
    /// Large problems use two threads if this is 2 or more: one raises the bound while the other
    /// looks for choices. The answer is the same with one.
    int threads = 2;
    /// If not, the rounds of the search for large cores only raise the bound, and choices are found
    /// by the way.
    bool looksForChoices = true;
    IlpWarmStart warmStart;
    /// Told to stop, answer with the best choice so far and its bound instead of IlpCancelled, if
    /// there is one.
    bool keepsBestWhenCancelled = false;
};

/// How the answer was found.
struct IlpStatistics {
    int nodes = 0, strategies = 0, edges = 0;                      ///< As given.
    int reducedNodes = 0, reducedStrategies = 0, reducedEdges = 0; ///< After the exact reductions.
    int trwsIterations = 0;
    int branchNodes = 0;
    /// What closed the problem: "reductions", "bound", "elimination", "branching" or "lp_solve";
    /// "budget" if it is still open.
    std::string method;
};

struct IlpSolution {
    std::vector<int> choice;
    double cost = 0;       ///< As evaluate() says.
    double lowerBound = 0; ///< No choice costs less.
    bool isOptimal = false;
    int64_t peakUsage = 0; ///< Bytes.
    std::vector<ActiveLimit> activeLimits;
    IlpStatistics statistics;
    /// (cost - lowerBound) / |cost|, 0 when both agree.
    double gap() const;
    /// What to give to the next solve of this problem after a small change.
    IlpWarmStart warmStart() const { return {choice, activeLimits}; }
};

struct IlpInfeasible {
    /// No smaller limit can do: the least peak if it could be computed, else the bound proven.
    /// Unset if no limit helps.
    std::optional<int64_t> smallestUsageLimit;
    /// A limit under which a choice is known to fit. Equal to the smallest if both are exact.
    std::optional<int64_t> sufficientUsageLimit;
    std::string reason;
};

struct IlpCancelled {
};

using IlpOutcome = std::variant<IlpSolution, IlpInfeasible, IlpCancelled>;

/// Assumes that indices and sizes in `problem` are consistent; never fails otherwise. A search that
/// ends without any feasible choice and without a proof is reported as IlpInfeasible with a reason
/// that says so.
IlpOutcome solveIlp(const IlpProblem& problem, const IlpOptions& options = {});

} // namespace alpa
