// Derivatives of every kind of op against central differences.
#include "core/graph/verify.h"
#include "core/training/differentiate.h"
#include "tests/unit/training/derivative_cases.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

class Derivative : public ::testing::TestWithParam<DerivativeCase>
{
};

TEST_P(Derivative, EqualsCentralDifference)
{
    const DerivativeCase& test = GetParam();
    const Graph graph = weightedLoss(test.shapes, test.body);
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        Rng rng(seed);
        expectGradientsMatchDifferences(graph, randomInputs(graph, rng, test.range));
    }
}

TEST_P(Derivative, BackwardGraphIsWellFormed)
{
    const Graph graph = weightedLoss(GetParam().shapes, GetParam().body);
    const Result<Graph> differentiated = differentiate(graph);
    ASSERT_TRUE(differentiated.ok()) << differentiated.error().message;
    const Status status = checkGraph(*differentiated);
    EXPECT_TRUE(status.ok()) << status.error().message;
    for (size_t i = graph.ops.size(); i < differentiated->ops.size(); ++i)
        EXPECT_EQ(differentiated->ops[i].phase, Phase::kBackward);
}

const auto kCaseName = [](const ::testing::TestParamInfo<DerivativeCase>& test) {
    return std::string(test.param.name);
};
INSTANTIATE_TEST_SUITE_P(Elementwise, Derivative, ::testing::ValuesIn(elementwiseCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Shape, Derivative, ::testing::ValuesIn(shapeCases()), kCaseName);
INSTANTIATE_TEST_SUITE_P(Contraction, Derivative, ::testing::ValuesIn(contractionCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Indexing, Derivative, ::testing::ValuesIn(indexingCases()), kCaseName);

} // namespace
} // namespace alpa
