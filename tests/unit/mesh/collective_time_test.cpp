#include "core/mesh/collective_time.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

Cluster plainCluster()
{
    Cluster cluster;
    cluster.hosts = 4;
    cluster.devicesPerHost = 4;
    cluster.device.kernelLaunch = microseconds(3);
    cluster.withinHost = {microseconds(2), 100e9};
    cluster.betweenHosts = {microseconds(10), 4e9};
    return cluster;
}

constexpr Bytes kBuffer{400'000'000};

TEST(CollectiveTime, FollowsTheRingFormulas)
{
    const Cluster cluster = plainCluster();
    const DeviceMesh mesh = makeDeviceMesh(cluster, {0, 1, 0, 4}, {1, 4});
    const auto time = [&](CollectiveKind kind) {
        return collectiveTime(cluster, mesh, kind, 1, kBuffer).count;
    };
    // 3 us + 2*3 steps of (2 us + 100e6/100e9)
    EXPECT_DOUBLE_EQ(time(CollectiveKind::kAllReduce), 3e-6 + 6 * (2e-6 + 1e-3));
    EXPECT_DOUBLE_EQ(time(CollectiveKind::kAllGather), 3e-6 + 3 * (2e-6 + 1e-3));
    EXPECT_DOUBLE_EQ(time(CollectiveKind::kReduceScatter), 3e-6 + 3 * (2e-6 + 1e-3));
    EXPECT_DOUBLE_EQ(time(CollectiveKind::kAllToAll), 3e-6 + 3 * (2e-6 + 1e-3));
    EXPECT_DOUBLE_EQ(time(CollectiveKind::kSendReceive), 3e-6 + 2e-6 + 4e-3);
    EXPECT_EQ(collectiveTime(cluster, mesh, CollectiveKind::kAllReduce, 0, kBuffer), Seconds{});
}

TEST(CollectiveTime, CountsEveryByteThatAnAllToAllSendsThroughTheCard)
{
    const Cluster cluster = plainCluster();
    const DeviceMesh mesh = makeDeviceMesh(cluster, {0, 2, 0, 4}, {8});
    // 4 members a host each send 4/8 of their buffer to the other host: 800e6 bytes at 4e9.
    EXPECT_DOUBLE_EQ(collectiveTime(cluster, mesh, CollectiveKind::kAllToAll, 0, kBuffer).count,
                     3e-6 + 7 * 10e-6 + 0.2);
    // The ring of an all-gather crosses each card once: 7/8 of the buffer at 4e9.
    EXPECT_NEAR(collectiveTime(cluster, mesh, CollectiveKind::kAllGather, 0, kBuffer).count,
                3e-6 + 7 * 10e-6 + 0.0875, 1e-12);
}

TEST(CollectiveTime, ReturnsTheMeasuredPointsThemselves)
{
    const Cluster cluster = loadCluster("h200-x4").value();
    ASSERT_FALSE(cluster.measured.empty());
    const DeviceMesh mesh = makeDeviceMesh(cluster, {0, 1, 0, 4}, {4});
    const DeviceMesh pairs = makeDeviceMesh(cluster, {0, 1, 0, 4}, {2, 2});
    for (const MeasuredCollective& point : cluster.measured) {
        const DeviceMesh& used = point.devices == 4 ? mesh : pairs;
        EXPECT_DOUBLE_EQ(collectiveTime(cluster, used, point.kind, 0, point.bytes).count,
                         point.time.count);
    }
    // Below the first point a line to 2.5 us launch + 6 steps of 3 us; beyond the last one along
    // the last slope.
    const double small = 20.5e-6;
    EXPECT_NEAR(collectiveTime(cluster, mesh, CollectiveKind::kAllReduce, 0, kMiB * 16).count,
                (small + 172.42e-6) / 2, 1e-12);
    EXPECT_NEAR(collectiveTime(cluster, mesh, CollectiveKind::kAllReduce, 0, kGiB * 2).count,
                4551.49e-6 + (4551.49e-6 - 1192.45e-6) * 4 / 3, 1e-9);
}

TEST(CollectiveTime, ScalesTheNearestMeasuredGroup)
{
    const Cluster cluster = loadCluster("h200-x8").value();
    const DeviceMesh mesh = makeDeviceMesh(cluster, {0, 1, 0, 8}, {8});
    // 2*7/8 against 2*3/4 of the buffer.
    EXPECT_NEAR(collectiveTime(cluster, mesh, CollectiveKind::kAllReduce, 0, kGiB).count,
                4551.49e-6 * (14.0 / 8) / (6.0 / 4), 1e-12);
}

TEST(CollectiveTime, GrowsWithBytesOnEveryPreset)
{
    for (const char* name : {"h200-x4", "p3.16xlarge-x2", "dgx-a100-x2", "dgx-h100-x2", "cpu-x8"}) {
        const Cluster cluster = loadCluster(name).value();
        const DeviceMesh mesh = makeDeviceMesh(
            cluster, {0, cluster.hosts, 0, cluster.devicesPerHost}, {cluster.deviceCount() / 2, 2});
        for (const CollectiveKind kind :
             {CollectiveKind::kAllReduce, CollectiveKind::kAllGather,
              CollectiveKind::kReduceScatter, CollectiveKind::kAllToAll,
              CollectiveKind::kSendReceive, CollectiveKind::kBroadcast}) {
            for (int axis = 0; axis < 2; ++axis) {
                Seconds previous{};
                for (int64_t bytes = 1; bytes < (int64_t{1} << 33); bytes *= 2) {
                    const Seconds time = collectiveTime(cluster, mesh, kind, axis, Bytes(bytes));
                    ASSERT_GE(time, previous)
                        << name << " " << collectiveName(kind) << " " << bytes;
                    ASSERT_GT(time.count, 0);
                    previous = time;
                }
            }
        }
    }
}

TEST(TransferTime, IsBoundByTheSmallerSideWithinAHost)
{
    const Cluster cluster = plainCluster();
    const DeviceMesh one = makeDeviceMesh(cluster, {0, 1, 0, 1}, {1});
    const DeviceMesh two = makeDeviceMesh(cluster, {0, 1, 2, 2}, {2});
    EXPECT_DOUBLE_EQ(transferTime(cluster, one, two, kBuffer).count, 5e-6 + 4e-3);
    EXPECT_DOUBLE_EQ(transferTime(cluster, two, one, kBuffer).count, 5e-6 + 4e-3);
    EXPECT_EQ(transferTime(cluster, two, two, kBuffer), Seconds{});
}

TEST(TransferTime, UsesTheCardsBetweenHosts)
{
    const Cluster cluster = plainCluster();
    const DeviceMesh first = makeDeviceMesh(cluster, {0, 1, 0, 4}, {4});
    const DeviceMesh second = makeDeviceMesh(cluster, {1, 1, 0, 4}, {4});
    const DeviceMesh pair = makeDeviceMesh(cluster, {2, 2, 0, 4}, {8});
    EXPECT_NEAR(transferTime(cluster, first, second, kBuffer).count, 13e-6 + 0.1, 1e-12);
    EXPECT_NEAR(transferTime(cluster, first, pair, kBuffer).count, 13e-6 + 0.1, 1e-12);
}

} // namespace
} // namespace alpa
