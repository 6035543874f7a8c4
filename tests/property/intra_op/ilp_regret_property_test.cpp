// What forced strategies cost, against brute force with the strategy forced.
#include "core/intra_op/ilp_regret.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

namespace alpa
{
namespace
{

/// Of every node of a random problem: what regret says of its strategies, and what brute force
/// finds with each forced, less the optimum; kForbidden if nothing is left.
template <typename Regrets, typename Expect>
void expectOfForced(const Regrets& regretsOf, const Expect& expect)
{
    forEachSeed(
        300,
        [&](Rng& rng, int size) {
            const IlpProblem problem = randomIlp(rng, smallOptions(rng, size, rng.chance(0.5)));
            const std::optional<IlpSolution> solution = solvedIlp(problem);
            if (!solution)
                return;
            for (size_t node = 0; node < problem.nodes.size(); ++node) {
                const auto regrets = regretsOf(problem, *solution, static_cast<int>(node));
                ASSERT_EQ(regrets.size(), problem.nodes[node].costs.size());
                for (size_t s = 0; s < regrets.size(); ++s) {
                    IlpProblem forced = problem;
                    for (size_t other = 0; other < regrets.size(); ++other) {
                        if (other != s)
                            forced.nodes[node].costs[other] = kForbidden;
                    }
                    expect(regrets[s],
                           bruteForce(forced).cost.value_or(kForbidden) - solution->cost,
                           solution->cost);
                }
            }
        },
        6);
}

TEST(IlpRegretProperty, MatchesBruteForceWithTheStrategyForced)
{
    expectOfForced([](const IlpProblem& problem, const IlpSolution& solution,
                      int node) { return regretOf(problem, solution, node); },
                   [](const RegretRange& regret, double expected, double cost) {
                       EXPECT_TRUE(regret.isExact());
                       ASSERT_EQ(regret.most < kForbidden, expected < kForbidden);
                       if (expected < kForbidden) {
                           EXPECT_NEAR(regret.most, expected, 2e-9 * cost + 1e-15);
                       }
                   });
}

TEST(IlpRegretProperty, SearchesThatAreCutOffLeaveARange)
{
    int open = 0;
    expectOfForced(
        [](const IlpProblem& problem, const IlpSolution& solution, int node) {
            IlpOptions options;
            options.workLimit = 1;
            return regretOf(problem, solution, node, options);
        },
        [&open](const RegretRange& range, double expected, double cost) {
            open += range.isExact() ? 0 : 1;
            EXPECT_LE(range.least, expected + 2e-9 * cost + 1e-15);
            EXPECT_GE(range.most, expected - 2e-9 * cost - 1e-15);
        });
    EXPECT_GT(open, 0);
}

TEST(IlpRegretProperty, RangesHoldWhatBruteForceFinds)
{
    expectOfForced([](const IlpProblem& problem, const IlpSolution& solution,
                      int node) { return regretRangesOf(problem, solution, node); },
                   [](const RegretRange& range, double expected, double cost) {
                       const double slack = 2e-7 * cost + 1e-15;
                       EXPECT_LE(range.least, expected + slack);
                       EXPECT_GE(range.most, expected - slack);
                   });
}

} // namespace
} // namespace alpa
