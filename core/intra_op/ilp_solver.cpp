#include "core/intra_op/ilp_solver.h"

#include "core/base/check.h"
#include "core/intra_op/core_milp.h"
#include "core/intra_op/ilp_core.h"
#include "core/intra_op/ilp_graph.h"
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/ilp_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

void countGiven(const IlpProblem& problem, IlpStatistics& statistics)
{
    statistics.nodes = static_cast<int>(problem.nodes.size());
    statistics.edges = static_cast<int>(problem.edges.size());
    for (const IlpNode& node : problem.nodes)
        statistics.strategies += static_cast<int>(node.costs.size());
}

/// One attempt at the problem as it is.
struct Attempt {
    std::optional<IlpSolution> solution;
    bool isProven = false; ///< Without a solution: there is none.
};

IlpSolution solutionFrom(const IlpProblem& problem, const IlpGraph& graph,
                         const CoreWithOrigin& reduced, const SearchContext& context)
{
    IlpSolution solution;
    std::vector<int> choice(problem.nodes.size(), 0);
    for (size_t i = 0; i < context.best.size(); ++i)
        choice[at(reduced.node[i])] = context.best[i];
    // Nothing better than the warm start: the reductions may have removed it, so it is kept as
    // given.
    const bool isWarmStart = context.best.empty() && reduced.core.nodeCount > 0;
    solution.choice =
        isWarmStart ? context.options().warmStart.choice : graph.expand(std::move(choice));
    const IlpEvaluation evaluation = evaluate(problem, solution.choice);
    CHECK(evaluation.isFeasible, "a solution found is feasible");
    solution.cost = evaluation.cost;
    solution.peakUsage = evaluation.peakUsage;
    const double proven = std::min(context.openBound, context.cutoff());
    solution.lowerBound = std::min(solution.cost, std::max(context.rootBound, proven));
    solution.isOptimal = context.isClosedBy(solution.lowerBound);
    const IlpOptions exact;
    if (solution.isOptimal && (context.options().gapTolerance <= exact.gapTolerance ||
                               solution.gap() <= exact.gapTolerance))
        solution.lowerBound = solution.cost;
    for (const auto& [time, price] : context.prices)
        solution.activeLimits.push_back({reduced.time[at(time)], price});
    countGiven(problem, solution.statistics);
    solution.statistics.reducedNodes = reduced.core.nodeCount;
    for (int count : reduced.core.labelCount)
        solution.statistics.reducedStrategies += count;
    solution.statistics.reducedEdges = reduced.core.edgeCount();
    solution.statistics.trwsIterations = context.trwsIterations;
    solution.statistics.branchNodes = context.branchNodes;
    solution.statistics.method = solution.isOptimal ? context.method : "budget";
    return solution;
}

/// What the warm start costs; kForbidden if there is none or it is not a feasible choice.
double warmStartCost(const IlpProblem& problem, const std::vector<int>& warmStart)
{
    if (warmStart.size() != problem.nodes.size())
        return kForbidden;
    for (size_t i = 0; i < warmStart.size(); ++i) {
        if (warmStart[i] < 0 || at(warmStart[i]) >= problem.nodes[i].costs.size())
            return kForbidden;
    }
    const IlpEvaluation evaluation = evaluate(problem, warmStart);
    return evaluation.isFeasible ? evaluation.cost : kForbidden;
}

/// The warm start as an answer, if it is one: told to stop before the search began.
std::optional<IlpSolution> unsearched(const IlpProblem& problem, const IlpOptions& options)
{
    const double cost = warmStartCost(problem, options.warmStart.choice);
    if (cost == kForbidden)
        return std::nullopt;
    IlpSolution solution;
    solution.choice = options.warmStart.choice;
    solution.cost = cost;
    solution.lowerBound = -kForbidden;
    solution.peakUsage = evaluate(problem, solution.choice).peakUsage;
    countGiven(problem, solution.statistics);
    solution.statistics.method = "budget";
    return solution;
}

/// The reference engine: nothing but the strong formulation.
void solveByLpSolve(const IlpCore& core, SearchContext& context)
{
    const MilpAnswer answer = solveMilp(core, std::nullopt, magnitudeOf(core),
                                        context.options().timeLimit.value_or(kForever));
    context.closedBy("lp_solve");
    if (!answer.choice.empty() || (answer.isComplete && core.nodeCount == 0))
        context.offer(core.costOf(answer.choice), answer.choice);
    if (!answer.isComplete)
        context.giveUp(-kForbidden);
}

Attempt attempt(const IlpProblem& problem, const IlpOptions& options)
{
    IlpGraph graph(problem);
    const ReductionEnd end = reduceGraph(graph, options.control.stop);
    if (end == ReductionEnd::kStopped)
        return {unsearched(problem, options), false};
    if (end != ReductionEnd::kReduced)
        return {std::nullopt, true};
    const CoreWithOrigin reduced = makeCore(graph);
    SearchContext context(options, isIntegral(problem), magnitudeOf(reduced.core));
    if (reduced.core.nodeCount > 0)
        context.upperBound = warmStartCost(problem, options.warmStart.choice);
    if (options.engine == IlpEngine::kLpSolve)
        solveByLpSolve(reduced.core, context);
    else
        searchCore(reduced.core, context, startOf(graph, reduced, options.warmStart));
    if (context.best.empty() && context.upperBound == kForbidden)
        return {std::nullopt, context.openBound == kForbidden && !context.isCancelled()};
    return {solutionFrom(problem, graph, reduced, context), true};
}

/// The sum of least usages at the worst time, after merging what must agree. No limit below it can
/// do.
std::optional<int64_t> sumOfLeastUsages(const IlpProblem& problem)
{
    IlpGraph graph(problem);
    mergeFollowers(graph);
    makeArcConsistent(graph);
    mergeFollowers(graph);
    return graph.isInfeasible ? std::nullopt : std::optional(leastPeak(graph));
}

/// Limits between which the smallest one that will do lies.
struct LimitRange {
    int64_t low = 0;             ///< Nothing fits below.
    std::optional<int64_t> high; ///< A choice of finite cost fits here.
};

/// Assumes that nothing fits under the problem's limit. Unset if no limit helps.
std::optional<LimitRange> smallestLimit(IlpProblem problem, const IlpOptions& options)
{
    const std::optional<int64_t> least = sumOfLeastUsages(problem);
    if (!least)
        return std::nullopt;
    LimitRange range{std::max(*least, *problem.usageLimit + 1), std::nullopt};
    if (!options.findsSmallestLimit)
        return range;
    constexpr int kMostSteps = 48;
    constexpr int64_t kStepShare = 64; // of the work allowed for the problem itself
    IlpOptions stepOptions;
    stepOptions.control.stop = options.control.stop;
    stepOptions.timeLimit = options.timeLimit;
    stepOptions.threads = options.threads;
    stepOptions.workLimit = options.workLimit / kStepShare;
    // Only feasibility counts: the first choice found ends a step.
    const auto forgetCost = [](double& cost) { cost = cost < kForbidden ? 0 : kForbidden; };
    for (IlpNode& node : problem.nodes)
        std::for_each(node.costs.begin(), node.costs.end(), forgetCost);
    for (IlpMatrix& matrix : problem.matrices)
        std::for_each(matrix.entries.begin(), matrix.entries.end(), forgetCost);
    problem.usageLimit.reset();
    const Attempt unlimited = attempt(problem, stepOptions);
    if (!unlimited.solution)
        return unlimited.isProven ? std::nullopt : std::optional(range);
    range.high = unlimited.solution->peakUsage;
    for (int step = 0;
         step < kMostSteps && range.low < *range.high && !options.control.isCancelled(); ++step) {
        // The least peak is often reached: try it before halving.
        const int64_t middle = step == 0 ? range.low : range.low + (*range.high - range.low) / 2;
        problem.usageLimit = middle;
        const Attempt tried = attempt(problem, stepOptions);
        if (tried.solution)
            range.high = tried.solution->peakUsage;
        else if (tried.isProven)
            range.low = middle + 1;
        else
            break;
    }
    return range;
}

} // namespace

double IlpSolution::gap() const
{
    if (cost <= lowerBound)
        return 0;
    return (cost - lowerBound) / std::max(std::abs(cost), 1e-300);
}

IlpOutcome solveIlp(const IlpProblem& problem, const IlpOptions& options)
{
    Attempt first = attempt(problem, options);
    if (options.control.isCancelled() && !(options.keepsBestWhenCancelled && first.solution))
        return IlpCancelled{};
    if (first.solution)
        return *std::move(first.solution);
    if (!first.isProven)
        return IlpInfeasible{sumOfLeastUsages(problem), std::nullopt,
                             "no choice found within the search budget"};
    const std::optional<LimitRange> range =
        problem.usageLimit ? smallestLimit(problem, options) : std::nullopt;
    if (options.control.isCancelled() && !(range && options.keepsBestWhenCancelled))
        return IlpCancelled{};
    if (!range)
        return IlpInfeasible{std::nullopt, std::nullopt,
                             "forbidden strategies and pairs leave no choice"};
    return IlpInfeasible{range->low, range->high, "no choice fits the memory limit"};
}

} // namespace alpa
