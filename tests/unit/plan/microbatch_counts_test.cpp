#include "core/plan/microbatch_counts.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

using Counts = std::vector<int>;

TEST(MicrobatchCounts, AreAllDivisors)
{
    EXPECT_EQ(microbatchCounts(1), Counts{1});
    EXPECT_EQ(microbatchCounts(97), (Counts{1, 97}));
    for (int batch = 1; batch <= 300; ++batch) {
        Counts divisors;
        for (int count = 1; count <= batch; ++count) {
            if (batch % count == 0)
                divisors.push_back(count);
        }
        EXPECT_EQ(microbatchCounts(batch), divisors) << batch;
    }
}

TEST(MicrobatchCounts, LeaveOutWhatNoNumberHolds)
{
    const Counts counts = microbatchCounts(int64_t{3} << 40);
    EXPECT_EQ(counts.front(), 1);
    EXPECT_EQ(counts.back(), 3 << 29);
}

TEST(MicrobatchCounts, HalveMicrobatchesWithinAFamily)
{
    EXPECT_EQ(familiesOfCounts(microbatchCounts(60)),
              (std::vector<Counts>{{1, 2, 4}, {3, 6, 12}, {5, 10, 20}, {15, 30, 60}}));
    EXPECT_EQ(familiesOfCounts(microbatchCounts(16)), (std::vector<Counts>{{1, 2, 4, 8, 16}}));
    EXPECT_EQ(familiesOfCounts({6}), (std::vector<Counts>{{6}}));
}

} // namespace
} // namespace alpa
