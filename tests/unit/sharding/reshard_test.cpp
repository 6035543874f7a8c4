#include "core/sharding/reshard.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// 2 x 2 devices, 1e9 B/s, no latencies: times are traffic in ns per byte.
struct Reshard : ::testing::Test {
    Cluster cluster;
    DeviceMesh mesh;
    TensorType type{DType::kF32, {1024, 1024}}; // 4 MiB

    Reshard()
    {
        cluster.devicesPerHost = 4;
        cluster.withinHost = {Seconds{}, 1e9};
        mesh = makeDeviceMesh(cluster, {0, 1, 0, 4}, {2, 2});
    }
    /// The steps from one spec to another, one a line.
    std::string steps(const char* from, const char* to)
    {
        Resharder resharder(cluster, mesh);
        const ReshardPath* path =
            resharder.path(type, parseSpec(from).value(), parseSpec(to).value());
        if (path == nullptr)
            return "none";
        std::string text;
        for (const ReshardStep& step : path->steps)
            text += (text.empty() ? "" : "; ") + formatStep(step, mesh);
        return text;
    }
};

TEST_F(Reshard, ReducesWhereTheTargetIsReplicated)
{
    // Ring all-reduce of 2: the whole buffer once.
    EXPECT_EQ(steps("{-, -} partial y", "{-, -}"), "all-reduce over y, 4.194 MB, 4.194 ms");
    EXPECT_EQ(steps("{x, -} partial y", "{x, -}"), "all-reduce over y, 2.097 MB, 2.097 ms");
    EXPECT_EQ(steps("{-, -} partial y by maximum", "{-, -}"),
              "all-reduce by maximum over y, 4.194 MB, 4.194 ms");
}

TEST_F(Reshard, ReduceScattersWhereTheTargetIsSplit)
{
    EXPECT_EQ(steps("{-, -} partial y", "{-, y}"),
              "reduce-scatter into dimension 1 over y, 4.194 MB, 2.097 ms");
    // Splitting by the inner axis first would leave x to be put outside of it.
    EXPECT_EQ(steps("{-, -} partial x.y", "{x.y, -}"),
              "reduce-scatter into dimension 0 over x, 4.194 MB, 2.097 ms; "
              "reduce-scatter into dimension 0 over y, 2.097 MB, 1.049 ms");
}

TEST_F(Reshard, SlicesForFreeOnlyInsideTheSplitThatIsThere)
{
    EXPECT_EQ(steps("{-, -}", "{x, y}"), "slice dimension 1 over y; slice dimension 0 over x");
    EXPECT_EQ(steps("{x, -}", "{x.y, -}"), "slice dimension 0 over y");
    // The rows of {y} are not those of {x.y}. Setting y aside on the columns moves less than
    // gathering it.
    EXPECT_EQ(steps("{y, -}", "{x.y, -}"),
              "all-to-all dimension 0 to 1 over y, 2.097 MB, 1.049 ms; "
              "slice dimension 0 over x; "
              "all-to-all dimension 1 to 0 over y, 1.049 MB, 524.3 us");
}

TEST_F(Reshard, MovesASplitByAllToAll)
{
    EXPECT_EQ(steps("{x, -}", "{-, x}"), "all-to-all dimension 0 to 1 over x, 2.097 MB, 1.049 ms");
    EXPECT_EQ(steps("{x, -}", "{x, -}"), "");
    // Slicing over y first halves what moves over x.
    EXPECT_EQ(steps("{x, -}", "{-, x.y}"),
              "all-to-all dimension 0 to 1 over x, 2.097 MB, 1.049 ms; slice dimension 1 over y");
}

/// Collectives move whole blocks: parts that lie between others' rows are brought into order first.
TEST_F(Reshard, PricesCopiesOfWhatDoesNotLieInOneBlock)
{
    cluster.device.kernelLaunch = Seconds(1e-6);
    cluster.device.memoryBandwidth = 1e12; // No way around copies is shorter.
    const auto copies = [&](const char* from, const char* to) {
        Resharder resharder(cluster, mesh);
        const ReshardPath* path =
            resharder.path(type, parseSpec(from).value(), parseSpec(to).value());
        Seconds sum;
        for (const ReshardStep& step : path->steps)
            sum += step.copies;
        return sum.count;
    };
    // A launch, and 2^22 bytes read and written at 1e12 a second; half of them where x splits rows.
    constexpr double kWhole = 1e-6 + 2 * 4194304e-12;
    constexpr double kHalf = 1e-6 + 2 * 2097152e-12;
    cluster.device.fusesKernels = true;
    EXPECT_EQ(copies("{-, -} partial y", "{y, -}"), 0); // Rows are blocks.
    EXPECT_EQ(copies("{y, -}", "{-, -}"), 0);
    EXPECT_EQ(copies("{-, -} partial y", "{-, -}"), 0);
    EXPECT_DOUBLE_EQ(copies("{x, -} partial y", "{x, y}"), kHalf);
    EXPECT_DOUBLE_EQ(copies("{-, y}", "{-, -}"), kWhole);
    EXPECT_DOUBLE_EQ(copies("{x, y}", "{x, -}"), kHalf);
    EXPECT_DOUBLE_EQ(copies("{x, -}", "{-, x}"), kHalf); // Columns before; rows after are blocks.
    cluster.device.fusesKernels = false;
    EXPECT_EQ(copies("{-, y}", "{-, -}"), 0);
}

TEST_F(Reshard, HasNoPathToPartialSumsThatAreNotThere)
{
    EXPECT_EQ(steps("{-, -}", "{-, -} partial x"), "none");
    EXPECT_EQ(steps("{-, -} partial x by maximum", "{-, -} partial x"), "none");
    type.dims = {1023, 1024};
    EXPECT_EQ(steps("{-, -}", "{x, -}"), "none");
    Resharder resharder(cluster, mesh);
    EXPECT_EQ(resharder.time(type, ShardingSpec::replicated(2), parseSpec("{x, -}").value()),
              kForever);
}

TEST_F(Reshard, IgnoresAxesOfOneDevice)
{
    mesh = makeDeviceMesh(cluster, {0, 1, 0, 4}, {1, 4});
    EXPECT_EQ(steps("{x, -}", "{-, x}"), "");
    EXPECT_EQ(steps("{y, -} partial x", "{x.y, -}"), "");
    Resharder resharder(cluster, mesh);
    const ShardingSpec from = parseSpec("{x.y, -}").value();
    const ShardingSpec to = parseSpec("{-, -}").value();
    const ReshardPath* path = resharder.path(type, from, to);
    ASSERT_NE(path, nullptr);
    ASSERT_EQ(path->steps.size(), 1u);
    EXPECT_EQ(path->steps[0].before, from);
    EXPECT_EQ(path->steps[0].after, to);
    EXPECT_EQ(resharder.time(type, parseSpec("{x, -}").value(), to), Seconds{});
}

TEST_F(Reshard, TakesTheWayAroundAHostBoundary)
{
    // x crosses hosts and is slow: the all-gather over x moves as little as possible, so y is
    // gathered after it.
    cluster.hosts = 2;
    cluster.devicesPerHost = 2;
    cluster.betweenHosts = {Seconds{}, 1e8};
    mesh = makeDeviceMesh(cluster, {0, 2, 0, 2}, {2, 2});
    EXPECT_EQ(steps("{x, y}", "{-, -}"), "all-gather dimension 0 over x, 2.097 MB, 20.97 ms; "
                                         "all-gather dimension 1 over y, 4.194 MB, 2.097 ms");
    // An all-reduce over x becomes reduce-scatter over nothing cheaper, but a partial y is reduced
    // and scattered first.
    EXPECT_EQ(steps("{-, -} partial x.y", "{-, -}"),
              "reduce-scatter into dimension 0 over y, 4.194 MB, 2.097 ms; "
              "all-reduce over x, 2.097 MB, 41.94 ms; "
              "all-gather dimension 0 over y, 4.194 MB, 2.097 ms");
}

} // namespace
} // namespace alpa
