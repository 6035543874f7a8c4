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

TEST(ScheduleOrder, RunsRoundsOfChunksWhenInterleaved)
{
    EXPECT_EQ(text(scheduleOrder(ScheduleKind::kInterleaved1f1b, 4, 2, 2)),
              "group 0: F0.0 F1.0 F0.2 F1.2 B0.2 B1.2 B0.0 B1.0 U.2 U.0\n"
              "group 1: F0.1 F1.1 F0.3 B0.3 F1.3 B1.3 B0.1 B1.1 U.3 U.1\n");
}

TEST(ScheduleOrder, LetsWeightGradientsWaitUnderZeroBubble)
{
    EXPECT_EQ(text(scheduleOrder(ScheduleKind::kZeroBubble, 3, 3)),
              "stage 0: F0 F1 F2 B0 W0 B1 W1 B2 W2 U\n"
              "stage 1: F0 F1 B0 F2 B1 W0 B2 W1 W2 U\n"
              "stage 2: F0 B0 F1 B1 F2 B2 W0 W1 W2 U\n");
}

TEST(ScheduleNames, AreReadBack)
{
    for (const ScheduleKind kind : kScheduleKinds)
        EXPECT_EQ(scheduleFromName(text(kind)), kind);
    EXPECT_EQ(scheduleFromName("zb"), std::nullopt);
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
