// Elimination by fronts under one limit, at any price and cutoff, against brute force.
#include "core/intra_op/front_elimination.h"
#include "core/intra_op/front_tables.h"
#include "core/intra_op/ilp_reductions.h"
#include "core/intra_op/ilp_solver.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

#include <array>
#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

constexpr size_t kAll = std::numeric_limits<size_t>::max();
constexpr std::array<size_t, 1> kOnlyAll{kAll};
constexpr FrontWork kMuchWork{1'000'000'000, 1'000'000'000};

/// A core with one time out of a random problem; its least cost, if anything fits.
struct OneLimit {
    IlpCore core;
    double least = kForbidden;
    double rounding() const { return least < kForbidden ? 1e-9 * std::abs(least) : 0; }
};

std::optional<OneLimit> oneLimit(const IlpProblem& problem)
{
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

std::optional<OneLimit> randomOneLimit(Rng& rng, int size)
{
    return oneLimit(randomIlp(rng, {.nodes = 1 + size,
                                    .strategies = 4,
                                    .times = 1,
                                    .hasMemory = true,
                                    .isIntegral = rng.chance(0.5)}));
}

/// `times` copies of the problem side by side under one limit, nodes of neighbours joined alike, as
/// equal layers are; but one edge may cost something else.
IlpProblem repeated(Rng& rng, const IlpProblem& one, int times)
{
    IlpProblem all = one;
    const auto count = static_cast<int>(one.nodes.size());
    for (int copy = 1; copy < times; ++copy) {
        all.nodes.insert(all.nodes.end(), one.nodes.begin(), one.nodes.end());
        for (IlpEdge edge : one.edges) {
            edge.from += copy * count;
            edge.to += copy * count;
            all.edges.push_back(edge);
        }
        if (!one.edges.empty()) // Rows and columns of some matrix fit these.
            all.edges.push_back({one.edges[0].from + (copy - 1) * count,
                                 one.edges[0].to + copy * count, one.edges[0].matrix});
    }
    if (!all.edges.empty() && rng.chance(0.5)) {
        IlpEdge& other =
            all.edges[static_cast<size_t>(rng.below(static_cast<int>(all.edges.size())))];
        IlpMatrix matrix = all.matrices[static_cast<size_t>(other.matrix)];
        for (double& entry : matrix.entries)
            entry += rng.below(20);
        other.matrix = static_cast<int>(all.matrices.size());
        all.matrices.push_back(std::move(matrix));
    }
    *all.usageLimit *= times;
    return all;
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
                eliminateFronts(core, *plan, randomPrice(rng, core), cutoff, kOnlyAll, kMuchWork);
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
            std::vector<size_t> mostOfFront{rng.chance(0.5) ? 2 : kAll};
            if (rng.chance(0.5))
                mostOfFront.push_back(2);
            const FrontAnswer answer =
                eliminateFronts(core, *plan, randomPrice(rng, core), kForbidden, mostOfFront,
                                {rng.below(5000), rng.below(200)});
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

TEST(FrontEliminationProperty, SharesTheTablesOfEqualParts)
{
    int found = 0;
    int shared = 0;
    forEachSeed(
        600,
        [&](Rng& rng, int size) {
            const IlpProblem one = randomIlp(rng, {.nodes = 1 + size,
                                                   .strategies = 3,
                                                   .times = 1,
                                                   .hasMemory = true,
                                                   .isIntegral = rng.chance(0.5)});
            const std::optional<OneLimit> limited = oneLimit(repeated(rng, one, 3));
            if (!limited)
                return;
            const IlpCore& core = limited->core;
            const auto plan = planElimination(core, 1e9);
            FrontTables tables(core, *plan, kMuchWork.ofTables);
            shared += tables.tables().size() < tables.places().size() ? 1 : 0;
            const FrontAnswer answer = eliminateFronts(core, *plan, randomPrice(rng, core),
                                                       kForbidden, kOnlyAll, kMuchWork);
            ASSERT_TRUE(answer.isComplete);
            EXPECT_EQ(answer.cost < kForbidden, limited->least < kForbidden);
            if (answer.cost < kForbidden && limited->least < kForbidden) {
                EXPECT_NEAR(answer.cost, limited->least, limited->rounding());
                EXPECT_TRUE(core.fits(answer.choice));
                EXPECT_NEAR(core.costOf(answer.choice), answer.cost, limited->rounding());
                ++found;
            }
        },
        3);
    EXPECT_GT(found, 100);
    EXPECT_GT(shared, 100);
}

} // namespace
} // namespace alpa
