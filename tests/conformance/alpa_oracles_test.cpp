// Alpa's closed forms for the costs of its own tests (tests/shard_parallel of alpa and the authors'
// prototype, playground/auto_sharding_solver), reproduced by the whole planner under Alpa's cost
// settings: alpha-beta collectives without units, and computing that is never cheaper when it is
// repeated.
//
//   AR(b, i) = alpha + 2 beta_i (n_i - 1) / n_i b
//
// Alpa adds a penalty for replicated parameters (0.3 % of the smallest case) and tie-breakers that
// this planner does not have; its tests allow 1 %, and so do these. Where Alpa names a mesh (n, 1)
// for tensor parallelism, the mesh here is (1, n): axis x always carries the batch.
#include "core/graph/builder.h"
#include "core/explain/explain_costs.h"
#include "core/plan/make_plan.h"

#include <gtest/gtest.h>

#include <cmath>

namespace alpa
{
namespace
{

struct AlpaMesh {
    int n0 = 1, n1 = 1;
    double alpha = 1;
    double beta0 = 1, beta1 = 1;
};

/// Bandwidths are bytes a "second" along each axis; a launch is Alpa's alpha.
Cluster clusterOf(const AlpaMesh& mesh)
{
    Cluster cluster;
    cluster.name = "alpa";
    cluster.hosts = mesh.n0;
    cluster.devicesPerHost = mesh.n1;
    cluster.device.name = "unit";
    cluster.device.memory = Bytes(int64_t{1} << 50);
    // Repeating the smallest product costs more than any collective saves.
    cluster.device.matrixFlops16 = cluster.device.matrixFlops32 = 1;
    cluster.device.memoryBandwidth = 1e30;
    cluster.device.kernelLaunch = Seconds(mesh.alpha);
    cluster.withinHost = {Seconds(0), 1 / mesh.beta1};
    // Every host's n1 groups share its card.
    cluster.betweenHosts = {Seconds(0), mesh.n1 / mesh.beta0};
    if (mesh.n0 > 1 && mesh.n1 == 1)
        cluster.withinHost.bandwidth = 1 / mesh.beta0;
    return cluster;
}

double allReduce(const AlpaMesh& mesh, double bytes, int axis)
{
    const double n = axis == 0 ? mesh.n0 : mesh.n1;
    const double beta = axis == 0 ? mesh.beta0 : mesh.beta1;
    return mesh.alpha + 2 * beta * (n - 1) / n * bytes;
}

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

struct Communication {
    double total = 0, forward = 0;
    int reductions = 0; ///< All-reduces of more than 1 KiB: no scalars, no biases.
    int others = 0;     ///< Other collectives.
};

/// Which axes may split the batch; kFirst is Alpa's force_batch_dim_to_mesh_dim = 0.
enum class BatchAxes { kAny, kFirst };

/// What the planner's optimum on this mesh communicates in one step.
Communication plan(std::shared_ptr<const Graph> model, const AlpaMesh& mesh,
                   BatchAxes batch = BatchAxes::kAny)
{
    PlanRequest request;
    request.model = std::move(model);
    request.cluster = clusterOf(mesh);
    request.options.layers = 1;
    request.options.constraints.meshAxes = {mesh.n0, mesh.n1};
    request.options.constraints.fixedPp = 1;
    request.options.constraints.microbatches = 1;
    request.options.constraints.recomputation = false;
    if (batch == BatchAxes::kFirst) {
        request.options.constraints.fixedDp = mesh.n0;
        request.options.constraints.fixedTp = mesh.n1;
    }
    const auto outcome = makePlan(request, {});
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
    const auto* made =
        outcome.ok() ? std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome) : nullptr;
    EXPECT_NE(made, nullptr);
    Communication sum;
    if (made == nullptr)
        return sum;
    EXPECT_TRUE((*made)->stages[0].certificate.isOptimal);
    const PlanCosts costs = explainCosts(**made);
    for (const ExplainedTerm& term : costs.stages[0].terms) {
        for (const CollectiveTerm& step : term.steps) {
            sum.total += step.time().count;
            if (term.term.group == CostGroup::kForwardCommunication)
                sum.forward += step.time().count;
            if (step.kind == ReshardKind::kAllReduce)
                sum.reductions += step.bytes.count > 1024 ? 1 : 0;
            else
                sum.others += step.kind == ReshardKind::kSlice ? 0 : 1;
        }
    }
    return sum;
}

constexpr double kTolerance = 0.01; // As in Alpa's tests.

TEST(AlpaOracles, MlpDataParallel)
{
    for (const AlpaMesh& mesh : {AlpaMesh{.n0 = 4, .n1 = 1}, AlpaMesh{.n0 = 1, .n1 = 4}}) {
        const int axis = mesh.n0 > 1 ? 0 : 1;
        const Communication found = plan(makeMlp(6, 256, 32, true), mesh);
        const double expected =
            6 * (allReduce(mesh, 32 * 32 * 4, axis) + allReduce(mesh, 32 * 4, axis));
        EXPECT_NEAR(found.total / expected, 1.0, kTolerance);
        EXPECT_EQ(found.reductions, 6); // One a kernel; XLA combines them into one.
        EXPECT_EQ(found.others, 0);
    }
}

TEST(AlpaOracles, MlpModelParallel)
{
    const AlpaMesh mesh{.n0 = 1, .n1 = 4};
    const Communication found = plan(makeMlp(6, 32, 256, false), mesh, BatchAxes::kFirst);
    EXPECT_NEAR(found.total / (5 * allReduce(mesh, 32 * 256 * 4, 1)), 1.0, kTolerance);
    EXPECT_EQ(found.reductions, 5);
    EXPECT_EQ(found.others, 0);
}

TEST(AlpaOracles, MlpOnATwoDimensionalMesh)
{
    const AlpaMesh mesh{.n0 = 2, .n1 = 2, .alpha = 1, .beta0 = 1, .beta1 = 0.1};
    const int layers = 6;
    const double hidden = 32, batch = 256;
    const double expected =
        layers * (allReduce(mesh, hidden * hidden * 4 / 2, 0) + allReduce(mesh, hidden * 4, 0)) +
        (layers - 1) * allReduce(mesh, batch * hidden * 4 / 2, 1);
    const auto model = makeMlp(layers, 256, 32, true);
    EXPECT_NEAR(plan(model, mesh, BatchAxes::kFirst).total / expected, 1.0, 0.03);
    // Left alone, the batch is split over y too and gradients are reduced in steps (scattered over
    // y, then over x, then gathered), which Alpa's strategies do not have.
    EXPECT_LT(plan(model, mesh).total, 0.8 * expected);
}

TEST(AlpaOracles, PrototypeMlps)
{
    for (const int layers : {2, 12}) {
        const AlpaMesh wide{.n0 = 4, .n1 = 1};
        const AlpaMesh tall{.n0 = 1, .n1 = 4};
        EXPECT_NEAR(plan(makeMlp(layers, 1024, 128, false), wide).total /
                        (layers * allReduce(wide, 128 * 128 * 4, 0)),
                    1.0, kTolerance);
        EXPECT_NEAR(plan(makeMlp(layers, 128, 1024, false), tall).total /
                        ((layers - 1) * allReduce(tall, 128 * 1024 * 4, 1)),
                    1.0, kTolerance);
        for (const auto& [n0, n1] : {std::pair(4, 8), std::pair(8, 4)}) {
            const AlpaMesh mesh{.n0 = n0, .n1 = n1, .alpha = 1, .beta0 = 1, .beta1 = 0.01};
            const double expected = layers * allReduce(mesh, 128.0 * 128 * 4 / n1, 0) +
                                    (layers - 1) * allReduce(mesh, 1024.0 * 128 * 4 / n0, 1);
            EXPECT_LE(plan(makeMlp(layers, 1024, 128, false), mesh).total,
                      (1 + kTolerance) * expected)
                << layers << " layers on " << n0 << " x " << n1;
        }
    }
}

TEST(AlpaOracles, BertModelParallel)
{
    const AlpaMesh mesh{.n0 = 1, .n1 = 4};
    const Communication found = plan(makeBert(2, 8, 8, 128, 8), mesh);
    // Alpa: 4 L - 1. One more here: the gradients of q, k and v are added to the residual's one by
    // one, so they are reduced apart (scattered) before they are gathered again.
    const double expected = (4 * 2 - 1) * allReduce(mesh, 8 * 8 * 128 * 4, 1);
    EXPECT_LE(found.total, (1 + kTolerance) * expected * 8 / 7);
    EXPECT_GE(found.total, (1 - kTolerance) * expected);
}

TEST(AlpaOracles, BertDataParallel)
{
    const AlpaMesh mesh{.n0 = 4, .n1 = 1};
    const Communication found = plan(makeBert(2, 64, 64, 32, 8), mesh);
    const double layer =
        4 * allReduce(mesh, 32 * 32 * 4, 0) + 2 * allReduce(mesh, 4 * 32 * 32 * 4, 0);
    EXPECT_NEAR(found.total / (2 * layer), 1.0, kTolerance);
    EXPECT_EQ(found.reductions, 2 * 6);
    EXPECT_EQ(found.others, 0);
}

TEST(AlpaOracles, BertOnATwoDimensionalMesh)
{
    const AlpaMesh mesh{.n0 = 2, .n1 = 2, .alpha = 2, .beta0 = 1, .beta1 = 0.1};
    const Communication found = plan(makeBert(2, 8, 8, 128, 8), mesh);
    const double parameters = 2 * (4 * allReduce(mesh, 128 * 128 * 4 / 2, 0) +
                                   2 * allReduce(mesh, 4 * 128 * 128 * 4 / 2, 0));
    const double expected = parameters + 7 * allReduce(mesh, 8 * 8 * 128 * 4 / 2, 1);
    EXPECT_NEAR(found.total / expected, 1.0, kTolerance);
}

TEST(AlpaOracles, GptForward)
{
    // The forward pass of the optimum of the whole step: 2 x blocks all-reduces over the tensor
    // axis.
    const AlpaMesh mesh{.n0 = 2, .n1 = 4, .alpha = 1, .beta0 = 1, .beta1 = 0.1};
    for (const int blocks : {1, 4}) {
        const Communication found = plan(makeBert(blocks, 8, 1024, 2560, 32), mesh);
        const double bytes = 8.0 * 1024 * 2560 * 4;
        const double expected = 2 * blocks * allReduce(mesh, bytes / 2, 1);
        // Less where an all-to-all does: Alpa forbids it on two-dimensional meshes.
        EXPECT_LE(found.forward, (1 + kTolerance) * expected) << blocks;
        EXPECT_GE(found.forward, 0.7 * expected) << blocks;
    }
}

} // namespace
} // namespace alpa
