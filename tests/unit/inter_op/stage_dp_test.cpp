// Alpa's stage programme against values that Alpa itself gives (numpy's random stream, see NumpyRandom).
#include "core/inter_op/stage_dp.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// numpy.random.seed(seed); numpy.random.rand(): 53 bits out of two draws of the Mersenne twister.
class NumpyRandom
{
public:
    explicit NumpyRandom(uint32_t seed) : twister_(seed) {}
    double next()
    {
        const double high = static_cast<double>(twister_() >> 5);
        const double low = static_cast<double>(twister_() >> 6);
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }

private:
    std::mt19937 twister_;
};

struct Oracle {
    uint32_t seed;
    int layers;
    int hosts;
    int devicesPerHost;
    int microbatches;
    int64_t maxSuccessors;
    double float32Value;
    double value;
    std::vector<StageDpStage> stages;
};

StageDpProblem problemOf(const Oracle& oracle)
{
    StageDpProblem problem;
    problem.layerCount = oracle.layers;
    problem.deviceCount = oracle.hosts * oracle.devicesPerHost;
    problem.microbatches = oracle.microbatches;
    problem.submeshes = *enumerateSubmeshes(oracle.hosts, oracle.devicesPerHost, SubmeshSpace::kAll);
    problem.configCount = 5;
    const size_t cells = static_cast<size_t>(oracle.layers * oracle.layers) * problem.submeshes.size() * 5;
    NumpyRandom random(oracle.seed);
    for (size_t cell = 0; cell < cells; ++cell)
        problem.computeCost.push_back(random.next());
    problem.maxSuccessors.assign(cells, oracle.maxSuccessors);
    return problem;
}

TEST(SolveStageDp, ReproducesTheRandomStreamOfNumpy)
{
    EXPECT_EQ(NumpyRandom(42).next(), 0.37454011884736249);
    EXPECT_EQ(NumpyRandom(7).next(), 0.076308289373957172);
}

TEST(SolveStageDp, GivesAlpasValuesAndStages)
{
    const std::vector<StageDpStage> eight{{0, 4, 2, 2}, {4, 8, 2, 4}};
    const std::vector<Oracle> oracles{
        {42, 8, 1, 8, 16, 4096, 0.295285061, 0.295285058, eight},
        {42, 8, 1, 8, 16, 3, 0.295285061, 0.295285058, eight},
        {7, 12, 2, 4, 32, 4096, 1.203588326, 1.203588316, {{0, 8, 0, 2}, {8, 9, 2, 3}, {9, 10, 0, 0}, {10, 12, 1, 2}}},
        {7, 12, 2, 4, 32, 2, 1.271232236, 1.271232191, {{0, 8, 2, 0}, {8, 12, 2, 4}}},
    };
    for (const Oracle& oracle : oracles) {
        const auto solution = solveStageDp(problemOf(oracle));
        ASSERT_TRUE(solution.ok() && *solution);
        EXPECT_NEAR((*solution)->value, oracle.value, 5e-10); // Nine decimals are given.
        EXPECT_NEAR((*solution)->float32Value, oracle.float32Value, 5e-10);
        EXPECT_EQ((*solution)->stages, oracle.stages);
    }
}

TEST(SolveStageDp, FindsNothingWhereEveryCellIsInvalid)
{
    StageDpProblem problem = problemOf({42, 3, 1, 2, 4, 9, 0, 0, {}});
    problem.computeCost.assign(problem.computeCost.size(), std::numeric_limits<double>::infinity());
    const auto solution = solveStageDp(problem);
    ASSERT_TRUE(solution.ok());
    EXPECT_FALSE(solution->has_value());
}

TEST(SolveStageDp, RefusesTensorsOfAnotherShape)
{
    StageDpProblem problem = problemOf({42, 3, 1, 2, 4, 9, 0, 0, {}});
    problem.computeCost.pop_back();
    EXPECT_FALSE(solveStageDp(problem).ok());
}

} // namespace
} // namespace alpa
