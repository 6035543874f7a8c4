// Layer clustering against a literal O(n^2 L) transcription of the formulas, and against
// enumeration of all cuts.
#include "core/inter_op/cluster_layers.h"
#include "tests/support/property.h"

#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Matrix = std::vector<std::vector<double>>;

/// I[k][r]: bytes made by ops 1..k and read by ops k+1..r.
Matrix inputSizes(const ClusteringProblem& problem)
{
    const size_t n = problem.cost.size();
    Matrix sizes(n + 1, std::vector<double>(n + 1, 0.0));
    for (size_t k = 0; k <= n; ++k)
        for (size_t r = k + 1; r <= n; ++r)
            for (const ClusteringValue& value : problem.values) {
                bool isRead = false;
                for (const int use : value.uses)
                    isRead =
                        isRead || (static_cast<size_t>(use) >= k && static_cast<size_t>(use) < r);
                if (isRead && static_cast<size_t>(value.producer) < k)
                    sizes[k][r] += value.bytes;
            }
    return sizes;
}

/// Block(l, r), from 1: 0 if allowed, else infinite.
Matrix blocked(const ClusteringProblem& problem, const ClusteringOptions& options)
{
    const size_t n = problem.cost.size();
    double total = 0.0;
    int heavyOps = 0;
    for (size_t op = 0; op < n; ++op) {
        total += problem.isHeavy[op] ? problem.cost[op] : 0.0;
        heavyOps += problem.isHeavy[op] ? 1 : 0;
    }
    const double bound = total / options.layerCount * (1 + options.imbalance);
    const double perLayer = static_cast<double>(heavyOps) / options.layerCount;
    const int lowerBound = perLayer < 3 ? static_cast<int>(perLayer) : 3;
    Matrix block(n + 2, std::vector<double>(n + 1, kInfinity));
    for (size_t l = 1; l <= n; ++l) {
        int count = 0;
        double cost = 0.0;
        for (size_t r = l; r <= n; ++r) {
            if (problem.isHeavy[r - 1]) {
                ++count;
                cost += problem.cost[r - 1];
            }
            if (count < lowerBound) {
                if (cost >= bound)
                    block[l][r] = 0;
                continue;
            }
            if (cost >= bound && problem.isHeavy[r - 1] && count > lowerBound)
                break;
            block[l][r] = 0;
        }
    }
    return block;
}

struct Reference {
    double objective = kInfinity;
    double total = kInfinity;
    std::vector<int> begins;
};

Reference transcription(const ClusteringProblem& problem, const ClusteringOptions& options)
{
    const size_t n = problem.cost.size();
    const auto L = static_cast<size_t>(options.layerCount);
    const Matrix I = inputSizes(problem);
    const Matrix block = blocked(problem, options);
    Matrix maxCost(n + 1, std::vector<double>(L + 1, kInfinity));
    Matrix sumCost = maxCost;
    Matrix imbalance = maxCost;
    std::vector<std::vector<int>> argmin(n + 1, std::vector<int>(L + 1, -1));
    maxCost[0][0] = 0;
    sumCost[0][0] = 0;
    for (size_t r = 0; r <= n; ++r)
        imbalance[r][0] = 0;
    for (size_t q = 1; q <= L; ++q)
        for (size_t r = 1; r <= n; ++r)
            for (size_t k = 0; k < r; ++k) {
                const double kk = static_cast<double>(k * k);
                const double rr = static_cast<double>(r * r);
                const double width = static_cast<double>((r - k) * (r - k));
                const double value = std::max(maxCost[k][q - 1], block[k + 1][r] + I[k][r]);
                const double sum = sumCost[k][q - 1] + block[k + 1][r] + I[k][r];
                const double uneven = imbalance[k][q - 1] + kk / static_cast<double>(q) -
                                      rr / static_cast<double>(q + 1) + width;
                if (value < maxCost[r][q] ||
                    (value <= maxCost[r][q] * (1 + 1e-4) &&
                     (sum < sumCost[r][q] ||
                      (sum <= sumCost[r][q] * (1 + 1e-4) && uneven < imbalance[r][q])))) {
                    maxCost[r][q] = value;
                    sumCost[r][q] = sum;
                    argmin[r][q] = static_cast<int>(k);
                    imbalance[r][q] = uneven;
                }
            }
    Reference reference{maxCost[n][L], sumCost[n][L], {}};
    if (std::isinf(reference.objective))
        return reference;
    size_t r = n;
    for (size_t q = L; q > 0; --q) {
        r = static_cast<size_t>(argmin[r][q]);
        reference.begins.insert(reference.begins.begin(), static_cast<int>(r));
    }
    return reference;
}

ClusteringProblem randomProblem(Rng& rng, int size)
{
    ClusteringProblem problem;
    const int ops = rng.between(1, 3 * size);
    const double heavyShare = 0.2 + 0.8 * rng.uniform();
    const bool isUniform = rng.chance(0.3); // Many ties.
    for (int op = 0; op < ops; ++op) {
        problem.isHeavy.push_back(rng.chance(heavyShare) ? 1 : 0);
        problem.cost.push_back(isUniform ? 1.0 : std::floor(100 * rng.uniform()));
        if (rng.chance(0.9) && op + 1 < ops) {
            ClusteringValue value{op, {}, isUniform ? 4.0 : std::floor(1000 * rng.uniform())};
            for (int use = op + 1; use < ops; ++use) {
                if (rng.chance(use == op + 1 ? 0.8 : 0.1))
                    value.uses.push_back(use);
            }
            if (!value.uses.empty() && rng.chance(0.2))
                value.uses.push_back(value.uses.back()); // Read twice by one op.
            problem.values.push_back(value);
        }
    }
    return problem;
}

ClusteringOptions randomOptions(Rng& rng, int size)
{
    return {.layerCount = rng.between(1, 1 + size / 3),
            .imbalance = rng.chance(0.5) ? 0.5 : rng.uniform()};
}

TEST(ClusterLayersProperty, EqualsTheTranscriptionToTheLastCut)
{
    int solved = 0;
    forEachSeed(600, [&](Rng& rng, int size) {
        const ClusteringProblem problem = randomProblem(rng, size);
        const ClusteringOptions options = randomOptions(rng, size);
        const auto layers = clusterLayers(problem, options);
        const Reference reference = transcription(problem, options);
        const auto heavyOps = std::count(problem.isHeavy.begin(), problem.isHeavy.end(), 1);
        ASSERT_EQ(layers.ok(),
                  std::isfinite(reference.objective) && heavyOps >= options.layerCount);
        if (!layers.ok())
            return;
        ++solved;
        EXPECT_EQ(layers->objective, reference.objective);
        EXPECT_EQ(layers->totalBytes, reference.total);
        EXPECT_EQ(layers->begins, reference.begins);
    });
    if (std::getenv("TEST_SEED") == nullptr) {
        EXPECT_GT(solved, 200);
    }
}

/// The least objective over all cuts, by recursion.
double leastOf(const Matrix& I, const Matrix& block, size_t begin, int layers)
{
    const size_t n = I.size() - 1;
    if (layers == 0)
        return begin == n ? 0.0 : kInfinity;
    double least = kInfinity;
    for (size_t end = begin + 1; end <= n; ++end) {
        if (block[begin + 1][end] == 0)
            least = std::min(least, std::max(I[begin][end], leastOf(I, block, end, layers - 1)));
    }
    return least;
}

TEST(ClusterLayersProperty, IsNearTheBestOfAllCuts)
{
    forEachSeed(200, [](Rng& rng, int size) {
        const ClusteringProblem problem = randomProblem(rng, std::min(size, 6));
        const ClusteringOptions options{.layerCount = rng.between(1, 4)};
        const auto layers = clusterLayers(problem, options);
        if (!layers.ok())
            return;
        const double least =
            leastOf(inputSizes(problem), blocked(problem, options), 0, options.layerCount);
        EXPECT_GE(layers->objective, least);
        EXPECT_LE(layers->objective,
                  least *
                      std::pow(1 + 1e-4, options.layerCount * 20.0)); // What ties may give away.
    });
}

TEST(SearchLayerCountProperty, IsTheLargestCountWithinTheBound)
{
    int more = 0;
    forEachSeed(300, [&](Rng& rng, int size) {
        const ClusteringProblem problem = randomProblem(rng, std::min(size, 7));
        const double slack = rng.chance(0.5) ? 0.0 : rng.uniform();
        const auto found = searchLayerCount(problem, 0.5, slack);
        ASSERT_TRUE(found.ok());
        const auto two = clusterLayers(problem, {.layerCount = 2});
        int expected = two.ok() ? 2 : 1;
        const auto heavyOps = std::count(problem.isHeavy.begin(), problem.isHeavy.end(), 1);
        for (int count = 3; two.ok() && count <= heavyOps / 3; ++count) {
            const ClusteringOptions options{.layerCount = count};
            if (leastOf(inputSizes(problem), blocked(problem, options), 0, count) <=
                two->objective * (1 + slack)) {
                expected = count;
            }
        }
        EXPECT_EQ(*found, expected);
        more += expected > 2 ? 1 : 0;
    });
    if (std::getenv("TEST_SEED") == nullptr) {
        EXPECT_GT(more, 20);
    }
}

} // namespace
} // namespace alpa
