// Names of points: beside their points, over no other.
#include "app/widgets/label_placement.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

bool meet(const QRectF& a, const QRectF& b) { return a.intersects(b); }

TEST(PlaceLabels, NamesOfOnePointStandApart)
{
    const LabelWish wish{QPointF(100, 100), QSizeF(60, 14), 6, false};
    const std::vector<QRectF> places = placeLabels({wish, wish, wish}, QRectF(0, 0, 400, 300));
    EXPECT_DOUBLE_EQ(places[0].left(), 110) << "right of the mark: 100 + 6 + 4";
    for (size_t i = 0; i < places.size(); ++i) {
        for (size_t k = i + 1; k < places.size(); ++k)
            EXPECT_FALSE(meet(places[i], places[k])) << i << " over " << k;
    }
}

TEST(PlaceLabels, TheFirstOneChoosesBeforeTheOthers)
{
    const LabelWish wish{QPointF(100, 100), QSizeF(60, 14), 6, false};
    LabelWish first = wish;
    first.isFirst = true;
    const std::vector<QRectF> places = placeLabels({wish, first}, QRectF(0, 0, 400, 300));
    EXPECT_DOUBLE_EQ(places[1].left(), 110);
    EXPECT_NE(places[0], places[1]);
}

TEST(PlaceLabels, StayInsideAndCoverNothingWhereThereIsRoom)
{
    forEachSeed(200, [](Rng& rng, int size) {
        const QRectF area(0, 0, 1600, 1200);
        std::vector<LabelWish> wishes;
        for (int i = 0; i < 2 + size % 9; ++i) {
            const QPointF point(60 + double(rng.below(1480)), 60 + double(rng.below(1080)));
            wishes.push_back({point, QSizeF(20 + double(rng.below(100)), 14), 6, rng.chance(0.2)});
        }
        const std::vector<QRectF> places = placeLabels(wishes, area);
        for (size_t i = 0; i < places.size(); ++i) {
            EXPECT_TRUE(area.contains(places[i])) << i;
            for (size_t k = i + 1; k < places.size(); ++k)
                EXPECT_FALSE(meet(places[i], places[k])) << i << " over " << k;
        }
    });
}

} // namespace
} // namespace alpa::app
