// The rounds and probes of the search for large cores, against brute force. A good incumbent hides
// bounds that are too high (nothing is reported beyond it), so the search starts from a bad one,
// and in half of the cases nobody looks for better ones.
#include "core/intra_op/ilp_search.h"
#include "tests/property/intra_op/random_ilp.h"
#include "tests/support/property.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace alpa
{
namespace
{

/// Nodes of four strategies, nearly all pairs of which cost something, with usages that overlap and
/// a limit that binds: prices and messages leave a wide gap.
IlpProblem frustratedProblem(Rng& rng, int nodes, bool isIntegral)
{
    constexpr int kStrategies = 4;
    constexpr int kTimes = 6;
    const auto cost = [&](int most) {
        return isIntegral ? rng.below(most) : rng.below(most) + rng.uniform();
    };
    IlpProblem problem;
    for (int i = 0; i < nodes; ++i) {
        IlpNode node;
        IlpUsage usage{rng.below(kTimes), kTimes, {}};
        for (int s = 0; s < kStrategies; ++s) {
            node.costs.push_back(cost(400));
            usage.bytes.push_back(rng.below(101));
        }
        node.usages.push_back(usage);
        for (int j = 0; j < i; ++j) {
            if (!rng.chance(0.8))
                continue;
            problem.edges.push_back({j, i, static_cast<int>(problem.matrices.size())});
            problem.matrices.push_back({kStrategies, kStrategies, {}});
            for (int k = 0; k < kStrategies * kStrategies; ++k)
                problem.matrices.back().entries.push_back(rng.chance(0.05) ? kForbidden
                                                                           : cost(1000));
        }
        problem.nodes.push_back(std::move(node));
    }
    problem.usageLimit = nodes * rng.between(15, 50);
    return problem;
}

/// What one search said and proved.
struct Verdict {
    double optimum = 0;
    double slack = 0; ///< Rounding.
    double cost = kForbidden;
    double bound = -kForbidden;
    bool isOptimal = false;
    bool branched = false; ///< Closed by probes, or by branching on what they left.
};

Verdict searchInRounds(const IlpProblem& problem, double optimum, Rng& rng, bool isIntegral)
{
    IlpGraph graph(problem);
    const CoreWithOrigin whole = makeCore(graph);
    Verdict verdict;
    verdict.optimum = optimum;
    verdict.slack = 1e-8 * std::abs(optimum) + 1e-12;
    IlpOptions options;
    // The whole core counts as large; what probes and bounds leave of it, down to this, may branch.
    const int labels =
        std::accumulate(whole.core.labelCount.begin(), whole.core.labelCount.end(), 0);
    options.smallCoreLabels = rng.chance(0.2) ? 0 : rng.between(labels / 2, labels);
    options.threads = rng.between(1, 2);
    options.looksForChoices = rng.chance(0.5);
    options.workLimit = static_cast<int64_t>(std::pow(10.0, 4.5 + 3.0 * rng.uniform()));
    options.onBound = [&](double incumbent, double bound) {
        EXPECT_LE(bound, optimum + verdict.slack) << "a bound above the optimum";
        EXPECT_GE(incumbent, optimum - verdict.slack);
    };
    SearchContext context(options, isIntegral, magnitudeOf(whole.core));
    // Nobody has a choice of this cost: the search must find a better one by itself.
    if (rng.chance(0.8))
        context.upperBound = optimum + (0.05 + rng.uniform()) * std::max(std::abs(optimum), 1e-7);
    searchCore(whole.core, context);
    verdict.bound = std::max(context.rootBound, std::min(context.openBound, context.cutoff()));
    verdict.isOptimal = context.isClosedBy(verdict.bound);
    verdict.branched = context.method == "branching";
    if (!context.best.empty()) {
        const IlpEvaluation evaluation = evaluate(problem, graph.expand(context.best));
        EXPECT_TRUE(evaluation.isFeasible);
        verdict.cost = evaluation.cost;
    }
    return verdict;
}

TEST(LargeCoreProperty, BoundsNeverExceedTheOptimumAndOptimalMeansIt)
{
    int cases = 0;
    int branched = 0;
    int unfinished = 0;
    forEachSeed(
        300,
        [&](Rng& rng, int size) {
            const bool isIntegral = rng.chance(0.5);
            const IlpProblem problem = frustratedProblem(rng, 2 + size, isIntegral);
            const std::optional<double> optimum = bruteForce(problem).cost;
            if (!optimum)
                return;
            for (int repeat = 0; repeat < 3; ++repeat) {
                const Verdict verdict = searchInRounds(problem, *optimum, rng, isIntegral);
                EXPECT_LE(verdict.bound, verdict.optimum + verdict.slack);
                if (verdict.isOptimal) {
                    EXPECT_NEAR(verdict.cost, verdict.optimum, verdict.slack)
                        << "said to be optimal";
                }
                ++cases;
                branched += verdict.branched;
                unfinished += !verdict.isOptimal;
            }
        },
        6);
    // The cases must reach what they are for, unless one is replayed.
    if (cases > 100) {
        EXPECT_GE(branched, 10);
        EXPECT_GE(unfinished, 50);
    }
}

} // namespace
} // namespace alpa
