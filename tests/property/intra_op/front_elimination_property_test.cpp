// Elimination by fronts under one limit, at any price and cutoff, against brute force.
#include "core/intra_op/front_elimination.h"
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/ilp_solver.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

constexpr size_t kAll = std::numeric_limits<size_t>::max();
constexpr int64_t kMuchWork = 1'000'000'000;

/// A core with one time out of a random problem; its least cost, if anything fits.
struct OneLimit {
    IlpCore core;
    double least = kForbidden;
    double rounding() const { return least < kForbidden ? 1e-9 * std::abs(least) : 0; }
};

std::optional<OneLimit> randomOneLimit(Rng& rng, int size)
{
    const IlpProblem problem = randomIlp(rng, {.nodes = 1 + size,
                                               .strategies = 4,
                                               .times = 1,
                                               .hasMemory = true,
                                               .isIntegral = rng.chance(0.5)});
    IlpGraph graph(problem);
    if (graph.isInfeasible)
        return std::nullopt;
    // Times at which nothing can exceed the limit go.
    const IlpCore whole = makeCore(graph).core;
    OneLimit limited{restrictCore(whole, std::vector<uint8_t>(whole.labelTotal(), 1)).core,
                     bruteForce(problem).cost.value_or(kForbidden)};
    if (limited.core.timeCount() != 1)
        return std::nullopt;
    return limited;
}

double randomPrice(Rng& rng, const IlpCore& core)
{
    double largest = 0;
    for (const double cost : core.costs)
        largest = cost < kForbidden ? std::max(largest, cost) : largest;
    return rng.chance(0.2) ? 0.0 : largest / 50 * rng.uniform();
}

TEST(FrontEliminationProperty, FindsTheOptimumBelowAnyCutoff)
{
    int found = 0;
    forEachSeed(
        1500,
        [&found](Rng& rng, int size) {
            const std::optional<OneLimit> limited = randomOneLimit(rng, size);
            if (!limited)
                return;
            const IlpCore& core = limited->core;
            const double cutoff = rng.chance(0.3) || limited->least == kForbidden
                                      ? kForbidden
                                      : limited->least * (0.8 + 0.4 * rng.uniform());
            const auto plan = planElimination(core, 1e9);
            ASSERT_TRUE(plan.has_value());
            const FrontAnswer answer =
                eliminateFronts(core, *plan, randomPrice(rng, core), cutoff, kAll, kMuchWork);
            const double rounding = limited->rounding();
            ASSERT_TRUE(answer.isComplete);
            if (limited->least < cutoff) {
                EXPECT_NEAR(answer.cost, limited->least, rounding);
                EXPECT_NEAR(answer.bound, limited->least, rounding);
                EXPECT_TRUE(core.fits(answer.choice));
                EXPECT_NEAR(core.costOf(answer.choice), answer.cost, rounding);
                ++found;
            } else {
                EXPECT_EQ(answer.bound, cutoff);
                EXPECT_GE(answer.cost, limited->least - rounding);
            }
        },
        7);
    EXPECT_GT(found, 500);
}

TEST(FrontEliminationProperty, ClaimsNoMoreThanItProvedWhereItLeavesSomethingOut)
{
    int incomplete = 0;
    forEachSeed(
        1500,
        [&incomplete](Rng& rng, int size) {
            const std::optional<OneLimit> limited = randomOneLimit(rng, size);
            if (!limited)
                return;
            const IlpCore& core = limited->core;
            const auto plan = planElimination(core, 1e9);
            const FrontAnswer answer =
                eliminateFronts(core, *plan, randomPrice(rng, core), kForbidden,
                                rng.chance(0.5) ? 2 : kAll, rng.below(5000));
            const double rounding = limited->rounding();
            EXPECT_LE(answer.bound, limited->least + rounding);
            EXPECT_GE(answer.cost, limited->least - rounding);
            if (answer.cost < kForbidden) {
                EXPECT_TRUE(core.fits(answer.choice));
                EXPECT_NEAR(core.costOf(answer.choice), answer.cost, rounding);
            }
            incomplete += answer.isComplete ? 0 : 1;
        },
        7);
    EXPECT_GT(incomplete, 200);
}

} // namespace
} // namespace alpa
