#include "tests/conformance/alpa_models.h"

#include "core/graph/builder.h"
#include "tests/support/convolutions.h"

namespace alpa
{
namespace
{

/// The mean of squares of prediction - label.
void addLoss(Graph& graph, GraphBuilder& builder, ValueId prediction)
{
    const ValueId label = graph.addInput("label", graph.type(prediction), InputRole::kBatch);
    const ValueId error = builder.subtract(prediction, label);
    const ValueId loss = builder.sumAll(builder.multiply(error, error));
    graph.addOutput({.value = loss, .role = OutputRole::kLoss, .name = {}, .alias = {}});
}

ValueId parameter(Graph& graph, const std::string& name, std::vector<int64_t> dims)
{
    return graph.addInput(name, {DType::kF32, std::move(dims)}, InputRole::kParameter);
}

/// One BERT layer: attention and a feed-forward network, each behind a residual; no normalisation,
/// whose parameters are too small to matter.
ValueId addTransformerLayer(Graph& graph, GraphBuilder& builder, ValueId x, int layer,
                            int64_t heads)
{
    const std::vector<int64_t> sizes = builder.dims(x); // (B, S, H)
    const int64_t width = sizes[2] / heads;
    const std::string name = "layer_" + std::to_string(layer);
    builder.setScope(graph.scope("Bert/" + name));
    const auto split = [&](const char* which) {
        const ValueId kernel =
            parameter(graph, name + "." + which + ".kernel", {sizes[2], heads, width});
        DotAttributes product;
        product.lhsContracting = {2};
        product.rhsContracting = {0};
        return builder.dot(x, kernel, product); // (B, S, N, W)
    };
    const ValueId q = split("q");
    const ValueId k = split("k");
    const ValueId v = split("v");
    DotAttributes scores;
    scores.lhsBatch = {0, 2};
    scores.rhsBatch = {0, 2};
    scores.lhsContracting = {3};
    scores.rhsContracting = {3};
    const ValueId weights = builder.exp(builder.dot(q, k, scores)); // (B, N, S, S)
    DotAttributes mix;
    mix.lhsBatch = {0, 1};
    mix.rhsBatch = {0, 2};
    mix.lhsContracting = {3};
    mix.rhsContracting = {1};
    const ValueId mixed = builder.dot(weights, v, mix); // (B, N, S, W)
    DotAttributes out;
    out.lhsContracting = {1, 3};
    out.rhsContracting = {0, 1};
    const ValueId attention =
        builder.dot(mixed, parameter(graph, name + ".out.kernel", {heads, width, sizes[2]}), out);
    const ValueId middle = builder.add(x, attention);
    const ValueId wide = builder.tanh(
        builder.matmul(middle, parameter(graph, name + ".fc1.kernel", {sizes[2], 4 * sizes[2]})));
    return builder.add(middle, builder.matmul(wide, parameter(graph, name + ".fc2.kernel",
                                                              {4 * sizes[2], sizes[2]})));
}

/// Softmax along the last dimension, and its logarithm.
struct Softmax {
    ValueId weights, logarithms;
};

Softmax softmax(GraphBuilder& builder, ValueId x)
{
    const std::vector<int64_t> dims = builder.dims(x);
    const std::vector<int> last{builder.rank(x) - 1};
    const ValueId most = builder.reduce(ReduceKind::kMaximum, x, last);
    const ValueId shifted = builder.subtract(x, builder.broadcastOver(most, last, dims));
    const ValueId weights = builder.exp(shifted);
    const ValueId sum = builder.sum(weights, last);
    return {.weights = builder.divide(weights, builder.broadcastOver(sum, last, dims)),
            .logarithms =
                builder.subtract(shifted, builder.broadcastOver(builder.log(sum), last, dims))};
}

ValueId project(Graph& graph, GraphBuilder& builder, ValueId x, const std::string& name, int64_t to,
                bool hasBias)
{
    const int64_t from = builder.dims(x).back();
    const ValueId y = builder.matmul(x, parameter(graph, name + ".kernel", {from, to}));
    if (!hasBias)
        return y;
    const int last = builder.rank(y) - 1;
    return builder.add(
        y, builder.broadcast(parameter(graph, name + ".bias", {to}), {last}, builder.dims(y)));
}

/// Mean 0 and variance 1 over `reduced`; then a scale and a bias along the last dimension.
ValueId normalise(Graph& graph, GraphBuilder& builder, ValueId x, const std::string& name,
                  const std::vector<int>& reduced)
{
    const std::vector<int64_t> dims = builder.dims(x);
    double count = 1;
    for (const int dim : reduced)
        count *= static_cast<double>(dims[static_cast<size_t>(dim)]);
    const auto mean = [&](ValueId y) { return builder.scale(builder.sum(y, reduced), 1 / count); };
    const ValueId first = mean(x);
    const ValueId variance =
        builder.subtract(mean(builder.multiply(x, x)), builder.multiply(first, first));
    const ValueId centred = builder.subtract(x, builder.broadcastOver(first, reduced, dims));
    const ValueId factor = builder.rsqrt(builder.shift(variance, 1e-5));
    const ValueId scaled = builder.multiply(centred, builder.broadcastOver(factor, reduced, dims));
    const int last = builder.rank(x) - 1;
    const auto along = [&](const char* which) {
        return builder.broadcast(parameter(graph, name + which, {dims.back()}), {last}, dims);
    };
    return builder.add(builder.multiply(scaled, along(".scale")), along(".bias"));
}

ValueId attend(Graph& graph, GraphBuilder& builder, ValueId x, int64_t heads)
{
    const std::vector<int64_t> sizes = builder.dims(x); // (B, S, H)
    const std::vector<int64_t> headed{sizes[0], sizes[1], heads, sizes[2] / heads};
    const auto head = [&](const char* which) {
        return builder.reshape(project(graph, builder, x, which, sizes[2], true), headed);
    };
    const ValueId q = head("attention.q");
    const ValueId k = head("attention.k");
    const ValueId v = head("attention.v");
    const ValueId scores = builder.dot(q, k, {{0, 2}, {0, 2}, {3}, {3}}); // (B, N, S, S)
    const ValueId mixed =
        builder.dot(softmax(builder, scores).weights, v, {{0, 1}, {0, 2}, {3}, {1}});
    return project(graph, builder, builder.reshape(builder.transpose(mixed, {0, 2, 1, 3}), sizes),
                   "attention.out", sizes[2], true);
}

/// A window of 3 x 3 at every second place.
ValueId convolve(Graph& graph, GraphBuilder& builder, ValueId x, const std::string& name,
                 int64_t to)
{
    const int64_t from = builder.dims(x)[3];
    // Padded as SAME pads images of even size.
    const ConvolutionAttributes same = convolution2d({2, 2}, {0, 0}, {1, 1}, {1, 1}, {1, 1});
    return builder.convolution(x, parameter(graph, name, {3, 3, from, to}), same);
}

ValueId relu(GraphBuilder& builder, ValueId x) { return builder.maximum(x, builder.zerosLike(x)); }

} // namespace

std::shared_ptr<const Graph> makeMlp(int layers, int64_t batch, int64_t hidden, bool hasBias)
{
    Graph graph;
    graph.name = "mlp";
    GraphBuilder builder(graph, "MLP");
    ValueId h = graph.addInput("x", {DType::kF32, {batch, hidden}}, InputRole::kBatch);
    for (int layer = 0; layer < layers; ++layer) {
        const std::string name = "dense_" + std::to_string(layer);
        builder.setScope(graph.scope("MLP/" + name));
        h = builder.matmul(h, parameter(graph, name + ".kernel", {hidden, hidden}));
        if (hasBias)
            h = builder.add(h, builder.broadcast(parameter(graph, name + ".bias", {hidden}), {1},
                                                 {batch, hidden}));
        h = builder.tanh(h);
    }
    builder.setScope(graph.scope("MLP"));
    addLoss(graph, builder, h);
    return std::make_shared<const Graph>(std::move(graph));
}

std::shared_ptr<const Graph> makeBert(int layers, int64_t batch, int64_t sequence, int64_t hidden,
                                      int64_t heads)
{
    Graph graph;
    graph.name = "bert";
    GraphBuilder builder(graph, "Bert");
    ValueId x = graph.addInput("x", {DType::kF32, {batch, sequence, hidden}}, InputRole::kBatch);
    for (int layer = 0; layer < layers; ++layer)
        x = addTransformerLayer(graph, builder, x, layer, heads);
    builder.setScope(graph.scope("Bert"));
    addLoss(graph, builder, x);
    return std::make_shared<const Graph>(std::move(graph));
}

std::shared_ptr<const Graph> makeTiedEmbedding(int64_t batch, int64_t sequence, int64_t vocabulary,
                                               int64_t hidden)
{
    Graph graph;
    graph.name = "embedding";
    GraphBuilder builder(graph, "Model");
    const ValueId tokens = graph.addInput("x", {DType::kS32, {batch, sequence}}, InputRole::kBatch);
    const ValueId table = parameter(graph, "embedding", {vocabulary, hidden});
    GatherAttributes rows;
    rows.offsetDims = {2};
    rows.collapsedSliceDims = {0};
    rows.startIndexMap = {0};
    rows.indexVectorDim = 2;
    rows.sliceSizes = {1, hidden};
    const ValueId x = builder.gather(table, builder.reshape(tokens, {batch, sequence, 1}), rows);
    const ValueId logits = builder.dot(x, table, {{}, {}, {2}, {1}});                  // (B, S, V)
    const ValueId labels = graph.addInput("y", graph.type(logits), InputRole::kBatch); // One-hot.
    const ValueId chosen = builder.multiply(labels, softmax(builder, logits).logarithms);
    const ValueId loss = builder.negate(builder.sumAll(chosen));
    graph.addOutput({.value = loss, .role = OutputRole::kLoss, .name = {}, .alias = {}});
    return std::make_shared<const Graph>(std::move(graph));
}

std::shared_ptr<const Graph> makeMoeLayer(const MoeShape& shape)
{
    Graph graph;
    graph.name = "moe";
    GraphBuilder builder(graph, "MoE");
    const auto& [batch, sequence, hidden, heads, group, experts] = shape;
    const int64_t groups = batch * sequence / group;
    const int64_t capacity = 2 * group / experts;
    const ValueId x =
        graph.addInput("x", {DType::kF32, {batch, sequence, hidden}}, InputRole::kBatch);
    const ValueId attended = normalise(
        graph, builder, builder.add(x, attend(graph, builder, x, heads)), "attention.norm", {2});
    const ValueId tokens = builder.reshape(attended, {groups, group, hidden}); // (G, S, M)
    const ValueId gates =
        softmax(builder, project(graph, builder, tokens, "gate", experts, false)).weights;
    // Which places of which experts a token goes to is an input: choosing them communicates
    // nothing.
    const std::vector<int64_t> places{groups, group, experts, capacity};
    const ValueId dispatch = graph.addInput("dispatch", {DType::kF32, places}, InputRole::kBatch);
    const ValueId combine = builder.multiply(dispatch, builder.broadcast(gates, {0, 1, 2}, places));
    // (G, S, E, C) x (G, S, M) -> (G, E, C, M) -> (E, G, C, M)
    const ValueId inputs =
        builder.transpose(builder.dot(dispatch, tokens, {{0}, {0}, {1}, {1}}), {1, 0, 2, 3});
    const ValueId in = parameter(graph, "experts.in", {experts, hidden, 4 * hidden});
    const ValueId out = parameter(graph, "experts.out", {experts, 4 * hidden, hidden});
    const ValueId wide = relu(builder, builder.dot(inputs, in, {{0}, {0}, {3}, {1}}));
    const ValueId narrow = builder.dot(wide, out, {{0}, {0}, {3}, {1}}); // (E, G, C, M)
    const ValueId outputs = builder.transpose(narrow, {1, 0, 2, 3});
    const ValueId mixed = builder.dot(combine, outputs, {{0}, {0}, {2, 3}, {1, 2}}); // (G, S, M)
    const ValueId sum = builder.add(builder.reshape(mixed, {batch, sequence, hidden}), attended);
    addLoss(graph, builder, normalise(graph, builder, sum, "norm", {2}));
    return std::make_shared<const Graph>(std::move(graph));
}

std::shared_ptr<const Graph> makeConvolutions(int layers, int64_t batch, int64_t image,
                                              int64_t channels)
{
    Graph graph;
    graph.name = "convolutions";
    GraphBuilder builder(graph, "Model");
    ValueId x =
        graph.addInput("x", {DType::kF32, {batch, image, image, channels}}, InputRole::kBatch);
    ReduceWindowAttributes pool;
    pool.kind = ReduceKind::kMaximum;
    pool.window = {1, 2, 2, 1};
    pool.strides = {1, 1, 1, 1};
    pool.paddingLow = {0, 0, 0, 0};
    pool.paddingHigh = {0, 1, 1, 0};
    for (int layer = 0; layer < layers; ++layer) {
        const std::string name = "layer_" + std::to_string(layer);
        x = convolve(graph, builder, x, name + ".kernel", channels);
        x = normalise(graph, builder, x, name + ".norm", {0, 1, 2});
        x = builder.reduceWindow(relu(builder, x), pool);
    }
    addLoss(graph, builder, x);
    return std::make_shared<const Graph>(std::move(graph));
}

} // namespace alpa
