// Alpa's stage programme against values that Alpa itself gives (numpy's random streams, see
// numpy_random.h).
#include "core/inter_op/stage_dp.h"
#include "tests/support/numpy_random.h"
#include "tests/support/stage_dp_cases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

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
    problem.submeshes =
        *enumerateSubmeshes(oracle.hosts, oracle.devicesPerHost, SubmeshSpace::kAll);
    problem.configCount = 5;
    const size_t cells =
        static_cast<size_t>(oracle.layers * oracle.layers) * problem.submeshes.size() * 5;
    NumpyLegacyRandom random(oracle.seed);
    for (size_t cell = 0; cell < cells; ++cell)
        problem.computeCost.push_back(random.next());
    problem.maxSuccessors.assign(cells, oracle.maxSuccessors);
    return problem;
}

TEST(SolveStageDp, ReproducesTheRandomStreamOfNumpy)
{
    EXPECT_EQ(NumpyLegacyRandom(42).next(), 0.37454011884736249);
    EXPECT_EQ(NumpyLegacyRandom(7).next(), 0.076308289373957172);
    EXPECT_EQ(NumpyRandom(0).next(), 0.6369616873214543);
}

TEST(SolveStageDp, GivesAlpasValuesAndStages)
{
    const std::vector<StageDpStage> eight{{0, 4, 2, 2}, {4, 8, 2, 4}};
    const std::vector<Oracle> oracles{
        {42, 8, 1, 8, 16, 4096, 0.295285061, 0.295285058, eight},
        {42, 8, 1, 8, 16, 3, 0.295285061, 0.295285058, eight},
        {7,
         12,
         2,
         4,
         32,
         4096,
         1.203588326,
         1.203588316,
         {{0, 8, 0, 2}, {8, 9, 2, 3}, {9, 10, 0, 0}, {10, 12, 1, 2}}},
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

TEST(SolveStageDp, GivesAlpasOptimumOnModelsOfItsPaper)
{
    struct Expected {
        StageDpCase stageCase;
        long finiteCells;
        double value; ///< As Alpa printed it.
        size_t stages;
    };
    const std::vector<Expected> cases{
        {{"GPT-2.6B", 8, 8, 4, 4, 128}, 436, 1.361573, 8},
        {{"GPT-15B", 16, 32, 6, 5, 128, 1.0}, 1405, 0.76793, 16},
        {{"GPT-15B unpruned", 16, 32, 6, 5, 128}, 3405, 0.767513, 16},
        {{"GPT-39B", 16, 64, 6, 6, 1024, 1.0}, 1680, 2.979623, 16},
    };
    for (const Expected& expected : cases) {
        SCOPED_TRACE(expected.stageCase.name);
        const StageDpProblem problem = makeStageDpProblem(expected.stageCase);
        EXPECT_EQ(std::count_if(problem.computeCost.begin(), problem.computeCost.end(),
                                [](double cost) { return std::isfinite(cost); }),
                  expected.finiteCells);
        const auto solution = solveStageDp(problem);
        ASSERT_TRUE(solution.ok() && *solution);
        EXPECT_NEAR((*solution)->value, expected.value, 1e-6);
        EXPECT_EQ((*solution)->stages.size(), expected.stages);
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
