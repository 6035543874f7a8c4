#include "core/schedule/schedule.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

TEST(ScheduleOrder, PrintsTheExampleOfItsHeader)
{
    EXPECT_EQ(text(scheduleOrder(ScheduleKind::k1f1b, 2, 3)), "stage 0: F0 F1 B0 F2 B1 B2 U\n"
                                                              "stage 1: F0 B0 F1 B1 F2 B2 U\n");
}

TEST(ScheduleOrder, RunsAllForwardsBeforeAllBackwardsUnderGpipe)
{
    EXPECT_EQ(text(scheduleOrder(ScheduleKind::kGpipe, 2, 3)), "stage 0: F0 F1 F2 B0 B1 B2 U\n"
                                                               "stage 1: F0 F1 F2 B0 B1 B2 U\n");
}

TEST(ScheduleOrder, WarmsUpNoLongerThanThereAreMicrobatches)
{
    EXPECT_EQ(text(scheduleOrder(ScheduleKind::k1f1b, 4, 2)), "stage 0: F0 F1 B0 B1 U\n"
                                                              "stage 1: F0 F1 B0 B1 U\n"
                                                              "stage 2: F0 F1 B0 B1 U\n"
                                                              "stage 3: F0 B0 F1 B1 U\n");
}

TEST(InFlightLimit, FollowsTheSchedule)
{
    EXPECT_EQ(inFlightLimit(ScheduleKind::kGpipe, 4, 2, 16), 16);
    EXPECT_EQ(inFlightLimit(ScheduleKind::k1f1b, 4, 0, 16), 4);
    EXPECT_EQ(inFlightLimit(ScheduleKind::k1f1b, 4, 3, 16), 1);
    EXPECT_EQ(inFlightLimit(ScheduleKind::k1f1b, 4, 0, 2), 2);
}

} // namespace
} // namespace alpa
