// Alpa's closed forms for the costs of its own tests (tests/shard_parallel of alpa and the authors'
// prototype, playground/auto_sharding_solver), reproduced by the whole planner under Alpa's cost
// settings.
//
// Alpa adds a penalty for replicated parameters (0.3 % of the smallest case) and tie-breakers that
// this planner does not have; its tests allow 1 %, and so do these. Where Alpa names a mesh (n, 1)
// for tensor parallelism, the mesh here is (1, n): axis x always carries the batch.
#include "tests/conformance/alpa_models.h"
#include "tests/conformance/alpa_setting.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

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
    const Communication found =
        plan(makeMlp(6, 32, 256, false), mesh, {.batch = BatchAxes::kFirst});
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
    EXPECT_NEAR(plan(model, mesh, {.batch = BatchAxes::kFirst}).total / expected, 1.0, 0.03);
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
    const double expected = (4 * 2 - 1) * allReduce(mesh, 8 * 8 * 128 * 4, 1);
    EXPECT_NEAR(found.total / expected, 1.0, kTolerance);
    EXPECT_EQ(found.reductions, 4 * 2 - 1);
    EXPECT_EQ(found.others, 0);
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

TEST(AlpaOracles, MlpWithTheBatchOnTheFirstAxis)
{
    const AlpaMesh wide{.n0 = 4, .n1 = 1};
    const Communication found =
        plan(makeMlp(6, 32, 256, false), wide, {.batch = BatchAxes::kFirst});
    EXPECT_NEAR(found.total / (6 * allReduce(wide, 256 * 256 * 4, 0)), 1.0, kTolerance);
}

TEST(AlpaOracles, BertModelParallelThatRunsItsForwardPassAgain)
{
    const AlpaMesh mesh{.n0 = 1, .n1 = 4};
    const Communication found = plan(makeBert(2, 8, 8, 128, 8), mesh, {.recomputes = true});
    const double expected = (6 * 2 - 1) * allReduce(mesh, 8 * 8 * 128 * 4, 1);
    // Half an all-reduce less: the last one is scattered, as only half of it runs again.
    EXPECT_NEAR((found.total + found.forward) / expected, 10.5 / 11, kTolerance);
}

TEST(AlpaOracles, TiedEmbeddingOnATwoDimensionalMesh)
{
    const AlpaMesh mesh{.n0 = 2, .n1 = 2};
    const double batch = 8, sequence = 8, vocabulary = 1024, hidden = 8;
    const Communication found =
        plan(makeTiedEmbedding(8, 8, 1024, 8), mesh, {.batch = BatchAxes::kFirst});
    const double expected = allReduce(mesh, vocabulary * hidden * 4 / 2, 0) +
                            2 * allReduce(mesh, batch * sequence * hidden * 4 / 2, 1) +
                            2 * allReduce(mesh, batch * sequence * 4 / 2, 1);
    EXPECT_NEAR(found.total / expected, 1.0, kTolerance);
    EXPECT_EQ(found.allToAlls, 0);
    EXPECT_EQ(found.others, 0);
}

TEST(AlpaOracles, ExpertsOfAMoeLayer)
{
    const AlpaMesh mesh{.n0 = 1, .n1 = 4};
    const MoeShape shape;
    const Communication found = plan(makeMoeLayer(shape), mesh);
    const auto reduced = [&](double elements) { return allReduce(mesh, elements * 4, 1); };
    const double h = static_cast<double>(shape.hidden);
    const double tokens = static_cast<double>(shape.batch * shape.sequence);
    // Alpa: q, k and v in one kernel and one bias, which are three here.
    const double expected = 4 * allToAll(mesh, tokens * h * 2 * 4, 1) + 3 * reduced(h * h) +
                            3 * reduced(h) + reduced(h * h) + 5 * reduced(h) +
                            reduced(h * static_cast<double>(shape.experts));
    EXPECT_NEAR(found.total / expected, 1.0, kTolerance);
    EXPECT_EQ(found.allToAlls, 4);
    EXPECT_EQ(found.others, 0);
}

TEST(AlpaOracles, ConvolutionsDataParallel)
{
    for (const AlpaMesh& mesh : {AlpaMesh{.n0 = 4, .n1 = 1}, AlpaMesh{.n0 = 1, .n1 = 4}}) {
        const int axis = mesh.n0 > 1 ? 0 : 1;
        const Communication found = plan(makeConvolutions(3, 16, 16, 4), mesh);
        // A kernel, scale and bias, and means and variances in both directions.
        const double layer = allReduce(mesh, 3 * 3 * 4 * 4 * 4, axis) +
                             2 * allReduce(mesh, 4 * 4, axis) + 4 * allReduce(mesh, 4 * 4, axis);
        EXPECT_NEAR(found.total / (3 * layer), 1.0, 0.05); // As in Alpa's test.
        EXPECT_EQ(found.others + found.allToAlls, 0);
    }
}

TEST(AlpaOracles, ConvolutionsModelParallel)
{
    const AlpaMesh mesh{.n0 = 1, .n1 = 4};
    const Communication found = plan(makeConvolutions(4, 8, 16, 256), mesh);
    // Alpa: L - 1 all-reduces, of the second and fourth convolution's results and of what the third
    // one's backward pass yields, each for the sum over split channels.
    const double expected =
        2 * allReduce(mesh, 8 * 4 * 4 * 256 * 4, 1) + allReduce(mesh, 8 * 1 * 1 * 256 * 4, 1);
    EXPECT_EQ(found.reductions, 4 - 1);
    EXPECT_LE(found.total, (1 + kTolerance) * expected);
    EXPECT_GE(found.total, 0.9 * expected);
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
