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
