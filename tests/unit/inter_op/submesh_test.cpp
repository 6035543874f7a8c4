#include "core/inter_op/submesh.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

std::string listed(int hosts, int devicesPerHost, SubmeshSpace space)
{
    std::string line;
    const auto submeshes = enumerateSubmeshes(hosts, devicesPerHost, space);
    for (const SubmeshChoice& submesh : *submeshes)
        line += (line.empty() ? "" : " ") + text(submesh);
    return line;
}

TEST(EnumerateSubmeshes, ListsAlpasSubmeshesInAlpasOrder)
{
    EXPECT_EQ(listed(1, 8, SubmeshSpace::kAll), "1x1 1x2 1x4 1x8");
    EXPECT_EQ(listed(2, 4, SubmeshSpace::kAll), "1x1 1x2 1x4 2x4");
    EXPECT_EQ(listed(5, 2, SubmeshSpace::kAll), "1x1 1x2 2x2 3x2 4x2 5x2");
    EXPECT_EQ(listed(8, 8, SubmeshSpace::kPowerOfTwo), "1x1 1x2 1x4 1x8 2x8 4x8 8x8");
    EXPECT_EQ(listed(16, 1, SubmeshSpace::kSmallPowerOfTwo), "1x1 2x1 4x1 16x1");
}

TEST(EnumerateSubmeshes, OffersOnlyDivisorsOfAHostThatIsNoPowerOfTwo)
{
    EXPECT_EQ(listed(2, 6, SubmeshSpace::kAll), "1x1 1x2 1x6 2x6");
    EXPECT_EQ(listed(1, 7, SubmeshSpace::kAll), "1x1 1x7");
    EXPECT_EQ(listed(3, 12, SubmeshSpace::kPowerOfTwo), "1x1 1x2 1x4 1x12 2x12 3x12");
}

TEST(EnumerateSubmeshes, RefusesAnEmptyCluster)
{
    EXPECT_FALSE(enumerateSubmeshes(0, 8, SubmeshSpace::kAll).ok());
    EXPECT_FALSE(enumerateSubmeshes(1, 0, SubmeshSpace::kAll).ok());
    EXPECT_FALSE(enumerateSubmeshes(100000, 100000, SubmeshSpace::kAll).ok());
}

TEST(PlaceSubmeshes, PutsLargeOnesFirstWhateverTheOrderOfStages)
{
    // 1 + 2 + 4 + 1 devices of one host of eight: the 1x4 takes 0..3, the 1x2 4..5, the singles 6
    // and 7.
    const auto placed = placeSubmeshes({{1, 1}, {1, 2}, {1, 4}, {1, 1}}, 1, 8);
    ASSERT_TRUE(placed.ok());
    ASSERT_EQ(placed->size(), 4u);
    EXPECT_EQ((*placed)[0].first, 6);
    EXPECT_EQ((*placed)[1].first, 4);
    EXPECT_EQ((*placed)[2].first, 0);
    EXPECT_EQ((*placed)[3].first, 7);
    EXPECT_EQ((*placed)[2].end(), 4);
}

TEST(PlaceSubmeshes, RefusesWhatTheClusterDoesNotHave)
{
    EXPECT_FALSE(placeSubmeshes({{1, 3}}, 1, 4).ok());
    EXPECT_FALSE(placeSubmeshes({{2, 2}}, 2, 4).ok());
    EXPECT_FALSE(placeSubmeshes({{1, 4}, {1, 1}}, 1, 4).ok());
    EXPECT_FALSE(placeSubmeshes({{3, 4}}, 2, 4).ok());
}

} // namespace
} // namespace alpa
