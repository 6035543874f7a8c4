#include "core/trace/trace.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace alpa
{
namespace
{

TEST(TraceToChromeJson, OneProcessPerStageOneThreadPerDevice)
{
    Trace trace;
    trace.steps.push_back({Seconds(0.0), Seconds(0.5), 2.25});
    trace.events.push_back(
        {0, 1, 3, SegmentKind::kForward, 2, Seconds(0.1), Seconds(0.25), Seconds(0.05)});
    trace.events.push_back(
        {0, 1, 0, SegmentKind::kUpdate, 0, Seconds(0.3), Seconds(0.4), Seconds(0.0)});
    const auto document = nlohmann::json::parse(traceToChromeJson(trace, Program()));
    const auto& events = document.at("traceEvents");
    ASSERT_EQ(events.size(), 7u); // Names of 2 processes and 2 threads, 1 step, 2 segment runs.
    const auto& step = events[4];
    EXPECT_EQ(step.at("name"), "step 0");
    EXPECT_EQ(step.at("dur"), 500000.0);
    EXPECT_EQ(step.at("args").at("loss"), 2.25);
    const auto& forward = events[5];
    EXPECT_EQ(forward.at("name"), "F2");
    EXPECT_EQ(forward.at("ph"), "X");
    EXPECT_EQ(forward.at("pid"), 2); // Process 0 holds the steps.
    EXPECT_EQ(forward.at("tid"), 3);
    EXPECT_NEAR(forward.at("ts"), 100000.0, 1e-6);
    EXPECT_NEAR(forward.at("dur"), 150000.0, 1e-6);
    EXPECT_NEAR(forward.at("args").at("communication_us"), 50000.0, 1e-6);
    EXPECT_EQ(events[6].at("name"), "update");
}

} // namespace
} // namespace alpa
