// Checks gradients against central differences in double precision.
#pragma once

#include "core/base/rng.h"
#include "core/graph/builder.h"
#include "core/training/differentiate.h"
#include "runtime/reference/interpret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace alpa
{

/// Uniform in [low, high) for floats, in [0, limit) for integers.
struct ValueRange {
    double low = -1.0, high = 1.0;
    int limit = 2;
};

inline std::vector<HostTensor> randomInputs(const Graph& graph, Rng& rng,
                                            const ValueRange& range = {})
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        HostTensor tensor = filledTensor(graph.type(input.value), 0.0);
        for (double& value : tensor.values)
            value = isFloating(tensor.type.dtype)
                        ? range.low + (range.high - range.low) * rng.uniform()
                        : rng.below(range.limit);
        inputs.push_back(std::move(tensor));
    }
    return inputs;
}

/// A graph with the given f64 parameters whose loss is a weighted sum of what `body` makes of them.
/// The weights differ from element to element, so that a cotangent in the wrong place shows.
using GraphBody = std::function<ValueId(GraphBuilder&, const std::vector<ValueId>&)>;
inline Graph weightedLoss(const std::vector<std::vector<int64_t>>& shapes, const GraphBody& body)
{
    Graph graph;
    std::vector<ValueId> parameters;
    for (size_t i = 0; i < shapes.size(); ++i)
        parameters.push_back(graph.addInput("p" + std::to_string(i), {DType::kF64, shapes[i]},
                                            InputRole::kParameter));
    GraphBuilder builder(graph, "Model");
    const ValueId y = body(builder, parameters);
    std::vector<double> weights;
    for (int64_t i = 0; i < graph.type(y).elementCount(); ++i)
        weights.push_back(0.3 + std::sin(1.7 * static_cast<double>(i + 1)));
    const ValueId product = builder.multiply(y, builder.constant(weights, graph.type(y)));
    graph.addOutput({builder.sumAll(product), OutputRole::kLoss, "", {}});
    return graph;
}

/// A random expression of `size` ops over three parameters, in a few scopes, to see passes and
/// rules work together.
inline Graph randomExpression(Rng& rng, int size)
{
    return weightedLoss({{3, 4}, {4}, {4, 4}}, [&](GraphBuilder& b, const std::vector<ValueId>& p) {
        std::vector<ValueId> pool = {p[0], b.broadcast(p[1], {1}, {3, 4})};
        const auto any = [&] {
            return pool[static_cast<size_t>(rng.below(static_cast<int>(pool.size())))];
        };
        const std::vector<int> first = {0};
        for (int i = 0; i < size; ++i) {
            b.setScope(b.graph().scope("Model/layer_" + std::to_string(i / 3)));
            const ValueId x = any();
            const ValueId y = any();
            switch (rng.below(9)) {
            case 0:
                pool.push_back(b.add(x, y));
                break;
            case 1:
                pool.push_back(b.multiply(b.tanh(x), y));
                break;
            case 2:
                pool.push_back(b.divide(x, b.shift(b.multiply(y, y), 1.0)));
                break;
            case 3:
                pool.push_back(b.matmul(b.tanh(x), p[2]));
                break;
            case 4:
                pool.push_back(b.broadcastOver(b.sum(b.sine(x), first), first, {3, 4}));
                break;
            case 5:
                pool.push_back(b.subtract(b.logistic(x), y));
                break;
            case 6:
                pool.push_back(b.transpose(b.reshape(x, {4, 3}), {1, 0}));
                break;
            case 7:
                pool.push_back(
                    b.concatenate({b.slice(y, {0, 1}, {3, 4}), b.slice(y, {0, 0}, {3, 1})}, 1));
                break;
            default:
                pool.push_back(b.exp(b.negate(b.abs(x))));
                break;
            }
        }
        return b.tanh(pool.back());
    });
}

/// Expects that each gradient of `loss` equals the central difference within `tolerance` of the
/// largest one.
inline void expectGradientsMatchDifferences(const Graph& loss, std::vector<HostTensor> inputs,
                                            double tolerance = 1e-6)
{
    const Result<Graph> differentiated = differentiate(loss);
    ASSERT_TRUE(differentiated.ok()) << differentiated.error().message;
    const Result<std::vector<HostTensor>> outputs = interpret(*differentiated, inputs);
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    size_t output = loss.outputs.size();
    for (size_t i = 0; i < loss.inputs.size(); ++i) {
        if (loss.inputs[i].role != InputRole::kParameter)
            continue;
        HostTensor expected = inputs[i];
        for (size_t e = 0; e < expected.values.size(); ++e) {
            const double step = 1e-5;
            const double kept = inputs[i].values[e];
            inputs[i].values[e] = kept + step;
            const double above = (*interpret(loss, inputs))[0].values[0];
            inputs[i].values[e] = kept - step;
            const double below = (*interpret(loss, inputs))[0].values[0];
            inputs[i].values[e] = kept;
            expected.values[e] = (above - below) / (2.0 * step);
        }
        const HostTensor& actual = (*outputs)[output++];
        ASSERT_EQ(actual.type, expected.type);
        double largest = 1e-3;
        for (const double value : expected.values)
            largest = std::max(largest, std::fabs(value));
        for (size_t e = 0; e < expected.values.size(); ++e)
            EXPECT_NEAR(actual.values[e], expected.values[e], tolerance * largest)
                << "input " << i << " element " << e;
    }
    ASSERT_EQ(output, outputs->size());
}

} // namespace alpa
