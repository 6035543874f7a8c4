// Where the names of points go: beside their point, over no other name and no other point if there
// is room.
#pragma once

#include <QRectF>

#include <vector>

namespace alpa::app
{

struct LabelWish {
    QPointF point;
    QSizeF size;          ///< Of the text.
    double reach = 0;     ///< Of the mark around the point: the text stays outside.
    bool isFirst = false; ///< Takes the best place before the others choose.
};

/// A place for each label inside `area`, in the order of `wishes`: right of the point if that is
/// free, else left, above or below, else farther away. Labels cover one another only where nothing
/// is free. O(n^2), for the tens of points that a person compares.
std::vector<QRectF> placeLabels(const std::vector<LabelWish>& wishes, const QRectF& area);

} // namespace alpa::app
