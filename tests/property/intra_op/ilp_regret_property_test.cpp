// What forced strategies cost, against brute force with the strategy forced.
#include "core/intra_op/ilp_regret.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

namespace alpa
{
namespace
{

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

TEST(IlpRegretProperty, RangesHoldWhatBruteForceFinds)
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
                const std::vector<RegretRange> ranges =
                    regretRangesOf(problem, *solution, static_cast<int>(node));
                ASSERT_EQ(ranges.size(), problem.nodes[node].costs.size());
                for (size_t s = 0; s < ranges.size(); ++s) {
                    IlpProblem forced = problem;
                    for (size_t other = 0; other < ranges.size(); ++other) {
                        if (other != s)
                            forced.nodes[node].costs[other] = kForbidden;
                    }
                    const double expected =
                        bruteForce(forced).cost.value_or(kForbidden) - solution->cost;
                    const double slack = 2e-7 * solution->cost + 1e-15;
                    EXPECT_LE(ranges[s].least, expected + slack);
                    EXPECT_GE(ranges[s].most, expected - slack);
                }
            }
        },
        6);
}

} // namespace
} // namespace alpa
