#include "core/mesh/device_mesh.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

Cluster smallCluster(int hosts, int devicesPerHost)
{
    Cluster cluster;
    cluster.hosts = hosts;
    cluster.devicesPerHost = devicesPerHost;
    cluster.withinHost = {microseconds(1), 100e9};
    cluster.betweenHosts = {microseconds(10), 8e9};
    return cluster;
}

TEST(DeviceMesh, OrdersDevicesRowMajor)
{
    const Cluster cluster = smallCluster(2, 8);
    const DeviceMesh mesh = makeDeviceMesh(cluster, {1, 1, 4, 4}, {2, 2});
    EXPECT_EQ(formatMesh(mesh), "[x=2, y=2] on host 1 devices 4-7");
    EXPECT_EQ(mesh.devices[2], DeviceId(14));
    EXPECT_EQ(mesh.coordinate(2, 0), 1);
    EXPECT_EQ(mesh.coordinate(2, 1), 0);
    EXPECT_EQ(mesh.group(3, axisBit(0)), (std::vector<int>{1, 3}));
    EXPECT_EQ(mesh.group(3, axisBit(1)), (std::vector<int>{2, 3}));
    EXPECT_EQ(mesh.group(3, axisBit(0) | axisBit(1)), (std::vector<int>{0, 1, 2, 3}));
    EXPECT_EQ(mesh.group(3, 0), (std::vector<int>{3}));
    EXPECT_EQ(formatMesh(makeDeviceMesh(cluster, {0, 2, 0, 8}, {2, 8})),
              "[x=2, y=8] on hosts 0-1 devices 0-7");
    EXPECT_EQ(formatMesh(makeDeviceMesh(cluster, {0, 1, 3, 1}, {1})), "[x=1] on host 0 device 3");
}

TEST(DeviceMesh, SharesTheNetworkCardAmongTheGroupsThatCrossHosts)
{
    const Cluster cluster = smallCluster(2, 8);
    // x pairs device i of host 0 with device i of host 1: 8 groups share each card.
    const DeviceMesh mesh = makeDeviceMesh(cluster, {0, 2, 0, 8}, {2, 8});
    EXPECT_TRUE(mesh.axes[0].crossesHosts);
    EXPECT_EQ(mesh.axes[0].membersPerHost, 1);
    EXPECT_DOUBLE_EQ(mesh.axes[0].link.bandwidth, 1e9); // 8e9 / 8 groups
    EXPECT_EQ(mesh.axes[0].link.latency, microseconds(10));
    EXPECT_FALSE(mesh.axes[1].crossesHosts);
    EXPECT_EQ(mesh.axes[1].membersPerHost, 8);
    EXPECT_DOUBLE_EQ(mesh.axes[1].link.bandwidth, 100e9);
    // One group of all 16: a ring leaves each host once.
    const DeviceMesh flat = makeDeviceMesh(cluster, {0, 2, 0, 8}, {16});
    EXPECT_DOUBLE_EQ(flat.axes[0].link.bandwidth, 8e9);
    EXPECT_EQ(flat.axes[0].membersPerHost, 8);
    // The transposed mesh: y of size 2 joins neighbours, x of size 8 has 2 groups of 4 members a
    // host.
    const DeviceMesh tall = makeDeviceMesh(cluster, {0, 2, 0, 8}, {8, 2});
    EXPECT_DOUBLE_EQ(tall.axes[0].link.bandwidth, 4e9);
    EXPECT_EQ(tall.axes[0].membersPerHost, 4);
    EXPECT_FALSE(tall.axes[1].crossesHosts);
}

TEST(DeviceMesh, TilesCoverATensorOnceForEachReplica)
{
    forEachSeed(200, [](Rng& rng, int) {
        std::vector<int> sizes;
        int count = 1;
        for (int axis = rng.between(1, 3); axis > 0; --axis) {
            sizes.push_back(rng.between(1, 3));
            count *= sizes.back();
        }
        const DeviceMesh mesh = makeDeviceMesh(smallCluster(1, count), {0, 1, 0, count}, sizes);
        ShardingSpec spec = ShardingSpec::replicated(2);
        for (int axis = 0; axis < static_cast<int>(sizes.size()); ++axis) {
            const size_t place = static_cast<size_t>(rng.below(3));
            if (place < 2)
                spec.dims[place] |= axisBit(axis);
        }
        const std::vector<int64_t> dims{mesh.groupSize(spec.dims[0]) * rng.between(1, 3),
                                        mesh.groupSize(spec.dims[1]) * rng.between(1, 3)};
        std::vector<int> holders(static_cast<size_t>(dims[0] * dims[1]), 0);
        for (int index = 0; index < count; ++index) {
            const Tile tile = deviceTile(mesh, spec, dims, index);
            EXPECT_EQ(tile.sizes, localDims(spec, dims, sizes));
            for (int64_t row = 0; row < tile.sizes[0]; ++row) {
                for (int64_t column = 0; column < tile.sizes[1]; ++column)
                    ++holders[static_cast<size_t>((tile.offsets[0] + row) * dims[1] +
                                                  tile.offsets[1] + column)];
            }
        }
        const int replicas = count / mesh.groupSize(spec.splitAxes());
        for (const int holder : holders)
            ASSERT_EQ(holder, replicas) << formatSpec(spec) << " on " << formatMesh(mesh);
    });
}

TEST(DeviceMesh, PositionsFollowTheGroupOrder)
{
    const DeviceMesh mesh = makeDeviceMesh(smallCluster(1, 24), {0, 1, 0, 24}, {2, 3, 4});
    for (int set = 0; set < 8; ++set) {
        for (int index = 0; index < 24; ++index) {
            const AxisSet axes = static_cast<AxisSet>(set);
            const std::vector<int> group = mesh.group(index, axes);
            ASSERT_EQ(static_cast<int>(group.size()), mesh.groupSize(axes));
            EXPECT_EQ(group[static_cast<size_t>(mesh.positionInGroup(index, axes))], index);
        }
    }
}

} // namespace
} // namespace alpa
