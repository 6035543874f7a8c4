#include "core/mesh/what_if.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

TEST(WhatIf, ParsesWhatItPrintsInItsOwnForm)
{
    const Result<WhatIf> change = parseWhatIf("memory=2,bandwidth=0.5,devices=8");
    ASSERT_TRUE(change.ok()) << change.error().message;
    EXPECT_EQ(*change, (WhatIf{.memory = 2, .bandwidth = 0.5, .devices = 8}));
    EXPECT_EQ(formatWhatIf(*change), "memory x2, bandwidth x0.5, 8 devices");
    EXPECT_TRUE(parseWhatIf("")->isNone());
}

TEST(WhatIf, RefusesWithThePartThatIsWrong)
{
    for (const char* text : {"memory=0", "memory=-1", "memory=1e9", "bandwidth=nan", "devices=2.5",
                             "devices=0", "speed=2", "memory", "memory=2x", "=", ","}) {
        const Result<WhatIf> change = parseWhatIf(text);
        ASSERT_FALSE(change.ok()) << text;
        EXPECT_NE(change.error().message.find("expected memory=FACTOR"), std::string::npos)
            << change.error().message;
    }
    EXPECT_EQ(parseWhatIf("memory=2,devices=1000000").error().message,
              "'devices=1000000': expected memory=FACTOR or bandwidth=FACTOR (0.001 to 1000), or "
              "devices=COUNT (1 to 65536)");
}

TEST(WhatIf, ChangesWhatItSaysAndTheNameAndNothingElse)
{
    const Cluster real = loadCluster("h200-x4").value();
    EXPECT_EQ(applyWhatIf(real, {}).value(), real);
    const Cluster more = applyWhatIf(real, {.memory = 2, .bandwidth = 1, .devices = 0}).value();
    EXPECT_EQ(more.device.memory, real.device.memory * int64_t{2});
    EXPECT_EQ(more.name, real.name + " (what if: memory x2)");
    EXPECT_EQ(more.withinHost, real.withinHost);
    EXPECT_EQ(more.measured, real.measured);
    const Cluster eight = applyWhatIf(real, {.memory = 1, .bandwidth = 1, .devices = 8}).value();
    EXPECT_EQ(eight.deviceCount(), 8);
    EXPECT_EQ(eight.hosts, 2) << "whole hosts of four";
    const Cluster two = applyWhatIf(real, {.memory = 1, .bandwidth = 1, .devices = 2}).value();
    EXPECT_EQ(two.hosts, 1);
    EXPECT_EQ(two.devicesPerHost, 2);
}

TEST(WhatIf, FasterLinksShortenCollectivesButNotTheirLatency)
{
    const Cluster real = loadCluster("h200-x4").value();
    const Cluster fast = applyWhatIf(real, {.memory = 1, .bandwidth = 4, .devices = 0}).value();
    EXPECT_DOUBLE_EQ(fast.withinHost.bandwidth, real.withinHost.bandwidth * 4);
    ASSERT_EQ(fast.measured.size(), real.measured.size());
    for (size_t i = 0; i < fast.measured.size(); ++i) {
        EXPECT_LE(fast.measured[i].time.count, real.measured[i].time.count);
        EXPECT_GE(fast.measured[i].time.count,
                  std::min(real.measured[i].time.count, real.withinHost.latency.count));
    }
}

} // namespace
} // namespace alpa
