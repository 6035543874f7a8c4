#include "core/graph/builder.h"
#include "core/training/rebatch.h"
#include "tests/support/gradient_check.h"

#include <gtest/gtest.h>

#include <functional>

namespace alpa
{
namespace
{

/// A loss of x (batch, 3) and parameter w (3, 5), built by `body` for any batch: the graph that
/// rebatching must equal.
using BatchBody = std::function<ValueId(GraphBuilder&, ValueId x, ValueId w)>;
struct BatchCase {
    const char* name;
    BatchBody body;
};

Graph lossFor(const BatchBody& body, int64_t batch)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF64, {batch, 3}}, InputRole::kBatch);
    const ValueId w = graph.addInput("w", {DType::kF64, {3, 5}}, InputRole::kParameter);
    GraphBuilder builder(graph, "Model");
    graph.addOutput({body(builder, x, w), OutputRole::kLoss, "", {}});
    return graph;
}

double batchOf(GraphBuilder& b, ValueId x) { return static_cast<double>(b.dims(x)[0]); }
ValueId f64(GraphBuilder& b, double value) { return b.scalar(value, DType::kF64); }

const std::vector<BatchCase>& batchCases()
{
    static const std::vector<BatchCase> cases = {
        {"Sum",
         [](GraphBuilder& b, ValueId x, ValueId w) { return b.sumAll(b.tanh(b.matmul(x, w))); }},
        {"Mean",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             return b.divide(b.sumAll(b.tanh(b.matmul(x, w))), f64(b, batchOf(b, x) * 5));
         }},
        {"MeanByReciprocal",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             return b.multiply(f64(b, 1.0 / (batchOf(b, x) * 5)),
                               b.negate(b.sumAll(b.tanh(b.matmul(x, w)))));
         }},
        {"MeanInTwoSteps",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             const ValueId perExample = b.sum(b.tanh(b.matmul(x, w)), {1});
             return b.divide(b.sumAll(perExample), f64(b, batchOf(b, x)));
         }},
        {"MeanOverBothSums",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             const ValueId perExample = b.sum(b.tanh(b.matmul(x, w)), {1});
             return b.divide(b.sumAll(perExample), f64(b, batchOf(b, x) * 5));
         }},
        {"BatchNorm",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             const ValueId y = b.matmul(x, w);
             const std::vector<int> batch = {0};
             const std::vector<int64_t> sizes = b.dims(y);
             const auto mean = [&](ValueId v, double divisor) {
                 const ValueId sum = b.sum(v, {0});
                 return b.broadcastOver(b.divide(sum, b.constantLike(divisor, sum)), batch, sizes);
             };
             const ValueId centred = b.subtract(y, mean(y, batchOf(b, x)));
             const ValueId variance = mean(b.multiply(centred, centred), batchOf(b, x) - 1);
             const ValueId normed = b.multiply(centred, b.rsqrt(b.shift(variance, 0.1)));
             return b.divide(b.sumAll(b.tanh(normed)), f64(b, batchOf(b, x) * 5));
         }},
        {"MergedWithMinorDimensions",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             const int64_t n = b.dims(x)[0];
             const ValueId flat = b.reshape(b.matmul(x, w), {n * 5});
             const ValueId masked = b.multiply(flat, b.constantLike(0.5, flat));
             const ValueId back = b.reshape(masked, {n, 5});
             return b.sumAll(b.sine(b.slice(back, {0, 1}, {n, 3})));
         }},
        {"BroadcastsAndIotas",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             const int64_t n = b.dims(x)[0];
             const ValueId y = b.matmul(x, w);
             const ValueId positions = b.iota(0, {DType::kF64, {n, 5}});
             const ValueId ones = b.broadcastScalar(f64(b, 1.5), {n, 5});
             return b.sumAll(b.multiply(b.add(y, positions), ones));
         }},
        {"ExamplesCompared",
         [](GraphBuilder& b, ValueId x, ValueId w) {
             const ValueId y = b.matmul(x, w);
             return b.sumAll(b.tanh(b.dot(y, y, {{}, {}, {1}, {1}})));
         }},
    };
    return cases;
}

class RebatchCase : public ::testing::TestWithParam<BatchCase>
{
};

TEST_P(RebatchCase, EqualsTheGraphBuiltForThatBatch)
{
    for (const int64_t batch : {2, 3, 8, 10}) {
        const Result<Graph> changed = rebatch(lossFor(GetParam().body, 4), batch);
        ASSERT_TRUE(changed.ok()) << changed.error().message;
        EXPECT_EQ(batchSize(*changed), batch);
        const Graph expected = lossFor(GetParam().body, batch);
        Rng rng(11);
        const std::vector<HostTensor> inputs = randomInputs(expected, rng);
        EXPECT_DOUBLE_EQ((*interpret(*changed, inputs))[0].values[0],
                         (*interpret(expected, inputs))[0].values[0])
            << batch;
    }
}

INSTANTIATE_TEST_SUITE_P(, RebatchCase, ::testing::ValuesIn(batchCases()),
                         [](const ::testing::TestParamInfo<BatchCase>& test) {
                             return std::string(test.param.name);
                         });

std::string refusal(const BatchBody& body, int64_t from = 4, int64_t to = 8)
{
    const Result<Graph> result = rebatch(lossFor(body, from), to);
    return result.ok() ? "" : result.error().message;
}

TEST(Rebatch, RefusesWhatDoesNotScale)
{
    EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x, ValueId) {
                  return b.sumAll(b.slice(x, {1, 0}, {3, 3}));
              }),
              "slice: the batch cannot be changed, the op needs to know its size");
}

TEST(Rebatch, RefusesConstantsWithANumberForEachExample)
{
    EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x, ValueId) {
                  std::vector<double> numbers;
                  for (int i = 0; i < 12; ++i)
                      numbers.push_back(i);
                  return b.sumAll(b.multiply(x, b.constant(numbers, b.type(x))));
              }),
              "constant: the batch cannot be changed, a constant has a number for each example");
}

TEST(Rebatch, RefusesParametersOfTheBatchSize)
{
    EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x, ValueId w) {
                  return b.sumAll(b.add(x, b.transpose(b.slice(w, {0, 0}, {3, 4}), {1, 0})));
              }),
              "slice: the batch cannot be changed, the op needs to know its size");
    EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x,
                         ValueId w) { return b.sumAll(b.add(b.matmul(x, w), w)); },
                      3),
              "'w' has a dimension of the batch's size that meets the batch, so the batch cannot "
              "be changed");
}

TEST(Rebatch, RefusesABatchBehindAnotherDimension)
{
    EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x, ValueId) {
                  return b.sumAll(b.tanh(b.reshape(b.transpose(x, {1, 0}), {12})));
              }),
              "reshape: the batch cannot be changed, a reshape puts it behind another dimension");
}

TEST(Rebatch, RefusesWrongRequests)
{
    const BatchBody sum = [](GraphBuilder& b, ValueId x, ValueId) { return b.sumAll(x); };
    EXPECT_EQ(refusal(sum, 4, 0), "the batch must be at least 1, got 0");
    EXPECT_EQ(refusal(sum, 1, 2), "the file's batch is 1, which cannot be told from other "
                                  "dimensions of size 1; export it with 2 examples or "
                                  "more");
}

} // namespace
} // namespace alpa
