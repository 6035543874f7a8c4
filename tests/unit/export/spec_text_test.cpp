#include "core/export/spec_text.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// Two by four devices.
DeviceMesh sampleMesh()
{
    DeviceMesh mesh;
    mesh.axes = {{.name = "x", .size = 2, .link = {}, .crossesHosts = false, .membersPerHost = 2},
                 {.name = "y", .size = 4, .link = {}, .crossesHosts = false, .membersPerHost = 4}};
    for (int device = 0; device < 8; ++device)
        mesh.devices.push_back(DeviceId(static_cast<uint32_t>(device)));
    mesh.devicesPerHost = 8;
    return mesh;
}

ShardingSpec spec(const char* text) { return *parseSpec(text); }

TEST(SpecText, WritesMeshAndSpecsAsShardyDoes)
{
    const DeviceMesh mesh = sampleMesh();
    EXPECT_EQ(shardyMesh(mesh), "sdy.mesh @mesh = <[\"dp\"=2, \"tp\"=4]>");
    EXPECT_EQ(shardySpec(mesh, spec("{x, y}")), "<@mesh, [{\"dp\"}, {\"tp\"}]>");
    EXPECT_EQ(shardySpec(mesh, spec("{-, x.y}")), "<@mesh, [{}, {\"dp\", \"tp\"}]>");
    EXPECT_EQ(shardySpec(mesh, spec("{}")), "<@mesh, []>");
}

// The strings for x, w1 and h of a Megatron MLP on two by four devices, as JAX's tests have them.
TEST(SpecText, WritesGspmdsIotaForm)
{
    const DeviceMesh mesh = sampleMesh();
    EXPECT_EQ(gspmdSpec(mesh, spec("{x, -}")), "{devices=[2,1,4]<=[8] last_tile_dim_replicate}");
    EXPECT_EQ(gspmdSpec(mesh, spec("{-, y}")),
              "{devices=[1,4,2]<=[2,4]T(1,0) last_tile_dim_replicate}");
    EXPECT_EQ(gspmdSpec(mesh, spec("{x, y}")), "{devices=[2,4]<=[8]}");
    EXPECT_EQ(gspmdSpec(mesh, spec("{y, x}")), "{devices=[4,2]<=[2,4]T(1,0)}");
    EXPECT_EQ(gspmdSpec(mesh, spec("{-, x.y}")), "{devices=[1,8]<=[8]}");
    EXPECT_EQ(gspmdSpec(mesh, spec("{-, -}")), "{replicated}");
}

TEST(SpecText, WritesPartitionSpecsAndPlacements)
{
    const DeviceMesh mesh = sampleMesh();
    EXPECT_EQ(jaxSpec(mesh, spec("{x, -, y}")), "P(\"dp\", None, \"tp\")");
    EXPECT_EQ(jaxSpec(mesh, spec("{x.y, -}")), "P((\"dp\", \"tp\"), None)");
    EXPECT_EQ(jaxSpec(mesh, spec("{-, -}")), "P()");
    EXPECT_EQ(dtensorPlacements(mesh, spec("{-, x}")), "[Shard(1), Replicate()]");
    EXPECT_EQ(dtensorPlacements(mesh, spec("{x, -} partial y")), "[Shard(0), Partial()]");
}

} // namespace
} // namespace alpa
