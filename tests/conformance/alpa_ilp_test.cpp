// Alpa's own integer programmes (data/dump_prototype.py), solved by this solver: the optima that
// Alpa's formulation and CBC find, with proof, among them those whose LP relaxation is fractional
// and those that a memory limit makes hard.
#include "core/base/files.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/iopddl.h"

#include <gtest/gtest.h>

#include <cmath>

namespace alpa
{
namespace
{

/// CBC was handed float32 costs; sums of some hundreds of them carry this much.
constexpr double kRounding = 1e-7;

IlpProblem load(const std::string& name)
{
    const Result<std::string> text =
        readFile(std::string(ALPA_SOURCE_DIR) + "/tests/conformance/data/" + name + ".json.gz",
                 Bytes(1 << 26));
    EXPECT_TRUE(text.ok()) << text.error().message;
    Result<IopddlInstance> instance = readIopddl(*text);
    EXPECT_TRUE(instance.ok()) << name;
    return std::move(instance->problem);
}

void expectOptimum(const std::string& name, const IlpProblem& problem, double expected)
{
    SCOPED_TRACE(name);
    const IlpOutcome outcome = solveIlp(problem);
    const auto* solution = std::get_if<IlpSolution>(&outcome);
    ASSERT_NE(solution, nullptr);
    EXPECT_TRUE(solution->isOptimal);
    EXPECT_NEAR(solution->cost, expected, kRounding * expected + 1e-6);
    EXPECT_EQ(evaluate(problem, solution->choice).cost, solution->cost);
}

/// The prototype's all-reduce: truncated, with a hundredth against ties.
double allReduce(double beta, double n, double bytes)
{
    return std::trunc(1 + beta * 2 * (n - 1) / n * bytes) + 0.01;
}

TEST(AlpaIlpOracles, GptForward)
{
    const double bytes = 8.0 * 1024 * 2560 * 4;
    for (const int blocks : {1, 4, 8})
        expectOptimum("GPT on (2, 4)", load("gpt-forward-" + std::to_string(blocks) + "-on-2x4"),
                      2 * blocks * (allReduce(0.1, 4, bytes / 2)));
    expectOptimum("GPT on (4, 8)", load("gpt-forward-8-on-4x8"), 58720272);
    expectOptimum("GPT on (1, 8)", load("gpt-forward-24-on-1x8"), 432); // 18 a block.
}

TEST(AlpaIlpOracles, MlpWhoseRelaxationIsFractional)
{
    expectOptimum("5 layers", load("mlp-5-on-4x8"), 484975.08);
    expectOptimum("20 layers", load("mlp-20-on-4x8"), 2234815.34);
    expectOptimum("40 layers in one dimension", load("mlp-40-on-1x8"), 357868.38);
}

TEST(AlpaIlpOracles, MlpWithinMemory)
{
    const std::pair<int64_t, double> optima[] = {
        {8'000'000, 484975.08},
        {6'000'000, 3203419.198},
        {5'000'000, 3941341.040},
        {4'000'000, 3957399.350},
    };
    IlpProblem problem = load("mlp-5-on-4x8");
    for (const auto& [limit, optimum] : optima) {
        problem.usageLimit = limit;
        expectOptimum(std::to_string(limit) + " bytes", problem, optimum);
    }
    problem.usageLimit = 3'000'000;
    const IlpOutcome outcome = solveIlp(problem);
    const auto* none = std::get_if<IlpInfeasible>(&outcome);
    ASSERT_NE(none, nullptr);
    ASSERT_TRUE(none->smallestUsageLimit.has_value());
    EXPECT_GT(*none->smallestUsageLimit, 3'000'000);
    EXPECT_LE(*none->smallestUsageLimit, 4'000'000);
}

TEST(AlpaIlpOracles, GptWithinMemory)
{
    IlpProblem problem = load("gpt-forward-4-on-2x4");
    problem.usageLimit = 500'000'000;
    expectOptimum("500 MB", problem, 50331656);
    problem.usageLimit = 400'000'000;
    EXPECT_TRUE(std::holds_alternative<IlpInfeasible>(solveIlp(problem)));
}

} // namespace
} // namespace alpa
