// solveIlp against brute force and against itself.
#include "core/intra_op/core_milp.h"
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/ilp_regret.h"
#include "core/intra_op/ilp_search.h"
#include "core/intra_op/ilp_solver.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

#include <algorithm>
#include <numeric>

namespace alpa
{
namespace
{

/// Claims hold: what is said agrees with evaluate(), and the bound with brute force.
void expectExact(const IlpProblem& problem, const IlpOutcome& outcome)
{
    const BruteForceResult expected = bruteForce(problem);
    ASSERT_EQ(std::holds_alternative<IlpSolution>(outcome), expected.cost.has_value());
    if (!expected.cost) {
        const IlpInfeasible& infeasible = std::get<IlpInfeasible>(outcome);
        if (infeasible.smallestUsageLimit) {
            ASSERT_TRUE(expected.leastPeak.has_value());
            EXPECT_EQ(*infeasible.smallestUsageLimit, *expected.leastPeak);
        } else {
            EXPECT_FALSE(expected.leastPeak.has_value());
        }
        return;
    }
    const IlpSolution& solution = std::get<IlpSolution>(outcome);
    const IlpEvaluation evaluation = evaluate(problem, solution.choice);
    EXPECT_TRUE(evaluation.isFeasible);
    EXPECT_EQ(evaluation.cost, solution.cost);
    EXPECT_EQ(evaluation.peakUsage, solution.peakUsage);
    EXPECT_TRUE(solution.isOptimal);
    const double tolerance = 1e-9 * std::abs(*expected.cost);
    EXPECT_NEAR(solution.cost, *expected.cost, tolerance);
    EXPECT_LE(solution.lowerBound, *expected.cost + tolerance);
    EXPECT_LE(solution.gap(), 1e-9);
}

RandomIlpOptions smallOptions(Rng& rng, int size, bool hasMemory)
{
    return {.nodes = rng.between(1, 1 + size),
            .strategies = 4,
            .times = 8,
            .hasMemory = hasMemory,
            .isIntegral = rng.chance(0.5)};
}

TEST(IlpSolverProperty, MatchesBruteForceWithoutMemory)
{
    forEachSeed(
        1500,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, false));
            expectExact(problem, solveIlp(problem));
        },
        7);
}

TEST(IlpSolverProperty, MatchesBruteForceWithMemory)
{
    forEachSeed(
        1500,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, true));
            expectExact(problem, solveIlp(problem));
        },
        7);
}

/// The search alone, on problems that no reduction has made easier.
void expectSearchExact(const IlpProblem& problem)
{
    const BruteForceResult expected = bruteForce(problem);
    IlpGraph graph(problem);
    if (graph.isInfeasible)
        return;
    const CoreWithOrigin whole = makeCore(graph);
    const IlpOptions options;
    SearchContext context(options, false, 1000);
    searchCore(whole.core, context);
    ASSERT_EQ(context.upperBound < kForbidden, expected.cost.has_value());
    if (expected.cost) {
        EXPECT_NEAR(context.upperBound, *expected.cost, 1e-8);
        EXPECT_EQ(evaluate(problem, graph.expand(context.best)).isFeasible, true);
    }
    EXPECT_EQ(context.openBound, kForbidden);
}

TEST(IlpSearchProperty, MatchesBruteForceWithoutReductions)
{
    forEachSeed(
        1000,
        [](Rng& rng, int size) {
            RandomIlpOptions options{.nodes = 1 + size,
                                     .strategies = 4,
                                     .times = 8,
                                     .hasMemory = rng.chance(0.7),
                                     .isIntegral = true};
            expectSearchExact(randomIlp(rng, options));
        },
        7);
}

TEST(IlpSolverProperty, LargerLimitNeverCostsMore)
{
    forEachSeed(
        100,
        [](Rng& rng, int size) {
            RandomIlpOptions options{
                .nodes = 5 + size, .strategies = 5, .times = 8, .hasMemory = false};
            IlpProblem problem = randomIlp(rng, options);
            for (IlpNode& node : problem.nodes) {
                IlpUsage usage{rng.below(8), 8, {}};
                for (size_t s = 0; s < node.costs.size(); ++s)
                    usage.bytes.push_back(rng.below(100));
                node.usages.push_back(usage);
            }
            double before = kForbidden;
            for (int64_t limit = 50; limit < 100 * int64_t{options.nodes}; limit += 100) {
                problem.usageLimit = limit;
                const IlpOutcome outcome = solveIlp(problem);
                if (const IlpSolution* solution = std::get_if<IlpSolution>(&outcome)) {
                    EXPECT_LE(solution->cost, before);
                    EXPECT_TRUE(solution->isOptimal);
                    before = solution->cost;
                } else {
                    EXPECT_EQ(before, kForbidden) << "infeasible under a larger limit";
                }
            }
        },
        12);
}

TEST(IlpMilpProperty, LpSolveAgreesWithTheSearch)
{
    forEachSeed(
        150,
        [](Rng& rng, int size) {
            RandomIlpOptions options{.nodes = 4 + size,
                                     .strategies = 5,
                                     .times = 8,
                                     .hasMemory = false,
                                     .isIntegral = true};
            IlpProblem problem = randomIlp(rng, options);
            for (IlpNode& node : problem.nodes) {
                IlpUsage usage{rng.below(8), 8, {}};
                for (size_t s = 0; s < node.costs.size(); ++s)
                    usage.bytes.push_back(rng.below(100));
                node.usages.push_back(usage);
            }
            problem.usageLimit = options.nodes * rng.between(20, 60);
            IlpGraph graph(problem);
            if (reduceGraph(graph) != ReductionEnd::kReduced)
                return;
            const CoreWithOrigin reduced = makeCore(graph);
            const IlpOptions searchOptions;
            SearchContext context(searchOptions, true, 1000);
            searchCore(reduced.core, context);
            const MilpAnswer answer =
                solveMilp(reduced.core, std::nullopt, 1000.0 * options.nodes, Seconds(60));
            ASSERT_TRUE(answer.isComplete);
            ASSERT_EQ(answer.choice.empty() && reduced.core.nodeCount > 0,
                      context.upperBound == kForbidden);
            if (context.upperBound < kForbidden) {
                EXPECT_NEAR(reduced.core.costOf(answer.choice), context.upperBound, 1e-6);
            }
        },
        12);
}

TEST(IlpRegretProperty, MatchesBruteForceWithTheStrategyForced)
{
    forEachSeed(
        300,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, rng.chance(0.5)));
            const IlpOutcome outcome = solveIlp(problem);
            const IlpSolution* solution = std::get_if<IlpSolution>(&outcome);
            if (!solution)
                return;
            for (size_t node = 0; node < problem.nodes.size(); ++node) {
                const std::vector<double> regrets =
                    regretOf(problem, *solution, static_cast<int>(node));
                ASSERT_EQ(regrets.size(), problem.nodes[node].costs.size());
                for (size_t s = 0; s < regrets.size(); ++s) {
                    IlpProblem forced = problem;
                    for (size_t other = 0; other < regrets.size(); ++other) {
                        if (other != s)
                            forced.nodes[node].costs[other] = kForbidden;
                    }
                    const std::optional<double> expected = bruteForce(forced).cost;
                    ASSERT_EQ(regrets[s] < kForbidden, expected.has_value());
                    if (expected) {
                        EXPECT_NEAR(regrets[s], *expected - solution->cost,
                                    2e-9 * solution->cost + 1e-15);
                    }
                }
            }
        },
        6);
}

IlpProblem renamed(const IlpProblem& problem, Rng& rng)
{
    std::vector<int> newName(problem.nodes.size());
    std::iota(newName.begin(), newName.end(), 0);
    for (size_t i = newName.size(); i-- > 1;)
        std::swap(newName[i], newName[static_cast<size_t>(rng.below(static_cast<int>(i) + 1))]);
    IlpProblem result = problem;
    for (size_t i = 0; i < newName.size(); ++i)
        result.nodes[static_cast<size_t>(newName[i])] = problem.nodes[i];
    for (IlpEdge& edge : result.edges) {
        edge.from = newName[static_cast<size_t>(edge.from)];
        edge.to = newName[static_cast<size_t>(edge.to)];
    }
    std::reverse(result.edges.begin(), result.edges.end());
    return result;
}

TEST(IlpSolverProperty, RenamingNodesChangesNothing)
{
    forEachSeed(
        200,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, rng.chance(0.5)));
            const IlpOutcome first = solveIlp(problem);
            const IlpOutcome second = solveIlp(renamed(problem, rng));
            ASSERT_EQ(first.index(), second.index());
            if (const IlpSolution* solution = std::get_if<IlpSolution>(&first)) {
                const double cost = std::get<IlpSolution>(second).cost;
                EXPECT_NEAR(solution->cost, cost, 2e-9 * std::abs(cost));
            }
        },
        7);
}

TEST(IlpSolverProperty, ScalingCostsScalesTheOptimum)
{
    forEachSeed(
        200,
        [](Rng& rng, int size) {
            IlpProblem problem = randomIlp(rng, smallOptions(rng, size, rng.chance(0.5)));
            const IlpOutcome first = solveIlp(problem);
            constexpr double kFactor = 1.0 / 1024;
            for (IlpNode& node : problem.nodes) {
                for (double& cost : node.costs)
                    cost *= kFactor;
            }
            for (IlpMatrix& matrix : problem.matrices) {
                for (double& cost : matrix.entries)
                    cost *= kFactor;
            }
            const IlpOutcome second = solveIlp(problem);
            ASSERT_EQ(first.index(), second.index());
            if (const IlpSolution* solution = std::get_if<IlpSolution>(&first)) {
                EXPECT_NEAR(solution->cost * kFactor, std::get<IlpSolution>(second).cost,
                            2e-9 * solution->cost * kFactor);
            }
        },
        7);
}

TEST(IlpSolverProperty, WarmStartIsNeverLostAndChangesNoOptimum)
{
    forEachSeed(
        200,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, rng.chance(0.5)));
            const IlpOutcome cold = solveIlp(problem);
            IlpOptions options;
            for (const IlpNode& node : problem.nodes)
                options.warmStart.choice.push_back(rng.below(static_cast<int>(node.costs.size())));
            if (const IlpSolution* solution = std::get_if<IlpSolution>(&cold);
                solution && rng.chance(0.5))
                options.warmStart = solution->warmStart();
            const IlpOutcome warm = solveIlp(problem, options);
            ASSERT_EQ(warm.index(), cold.index());
            if (const IlpSolution* solution = std::get_if<IlpSolution>(&cold)) {
                EXPECT_NEAR(std::get<IlpSolution>(warm).cost, solution->cost,
                            2e-9 * std::abs(solution->cost));
                EXPECT_TRUE(std::get<IlpSolution>(warm).isOptimal);
            }
        },
        7);
}

TEST(IlpSolverProperty, SameProblemGivesSameChoice)
{
    forEachSeed(
        50,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, true));
            const IlpOutcome first = solveIlp(problem);
            const IlpOutcome second = solveIlp(problem);
            ASSERT_EQ(first.index(), second.index());
            if (const IlpSolution* solution = std::get_if<IlpSolution>(&first)) {
                EXPECT_EQ(solution->choice, std::get<IlpSolution>(second).choice);
            }
        },
        7);
}

} // namespace
} // namespace alpa
