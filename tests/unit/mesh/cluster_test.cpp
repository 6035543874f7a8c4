
#include "core/mesh/cluster.h"
#include "core/mesh/collective_time.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <functional>

namespace alpa
{
namespace
{

/// clusterToJson of a preset with `from` replaced once by `to`.
std::string edited(const std::string& from, const std::string& to)
{
    std::string text = clusterToJson(loadCluster("p3.16xlarge-x2").value());
    const size_t place = text.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    return text.replace(place, from.size(), to);
}

std::string messageOf(const std::string& text)
{
    const Result<Cluster> cluster = parseClusterJson(text);
    EXPECT_FALSE(cluster.ok());
    return cluster.ok() ? "" : cluster.error().message;
}

TEST(Cluster, PresetsSurviveTheirFileForm)
{
    for (const char* name : {"h200-x1", "h200-x4", "h200-x8", "p3.16xlarge-x8", "dgx-a100-x1",
                             "dgx-h100-x16", "dgx-h100-a100-x2", "cpu-x3"}) {
        const Cluster cluster = loadCluster(name).value();
        EXPECT_EQ(cluster.name, name);
        const Result<Cluster> read = parseClusterJson(clusterToJson(cluster));
        ASSERT_TRUE(read.ok()) << read.error().message;
        EXPECT_EQ(*read, cluster);
    }
    EXPECT_EQ(loadCluster("p3.16xlarge-x8").value().deviceCount(), 64);
    EXPECT_EQ(loadCluster("h200-x4").value().device.memory, Bytes(143771LL << 20));
}

TEST(Cluster, EveryListedPresetLoads)
{
    ASSERT_EQ(clusterPresets().size(), 6u);
    for (const ClusterPreset& preset : clusterPresets()) {
        std::string name = preset.name;
        ASSERT_EQ(name.back(), 'N');
        name.back() = '2';
        EXPECT_TRUE(loadCluster(name).ok()) << name;
    }
}

TEST(Cluster, StoredFilesEqualThePresets)
{
    for (const char* name :
         {"h200-x4", "p3.16xlarge-x8", "dgx-a100-x2", "dgx-h100-x2", "dgx-h100-a100-x2"}) {
        const Result<Cluster> stored =
            loadCluster(std::string("resources/clusters/") + name + ".json");
        ASSERT_TRUE(stored.ok()) << stored.error().message;
        EXPECT_EQ(*stored, loadCluster(name).value());
    }
}

TEST(Cluster, NamesWhatIsWrongWithAPresetName)
{
    EXPECT_EQ(loadCluster("h200-x9").error().message,
              "cluster 'h200-x9': got 9 devices, expected 1 to 8");
    EXPECT_EQ(loadCluster("p3.16xlarge-x0").error().message,
              "cluster 'p3.16xlarge-x0': got 0 hosts, expected 1 to 8192");
    EXPECT_EQ(loadCluster("h200-x99999999999999").error().code, ErrorCode::kInvalidInput);
    const Error missing = loadCluster("tpu-x4").error();
    EXPECT_EQ(missing.code, ErrorCode::kNotFound);
    EXPECT_EQ(missing.message,
              "cluster 'tpu-x4': neither a file nor a preset, expected one of h200-xN, "
              "p3.16xlarge-xN, dgx-a100-xN, dgx-h100-xN, dgx-h100-a100-xN, cpu-xN");
    EXPECT_EQ(loadCluster("").error().code, ErrorCode::kNotFound);
}

TEST(Cluster, NamesTheFieldThatIsWrong)
{
    EXPECT_EQ(messageOf(edited("\"memoryBytes\": 17179869184", "\"memoryBytes\": 0")),
              "device.memoryBytes: got 0, expected a whole number from 1 to 1125899906842624");
    EXPECT_EQ(messageOf(edited("\"memoryBytes\": 17179869184,", "")),
              "device.memoryBytes: missing");
    EXPECT_EQ(messageOf(edited("\"devicesPerHost\": 8", "\"devicesPerHost\": 0")),
              "devicesPerHost: got 0, expected a whole number from 1 to 32768");
    EXPECT_EQ(messageOf(edited("\"hosts\": 2", "\"hosts\": -2")),
              "hosts: got -2, expected a whole number from 1 to 65536");
    EXPECT_EQ(messageOf(edited("\"hosts\": 2", "\"hosts\": 18446744073709551615")),
              "hosts: got 18446744073709551615, expected a whole number from 1 to 65536");
    EXPECT_EQ(messageOf(edited("\"hosts\": 2", "\"hosts\": \"two\"")),
              "hosts: got string, expected a whole number from 1 to 65536");
    EXPECT_EQ(messageOf(edited("\"hosts\": 2", "\"hosts\": 2.5")),
              "hosts: got 2.5, expected a whole number from 1 to 65536");
    EXPECT_EQ(messageOf(edited("\"bytesPerSecond\": 100000000000.0", "\"bytesPerSecond\": 0")),
              "withinHost.bytesPerSecond: got 0, expected a positive number of bytes/s");
    EXPECT_EQ(messageOf(edited("\"kernelLaunchSeconds\"", "\"kernelLaunch\"")),
              "device.kernelLaunchSeconds: missing");
    EXPECT_EQ(messageOf(edited("\"hosts\": 2", "\"racks\": 1, \"hosts\": 2")),
              "racks: unknown field, expected one of betweenHosts, device, devicesPerHost, hosts, "
              "name, version, "
              "withinHost");
    EXPECT_EQ(messageOf(edited("\"version\": 1", "\"version\": 2")),
              "version: got 2, expected a whole number from 1 to 1");
    EXPECT_EQ(messageOf("[]"), "cluster: got array, expected an object");
    EXPECT_EQ(messageOf(edited("\"withinHost\": {", "\"withinHost\": 3, \"old\": {")),
              "withinHost: got number, expected an object");
    EXPECT_EQ(messageOf("{\n  \"version\": ,"),
              "line 2, column 14: not valid JSON\n    \"version\": ,\n               ^");
    EXPECT_FALSE(messageOf("").empty());
    EXPECT_FALSE(messageOf(edited("100000000000.0", "1e999")).empty());
}

TEST(Cluster, NamesTheMeasuredPointThatIsWrong)
{
    const std::string point =
        R"("measured": [{"collective": "all-reduce", "devices": 2, "bytes": 8, "timeSeconds": 1},
        {"collective": "gossip", "devices": 2, "bytes": 8, "timeSeconds": 1}], )";
    EXPECT_EQ(messageOf(edited("\"hosts\": 2", point + "\"hosts\": 2")),
              "measured[1].collective: got 'gossip', expected one of all-reduce, all-gather, "
              "reduce-scatter, "
              "all-to-all, send-receive, broadcast");
    EXPECT_EQ(messageOf(edited("\"hosts\": 2", "\"measured\": [7], \"hosts\": 2")),
              "measured[0]: got number, expected an object");
}

TEST(Cluster, TwoKindsOfHostsHaveTheirOwnRates)
{
    const Cluster cluster = loadCluster("dgx-h100-a100-x2").value();
    EXPECT_EQ(cluster.deviceCount(), 32);
    EXPECT_EQ(cluster.kindOfHost(1), 0);
    EXPECT_EQ(cluster.kindOfHost(2), 1);
    EXPECT_EQ(cluster.deviceOf(1).name, "NVIDIA A100-SXM4-80GB");
    const DeviceMesh older = makeDeviceMesh(
        cluster, {.firstHost = 2, .hosts = 2, .firstDevice = 0, .devicesPerHost = 8}, {2, 8});
    EXPECT_EQ(older.axes[1].link, loadCluster("dgx-a100-x2").value().withinHost);
    const DeviceMesh newer = makeDeviceMesh(
        cluster, {.firstHost = 0, .hosts = 2, .firstDevice = 0, .devicesPerHost = 8}, {2, 8});
    // 200e9 bytes/s of the slower card, on two hosts.
    EXPECT_NEAR(transferTime(cluster, newer, older, Bytes(4'000'000'000)).count, 0.01, 1e-4);
}

TEST(Cluster, NamesWhatIsWrongWithASecondKind)
{
    const std::string text = clusterToJson(loadCluster("dgx-h100-a100-x2").value());
    const auto with = [&](const std::string& from, const std::string& to) {
        const size_t second = text.find("secondKind");
        const size_t place = text.find(from, second);
        EXPECT_NE(place, std::string::npos) << from;
        return messageOf(std::string(text).replace(place, from.size(), to));
    };
    EXPECT_EQ(with("\"hosts\": 2", "\"hosts\": 0"),
              "secondKind.hosts: got 0, expected a whole number from 1 to 8192");
    EXPECT_EQ(with("\"hosts\": 2", "\"hosts\": 2, \"devicesPerHost\": 4"),
              "secondKind.devicesPerHost: got 4, expected 8 as on the hosts of the first kind");
    EXPECT_EQ(with("\"hosts\": 2", "\"hosts\": 8192"),
              "secondKind: 65552 devices in all, expected at most 65536");
    EXPECT_EQ(with("\"withinHost\"", "\"within\""), "secondKind.withinHost: missing");
}

/// Files with a few bytes changed are read or refused with a message, and what is read makes sense.
TEST(Cluster, SurvivesDamagedFiles)
{
    const std::string intact = clusterToJson(loadCluster("h200-x2").value());
    forEachSeed(2000, [&](Rng& rng, int size) {
        std::string text = intact;
        for (int change = 0; change < size; ++change) {
            const size_t place = static_cast<size_t>(rng.below(static_cast<int>(text.size())));
            constexpr std::string_view kLikely = "0123456789-+.eE\"{}[]:, nul\xff\x00";
            text[place] = kLikely[static_cast<size_t>(rng.below(static_cast<int>(kLikely.size())))];
        }
        const Result<Cluster> cluster = parseClusterJson(text);
        if (!cluster.ok()) {
            EXPECT_FALSE(cluster.error().message.empty());
            return;
        }
        EXPECT_GT(cluster->device.memory.count, 0);
        EXPECT_GT(cluster->deviceCount(), 0);
        EXPECT_GT(cluster->withinHost.bandwidth, 0);
        EXPECT_EQ(parseClusterJson(clusterToJson(*cluster)).ok(), true);
    });
}

/// A file cut anywhere is refused, never crashes.
TEST(Cluster, RefusesEveryTruncation)
{
    const std::string text = clusterToJson(loadCluster("h200-x2").value());
    for (size_t length = 0; length + 2 < text.size(); length += 7)
        EXPECT_FALSE(parseClusterJson(text.substr(0, length)).ok());
}

} // namespace
} // namespace alpa
