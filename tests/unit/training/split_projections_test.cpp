#include "core/base/rng.h"
#include "core/graph/builder.h"
#include "core/graph/graph_text.h"
#include "core/graph/verify.h"
#include "core/training/differentiate.h"
#include "core/training/split_projections.h"
#include "runtime/reference/interpret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

namespace alpa
{
namespace
{

/// A loss of x (2, 3, 8) and parameters w (8, 12) and bias (12); `body` gives the summed values.
using Body = std::function<std::vector<ValueId>(GraphBuilder&, ValueId x, ValueId w, ValueId bias)>;
struct ModelCase {
    const char* name;
    Body body;
};

Graph lossOf(const Body& body)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF64, {2, 3, 8}}, InputRole::kBatch);
    const ValueId w = graph.addInput("qkv.kernel", {DType::kF64, {8, 12}}, InputRole::kParameter);
    const ValueId bias = graph.addInput("qkv.bias", {DType::kF64, {12}}, InputRole::kParameter);
    GraphBuilder builder(graph, "Model/qkv");
    // Every part has its own weight, so that parts in the wrong order show.
    ValueId loss;
    double weight = 1;
    for (const ValueId part : body(builder, x, w, bias)) {
        const ValueId term = builder.scale(builder.sumAll(builder.tanh(part)), weight);
        loss = loss.isValid() ? builder.add(loss, term) : term;
        weight += 0.75;
    }
    graph.addOutput({loss, OutputRole::kLoss, "", {}});
    return graph;
}

ValueId withBias(GraphBuilder& b, ValueId y, ValueId bias)
{
    const int last = b.rank(y) - 1;
    return b.add(y, b.broadcast(b.reshape(bias, {1, 1, 12}), {0, 1, last}, b.dims(y)));
}

/// Ranges [cuts[i], cuts[i + 1]) of dimension `dim`.
std::vector<ValueId> slices(GraphBuilder& b, ValueId y, int dim, const std::vector<int64_t>& cuts)
{
    std::vector<ValueId> parts;
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
        std::vector<int64_t> starts(b.dims(y).size(), 0);
        std::vector<int64_t> limits = b.dims(y);
        starts[static_cast<size_t>(dim)] = cuts[i];
        limits[static_cast<size_t>(dim)] = cuts[i + 1];
        parts.push_back(b.slice(y, starts, limits));
    }
    return parts;
}

const std::vector<ModelCase>& separable()
{
    static const std::vector<ModelCase> cases{
        {"Heads",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return slices(b, b.reshape(y, {2, 3, 6, 2}), 2, {0, 2, 4, 6});
         }},
        {"UnequalHeads",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return slices(b, b.reshape(y, {2, 3, 6, 2}), 2, {0, 4, 5, 6});
         }},
        {"WithoutBias",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             auto parts = slices(b, b.reshape(b.matmul(x, w), {2, 3, 3, 2, 2}), 2, {0, 1, 2, 3});
             parts.push_back(bias);
             return parts;
         }},
        {"WithoutReshape",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             return slices(b, withBias(b, b.matmul(x, w), bias), 2, {0, 5, 12});
         }},
        {"OneSliceTwice",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             auto parts = slices(b, y, 2, {0, 6, 12});
             parts.push_back(slices(b, y, 2, {0, 6})[0]);
             return parts;
         }},
        {"Converted",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = b.matmul(b.convert(x, DType::kF32), b.convert(w, DType::kF32));
             return slices(b, withBias(b, b.convert(y, DType::kF64), bias), 2, {0, 4, 8, 12});
         }},
        {"Transposed",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = b.transpose(withBias(b, b.matmul(x, w), bias), {2, 0, 1});
             return slices(b, b.reshape(y, {3, 4, 6}), 0, {0, 1, 2, 3});
         }},
        {"MergedIntoRows", // (12, 2, 3) to (72): two rows of the kernel's columns a slice.
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = b.transpose(withBias(b, b.matmul(x, w), bias), {2, 0, 1});
             return slices(b, b.reshape(y, {72}), 0, {0, 12, 48, 72});
         }},
        {"ParameterFirst",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = b.dot(w, x,
                                     {.lhsBatch = {},
                                      .rhsBatch = {},
                                      .lhsContracting = {0},
                                      .rhsContracting = {2}}); // (12, 2, 3)
             auto parts = slices(b, y, 0, {0, 6, 12});
             parts.push_back(bias);
             return parts;
         }},
        {"Activated", // As the gates of an LSTM: scaled, and the activation before the slices.
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.scale(b.matmul(x, w), 0.5), bias);
             return slices(b, b.logistic(y), 2, {0, 3, 6, 9, 12});
         }},
    };
    return cases;
}

const std::vector<ModelCase>& inseparable()
{
    static const std::vector<ModelCase> cases{
        {"NoSlices", [](GraphBuilder& b, ValueId x, ValueId w,
                        ValueId bias) { return std::vector{withBias(b, b.matmul(x, w), bias)}; }},
        {"Gap",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return std::vector{slices(b, y, 2, {0, 4})[0], slices(b, y, 2, {6, 12})[0]};
         }},
        {"Overlap",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return std::vector{slices(b, y, 2, {0, 7})[0], slices(b, y, 2, {5, 12})[0]};
         }},
        {"RestUnread",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             return slices(b, withBias(b, b.matmul(x, w), bias), 2, {0, 4, 8});
         }},
        {"Strided",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return std::vector{b.slice(y, {0, 0, 0}, {2, 3, 12}, {1, 1, 2}),
                                b.slice(y, {0, 0, 1}, {2, 3, 12}, {1, 1, 2})};
         }},
        {"TwoDimensions",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return std::vector{b.slice(y, {0, 0, 0}, {2, 3, 6}),
                                b.slice(y, {0, 0, 6}, {2, 2, 12})};
         }},
        {"KernelReadElsewhere",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             auto parts = slices(b, withBias(b, b.matmul(x, w), bias), 2, {0, 6, 12});
             parts.push_back(w);
             return parts;
         }},
        {"BiasReadElsewhere",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             auto parts = slices(b, withBias(b, b.matmul(x, w), bias), 2, {0, 6, 12});
             parts.push_back(bias);
             return parts;
         }},
        {"ProjectionReadWhole",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             auto parts = slices(b, y, 2, {0, 6, 12});
             parts.push_back(y);
             return parts;
         }},
        {"Rows", // The batch is cut, not a parameter.
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             return slices(b, withBias(b, b.matmul(x, w), bias), 0, {0, 1, 2});
         }},
        {"InsideHeads", // Rotary embeddings: halves of every head.
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return slices(b, b.reshape(y, {2, 3, 3, 4}), 3, {0, 2, 4});
         }},
        {"ThroughColumns", // The cut is not at a column: (12, 2, 3) to (72) at 9.
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = b.transpose(withBias(b, b.matmul(x, w), bias), {2, 0, 1});
             return slices(b, b.reshape(y, {72}), 0, {0, 9, 72});
         }},
        {"Residual", // Adds an activation of the same shape, which would have to be cut too.
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             const ValueId y = withBias(b, b.matmul(x, w), bias);
             return slices(b, b.add(y, b.concatenate({x, b.slice(x, {0, 0, 0}, {2, 3, 4})}, 2)), 2,
                           {0, 6, 12});
         }},
        {"ParametersAlone",
         [](GraphBuilder& b, ValueId x, ValueId w, ValueId bias) {
             auto parts = slices(b, b.tanh(bias), 0, {0, 6, 12});
             parts.push_back(b.matmul(x, w));
             return parts;
         }},
    };
    return cases;
}

HostTensor randomTensor(Rng& rng, const TensorType& type)
{
    HostTensor tensor = filledTensor(type, 0);
    for (double& value : tensor.values)
        value = rng.uniform() - 0.5;
    return tensor;
}

/// The part of `whole` that `view` shows, by its definition, element by element.
HostTensor partOf(const HostTensor& whole, const ParameterView& view)
{
    HostTensor part{whole.type, {}};
    part.type.dims = viewDims(view, whole.type.dims);
    const auto dim = static_cast<size_t>(view.dim);
    int64_t inner = 1;
    for (size_t d = dim + 1; d < whole.type.dims.size(); ++d)
        inner *= whole.type.dims[d];
    for (size_t i = 0; i < whole.values.size(); ++i) {
        const int64_t at = static_cast<int64_t>(i) / inner % whole.type.dims[dim];
        if (at >= view.begin && at < view.end)
            part.values.push_back(whole.values[i]);
    }
    return part;
}

/// Outputs of `graph` with gradients, by name ("" for the loss).
std::map<std::string, HostTensor> evaluate(const Graph& graph,
                                           const std::map<std::string, HostTensor>& inputs)
{
    const Result<Graph> withGradients = differentiate(graph);
    CHECK(withGradients.ok(), withGradients.error().message.c_str());
    std::vector<HostTensor> ordered;
    for (const GraphInput& input : withGradients->inputs)
        ordered.push_back(inputs.at(withGradients->value(input.value).name));
    const Result<std::vector<HostTensor>> values = interpret(*withGradients, ordered);
    CHECK(values.ok(), values.error().message.c_str());
    std::map<std::string, HostTensor> outputs;
    for (size_t i = 0; i < values->size(); ++i)
        outputs[withGradients->outputs[i].name] = (*values)[i];
    return outputs;
}

int countOps(const Graph& graph, OpKind kind)
{
    return static_cast<int>(
        std::ranges::count_if(graph.ops, [kind](const Op& op) { return op.kind == kind; }));
}

class SplitFusedProjections : public ::testing::TestWithParam<ModelCase>
{
};
class LeavesProjections : public ::testing::TestWithParam<ModelCase>
{
};

TEST_P(SplitFusedProjections, KeepsLossAndGradients)
{
    const Graph loss = lossOf(GetParam().body);
    const Result<SplitModel> model = splitFusedProjections(loss);
    ASSERT_TRUE(model.ok()) << model.error().message;
    ASSERT_FALSE(model->views.empty());
    EXPECT_TRUE(verifyGraph(model->graph).empty());
    EXPECT_EQ(countOps(model->graph, OpKind::kSlice), 0);

    Rng rng(7);
    std::map<std::string, HostTensor> inputs;
    for (const GraphInput& input : loss.inputs)
        inputs[loss.value(input.value).name] = randomTensor(rng, loss.type(input.value));
    std::map<std::string, HostTensor> parts = inputs;
    for (const ParameterView& view : model->views)
        parts[view.input] = partOf(inputs.at(view.source), view);

    const auto expected = evaluate(loss, inputs);
    const auto actual = evaluate(model->graph, parts);
    EXPECT_NEAR(actual.at("").values[0], expected.at("").values[0], 1e-12);
    for (const ParameterView& view : model->views)
        EXPECT_LE(relativeDifference(actual.at(view.input), partOf(expected.at(view.source), view)),
                  1e-6)
            << view.input;
    EXPECT_LE(relativeDifference(actual.contains("qkv.bias") ? actual.at("qkv.bias")
                                                             : expected.at("qkv.bias"),
                                 expected.at("qkv.bias")),
              1e-6);
}

TEST_P(LeavesProjections, AsTheyAre)
{
    const Graph loss = lossOf(GetParam().body);
    const Result<SplitModel> model = splitFusedProjections(loss);
    ASSERT_TRUE(model.ok()) << model.error().message;
    EXPECT_TRUE(model->views.empty());
    EXPECT_EQ(formatGraph(model->graph), formatGraph(loss));
}

std::string nameOf(const ::testing::TestParamInfo<ModelCase>& test) { return test.param.name; }
INSTANTIATE_TEST_SUITE_P(, SplitFusedProjections, ::testing::ValuesIn(separable()), nameOf);
INSTANTIATE_TEST_SUITE_P(, LeavesProjections, ::testing::ValuesIn(inseparable()), nameOf);

TEST(SplitFusedProjectionsOf, HeadsNamesPartsInPlaceOfTheWhole)
{
    Graph loss = lossOf(separable()[0].body);
    for (size_t i = 0; i < loss.ops.size(); ++i)
        loss.ops[i].sourceLine = static_cast<int>(i) + 1;
    const SplitModel model = *splitFusedProjections(loss);
    std::vector<std::string> names;
    for (const GraphInput& input : model.graph.inputs)
        names.push_back(model.graph.value(input.value).name);
    EXPECT_EQ(names, (std::vector<std::string>{"x", "qkv.kernel[0:4]", "qkv.kernel[4:8]",
                                               "qkv.kernel[8:12]", "qkv.bias[0:4]", "qkv.bias[4:8]",
                                               "qkv.bias[8:12]"}));
    ASSERT_EQ(model.views.size(), 6u);
    EXPECT_EQ(model.views[1], (ParameterView{"qkv.kernel[4:8]", "qkv.kernel", 1, 4, 8}));
    EXPECT_EQ(model.views[5], (ParameterView{"qkv.bias[8:12]", "qkv.bias", 0, 8, 12}));
    EXPECT_EQ(countOps(model.graph, OpKind::kDot), 3);
    for (const Op& op : model.graph.ops) {
        EXPECT_GT(op.sourceLine, 0);
        EXPECT_EQ(model.graph.scopePath(op.scope), "Model/qkv");
    }
    // Dots stand where the dot stood, with its line.
    EXPECT_EQ(model.graph.ops[0].kind, OpKind::kDot);
    EXPECT_EQ(model.graph.ops[2].sourceLine, 1);
}

TEST(SplitFusedProjectionsOf, EqualGraphsGivesEqualTexts)
{
    const Graph loss = lossOf(separable()[0].body);
    EXPECT_EQ(formatGraph(splitFusedProjections(loss)->graph),
              formatGraph(splitFusedProjections(loss)->graph));
    const Graph once = splitFusedProjections(loss)->graph;
    EXPECT_EQ(formatGraph(splitFusedProjections(once)->graph), formatGraph(once));
}

TEST(ParameterView, FindsParametersAndTheirStates)
{
    const std::vector<ParameterView> views{{"w[0:4]", "w", 1, 0, 4}, {"w[4:8]", "w", 1, 4, 8}};
    EXPECT_EQ(viewOfInput(views, "w[4:8]"), views[1]);
    EXPECT_EQ(viewOfInput(views, "w[0:4].m"), (ParameterView{"w[0:4].m", "w.m", 1, 0, 4}));
    EXPECT_EQ(viewOfInput(views, "w"), std::nullopt);
    EXPECT_EQ(viewOfInput(views, "w[0:4]x"), std::nullopt);
}

TEST(ParameterView, ReadsAndWritesItsBytes)
{
    const std::vector<int64_t> dims{2, 6, 3};
    std::vector<std::byte> source(2 * 6 * 3 * 2); // 2 bytes an element.
    for (size_t i = 0; i < source.size(); ++i)
        source[i] = static_cast<std::byte>(i);
    std::vector<std::byte> rebuilt(source.size());
    for (const auto& [begin, end] : {std::pair(0, 1), std::pair(1, 4), std::pair(4, 6)}) {
        const ParameterView view{"", "", 1, begin, end};
        const std::vector<std::byte> part = readView(view, source, dims, 2);
        // Row 1 of the part begins with row 1 of the source at `begin`.
        const size_t rowBytes = part.size() / 2;
        EXPECT_EQ(rowBytes, static_cast<size_t>(end - begin) * 6);
        EXPECT_EQ(part[rowBytes], static_cast<std::byte>(36 + begin * 6));
        writeView(view, part, rebuilt, dims, 2);
    }
    EXPECT_EQ(rebuilt, source);
}

} // namespace
} // namespace alpa
