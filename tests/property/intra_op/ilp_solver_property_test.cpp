// solveIlp against brute force and against itself.
#include "core/intra_op/ilp_solver.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

#include <algorithm>
#include <numeric>
#include <stop_token>

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

TEST(IlpSolverProperty, MatchesBruteForceWithoutMemory)
{
    forEachSeed(
        3000,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, false));
            expectExact(problem, solveIlp(problem));
        },
        7);
}

TEST(IlpSolverProperty, MatchesBruteForceWithMemory)
{
    forEachSeed(
        3000,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, true));
            expectExact(problem, solveIlp(problem));
        },
        7);
}

TEST(IlpSolverProperty, LargerLimitNeverCostsMore)
{
    forEachSeed(
        100,
        [](Rng& rng, int size) {
            const int nodes = 5 + size;
            IlpProblem problem =
                randomIlp(rng, {.nodes = nodes, .strategies = 5, .times = 8, .hasMemory = false});
            addLastingUsages(rng, problem);
            double before = kForbidden;
            for (int64_t limit = 50; limit < 100 * int64_t{nodes}; limit += 100) {
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

/// A random edit: a strategy forbidden or pinned, another limit, other costs.
void edit(IlpProblem& problem, Rng& rng)
{
    IlpNode& node =
        problem.nodes[static_cast<size_t>(rng.below(static_cast<int>(problem.nodes.size())))];
    const size_t strategy = static_cast<size_t>(rng.below(static_cast<int>(node.costs.size())));
    switch (rng.below(4)) {
    case 0:
        node.costs[strategy] = kForbidden;
        break;
    case 1:
        for (size_t s = 0; s < node.costs.size(); ++s)
            node.costs[s] = s == strategy ? node.costs[s] : kForbidden;
        break;
    case 2:
        if (problem.usageLimit)
            *problem.usageLimit += rng.between(-60, 60);
        break;
    default:
        for (double& cost : node.costs)
            cost = cost < kForbidden ? cost * rng.between(0, 3) : cost;
    }
    if (problem.usageLimit)
        *problem.usageLimit = std::max<int64_t>(*problem.usageLimit, 0);
}

TEST(IlpSolverProperty, EditedProblemsSolvedFromTheLastAnswerMatchBruteForce)
{
    forEachSeed(
        700,
        [](Rng& rng, int size) {
            IlpProblem problem = randomIlp(rng, smallOptions(rng, size, rng.chance(0.7)));
            IlpOptions options;
            for (int step = 0; step < 3; ++step) {
                const IlpOutcome outcome = solveIlp(problem, options);
                expectExact(problem, outcome);
                if (const IlpSolution* solution = std::get_if<IlpSolution>(&outcome))
                    options.warmStart = solution->warmStart();
                edit(problem, rng);
            }
        },
        7);
}

/// Stops after so many reports of progress.
TEST(IlpSolverProperty, StoppedSolvesClaimOnlyWhatHolds)
{
    forEachSeed(
        300,
        [](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, rng.chance(0.7)));
            std::stop_source source;
            IlpOptions options;
            options.control.stop = source.get_token();
            options.keepsBestWhenCancelled = true;
            int reportsLeft = rng.below(6);
            options.onBound = [&](double, double) {
                if (reportsLeft-- <= 0)
                    source.request_stop();
            };
            const IlpOutcome outcome = solveIlp(problem, options);
            const BruteForceResult expected = bruteForce(problem);
            if (const IlpSolution* solution = std::get_if<IlpSolution>(&outcome)) {
                ASSERT_TRUE(expected.cost.has_value());
                const double slack = 1e-9 * std::abs(*expected.cost);
                EXPECT_GE(solution->cost, *expected.cost - slack);
                EXPECT_LE(solution->lowerBound, *expected.cost + slack);
                EXPECT_TRUE(evaluate(problem, solution->choice).isFeasible);
            } else if (!source.stop_requested()) {
                EXPECT_FALSE(expected.cost.has_value());
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
