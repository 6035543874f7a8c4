#include "core/training/shift_invariance.h"
#include "tests/support/gradient_check.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

using P = const std::vector<ValueId>&;

bool provesItsMaximum(const Graph& graph)
{
    const std::vector<bool> proven =
        shiftOnlyExtrema(graph, std::vector<bool>(graph.ops.size(), true));
    return std::ranges::find(proven, true) != proven.end();
}

/// x minus its row maxima, with the steps JAX prints.
ValueId shifted(GraphBuilder& b, ValueId x)
{
    const ValueId largest = b.reduce(ReduceKind::kMaximum, x, {1});
    const ValueId clipped = b.maximum(b.constantLike(-1e30, largest), largest);
    const ValueId column = b.broadcast(clipped, {0}, {3, 1});
    return b.subtract(x, b.broadcast(column, {0, 1}, {3, 4}));
}
ValueId overRows(GraphBuilder& b, ValueId sums)
{
    return b.broadcastOver(sums, std::vector<int>{1}, {3, 4});
}

Graph softmax()
{
    return weightedLoss({{3, 4}}, [](GraphBuilder& b, P p) {
        const ValueId e = b.exp(shifted(b, p[0]));
        return b.divide(e, overRows(b, b.sum(e, {1})));
    });
}

TEST(ShiftInvariance, HoldsForSoftmax) { EXPECT_TRUE(provesItsMaximum(softmax())); }

TEST(ShiftInvariance, HoldsForLogSoftmax)
{
    EXPECT_TRUE(provesItsMaximum(weightedLoss({{3, 4}}, [](GraphBuilder& b, P p) {
        const ValueId s = shifted(b, p[0]);
        return b.subtract(s, overRows(b, b.log(b.sum(b.exp(s), {1}))));
    })));
}

TEST(ShiftInvariance, SavesTheMaskOfSoftmax)
{
    const Graph graph = softmax();
    const Result<Graph> result = differentiate(graph);
    ASSERT_TRUE(result.ok());
    for (const Op& op : result->ops)
        EXPECT_NE(op.kind, OpKind::kCompare);
    Rng rng(3);
    expectGradientsMatchDifferences(graph, randomInputs(graph, rng));
}

struct Counterexample {
    const char* name;
    GraphBody body;
};
class NotShiftInvariant : public ::testing::TestWithParam<Counterexample>
{
};

/// Each of these depends on the shift; ignoring the maximum would give a wrong gradient.
TEST_P(NotShiftInvariant, IsNotProvenAndKeepsItsGradient)
{
    const Graph graph = weightedLoss({{3, 4}}, GetParam().body);
    EXPECT_FALSE(provesItsMaximum(graph));
    Rng rng(5);
    expectGradientsMatchDifferences(graph, randomInputs(graph, rng));
}

INSTANTIATE_TEST_SUITE_P(
    , NotShiftInvariant,
    ::testing::Values(
        Counterexample{"Exponentials",
                       [](GraphBuilder& b, P p) { return b.exp(shifted(b, p[0])); }},
        Counterexample{"Differences", [](GraphBuilder& b, P p) { return shifted(b, p[0]); }},
        Counterexample{"SumOverTheOtherDimension",
                       [](GraphBuilder& b, P p) {
                           const ValueId e = b.exp(shifted(b, p[0]));
                           return b.divide(e, b.broadcast(b.sum(e, {0}), {1}, {3, 4}));
                       }},
        Counterexample{"SquaredDenominator",
                       [](GraphBuilder& b, P p) {
                           const ValueId e = b.exp(shifted(b, p[0]));
                           const ValueId sum = overRows(b, b.sum(e, {1}));
                           return b.divide(e, b.multiply(sum, sum));
                       }},
        Counterexample{"DenominatorPlusOne",
                       [](GraphBuilder& b, P p) {
                           const ValueId e = b.exp(shifted(b, p[0]));
                           return b.divide(e, b.shift(overRows(b, b.sum(e, {1})), 1.0));
                       }},
        Counterexample{"MaximumAddedBack",
                       [](GraphBuilder& b, P p) {
                           const ValueId largest =
                               overRows(b, b.reduce(ReduceKind::kMaximum, p[0], {1}));
                           return b.add(b.exp(b.subtract(p[0], largest)), largest);
                       }},
        Counterexample{"RowsMixed",
                       [](GraphBuilder& b, P p) {
                           const ValueId e = b.exp(shifted(b, p[0]));
                           const ValueId turned = b.reverse(overRows(b, b.sum(e, {1})), {0});
                           return b.divide(e, turned);
                       }}),
    [](const ::testing::TestParamInfo<Counterexample>& test) {
        return std::string(test.param.name);
    });

} // namespace
} // namespace alpa
