// The search and the MILP of cores, without the reductions before them, against brute force and
// against each other.
#include "core/intra_op/core_milp.h"
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/ilp_search.h"
#include "core/intra_op/ilp_solver.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

namespace alpa
{
namespace
{

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

TEST(IlpMilpProperty, LpSolveAgreesWithTheSearch)
{
    forEachSeed(
        150,
        [](Rng& rng, int size) {
            const int nodes = 4 + size;
            IlpProblem problem = randomIlp(rng, {.nodes = nodes,
                                                 .strategies = 5,
                                                 .times = 8,
                                                 .hasMemory = false,
                                                 .isIntegral = true});
            addLastingUsages(rng, problem);
            problem.usageLimit = nodes * rng.between(20, 60);
            IlpGraph graph(problem);
            if (reduceGraph(graph) != ReductionEnd::kReduced)
                return;
            const CoreWithOrigin reduced = makeCore(graph);
            const IlpOptions searchOptions;
            SearchContext context(searchOptions, true, 1000);
            searchCore(reduced.core, context);
            const MilpAnswer answer =
                solveMilp(reduced.core, std::nullopt, 1000.0 * nodes, Seconds(60));
            ASSERT_TRUE(answer.isComplete);
            ASSERT_EQ(answer.choice.empty() && reduced.core.nodeCount > 0,
                      context.upperBound == kForbidden);
            if (context.upperBound < kForbidden) {
                EXPECT_NEAR(reduced.core.costOf(answer.choice), context.upperBound, 1e-6);
            }
        },
        12);
}

/// Whole costs, one usage a node, and a limit that binds.
IlpProblem problemOfWeights(Rng& rng, int nodes, int strategies)
{
    IlpProblem problem = randomIlp(rng, {.nodes = nodes,
                                         .strategies = strategies,
                                         .times = 8,
                                         .hasMemory = false,
                                         .isIntegral = true});
    for (IlpNode& node : problem.nodes) {
        IlpUsage usage{rng.below(6), 0, {}};
        usage.end = rng.between(usage.begin + 1, 8);
        for (size_t s = 0; s < node.costs.size(); ++s)
            usage.bytes.push_back(rng.below(100));
        node.usages.push_back(usage);
    }
    problem.usageLimit = nodes * rng.between(12, 30);
    return problem;
}

/// The search for large cores, whose rounds, neighbourhoods and probes small problems never reach
/// by themselves, against the search for small ones, which brute force checks.
TEST(IlpSearchProperty, RoundsAgreeWithBranching)
{
    forEachSeed(
        40,
        [](Rng& rng, int size) {
            const IlpProblem problem = problemOfWeights(rng, 14 + size, 8);
            IlpOptions options;
            const IlpOutcome outcome = solveIlp(problem, options);
            const IlpSolution* exact = std::get_if<IlpSolution>(&outcome);
            if (!exact || !exact->isOptimal)
                return;
            IlpGraph graph(problem);
            const CoreWithOrigin whole = makeCore(graph);
            options.smallCoreLabels = 0;
            options.workLimit = 20'000'000;
            options.threads = rng.between(1, 2);
            SearchContext context(options, true, 1000);
            searchCore(whole.core, context);
            EXPECT_GE(context.upperBound, exact->cost - 1e-8);
            EXPECT_LE(context.rootBound, exact->cost + 1e-8);
            EXPECT_LE(std::min(context.openBound, context.upperBound), exact->cost + 1e-8);
            ASSERT_FALSE(context.best.empty());
            EXPECT_TRUE(evaluate(problem, graph.expand(context.best)).isFeasible);
        },
        16);
}

TEST(IlpSearchProperty, OneThreadAndTwoGiveTheSameAnswer)
{
    forEachSeed(
        20,
        [](Rng& rng, int size) {
            const IlpProblem problem = problemOfWeights(rng, 12 + size, 6);
            IlpOptions options;
            options.smallCoreLabels = 0;
            options.workLimit = 2'000'000;
            options.threads = 1;
            const IlpOutcome one = solveIlp(problem, options);
            options.threads = 2;
            const IlpOutcome two = solveIlp(problem, options);
            ASSERT_EQ(one.index(), two.index());
            if (const IlpSolution* solution = std::get_if<IlpSolution>(&one)) {
                EXPECT_EQ(solution->choice, std::get<IlpSolution>(two).choice);
                EXPECT_EQ(solution->lowerBound, std::get<IlpSolution>(two).lowerBound);
            }
        },
        16);
}

} // namespace
} // namespace alpa
