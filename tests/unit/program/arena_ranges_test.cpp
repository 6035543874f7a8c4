#include "core/program/arena_ranges.h"
#include "tests/support/property.h"

#include <algorithm>

namespace alpa
{
namespace
{

TEST(PlaceByLifetime, UsesMemoryAgainOnceItIsFree)
{
    // The third fits where the first was; the fourth grows over the free end.
    const SharedRanges placed =
        placeByLifetime({{512, 0, 1}, {256, 1, 3}, {256, 2, 2}, {1024, 4, 4}});
    EXPECT_EQ(placed.offsets, (std::vector<int64_t>{0, 512, 0, 0}));
    EXPECT_EQ(placed.bytes, 1024);
}

TEST(PlaceByLifetime, GivesNothingToNobody) { EXPECT_EQ(placeByLifetime({}).bytes, 0); }

TEST(PlaceByLifetime, KeepsApartWhatLivesTogether)
{
    forEachSeed(300, [](Rng& rng, int size) {
        std::vector<Lifetime> lifetimes;
        for (int i = 0; i < size; ++i) {
            const int first = rng.below(size);
            lifetimes.push_back(
                {rng.between(1, 9) * kArenaAlignment, first, rng.between(first, size)});
        }
        const SharedRanges placed = placeByLifetime(lifetimes);
        int64_t least = 0; // What lives at one moment has to fit.
        for (int moment = 0; moment <= size; ++moment) {
            int64_t living = 0;
            for (const Lifetime& one : lifetimes) {
                if (one.first <= moment && moment <= one.last)
                    living += one.bytes;
            }
            least = std::max(least, living);
        }
        EXPECT_GE(placed.bytes, least);
        for (size_t a = 0; a < lifetimes.size(); ++a) {
            EXPECT_GE(placed.offsets[a], 0);
            EXPECT_LE(placed.offsets[a] + lifetimes[a].bytes, placed.bytes);
            for (size_t b = 0; b < a; ++b) {
                const bool meet = lifetimes[a].first <= lifetimes[b].last &&
                                  lifetimes[b].first <= lifetimes[a].last;
                const bool overlap = placed.offsets[a] < placed.offsets[b] + lifetimes[b].bytes &&
                                     placed.offsets[b] < placed.offsets[a] + lifetimes[a].bytes;
                EXPECT_FALSE(meet && overlap) << a << " and " << b;
            }
        }
    });
}

} // namespace
} // namespace alpa
