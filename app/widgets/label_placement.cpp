#include "app/widgets/label_placement.h"

#include <algorithm>
#include <numeric>

namespace alpa::app
{

namespace
{

constexpr double kGap = 4;     ///< Between a mark and its name.
constexpr int kMostLines = 10; ///< How far away a name may go, in lines of text.

/// Places for a label, best first: in the line of the point, then line by line away from it.
std::vector<QRectF> candidates(const LabelWish& wish)
{
    const double right = wish.point.x() + wish.reach + kGap;
    const double left = wish.point.x() - wish.reach - kGap - wish.size.width();
    const double line = wish.size.height();
    std::vector<QRectF> places;
    const auto add = [&](double shift) {
        const double top = wish.point.y() - line / 2 + shift;
        places.emplace_back(QPointF(right, top), wish.size);
        places.emplace_back(QPointF(left, top), wish.size);
    };
    add(0);
    for (int lines = 1; lines <= kMostLines; ++lines) {
        add(-lines * line);
        add(lines * line);
    }
    return places;
}

double overlap(const QRectF& a, const QRectF& b)
{
    const QRectF both = a.intersected(b);
    return both.isEmpty() ? 0 : both.width() * both.height();
}

} // namespace

std::vector<QRectF> placeLabels(const std::vector<LabelWish>& wishes, const QRectF& area)
{
    std::vector<QRectF> taken;
    for (const LabelWish& wish : wishes)
        taken.emplace_back(wish.point - QPointF(wish.reach, wish.reach),
                           QSizeF(2 * wish.reach, 2 * wish.reach));
    std::vector<size_t> order(wishes.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, {}, [&](size_t i) { return wishes[i].isFirst ? 0 : 1; });
    std::vector<QRectF> places(wishes.size());
    for (const size_t i : order) {
        double least = 0;
        bool isPlaced = false;
        for (const QRectF& place : candidates(wishes[i])) {
            double covered = place.width() * place.height() - overlap(place, area);
            for (const QRectF& other : taken)
                covered += overlap(place, other);
            if (isPlaced && covered >= least)
                continue;
            isPlaced = true;
            least = covered;
            places[i] = place;
            if (covered <= 0)
                break;
        }
        taken.push_back(places[i]);
    }
    return places;
}

} // namespace alpa::app
