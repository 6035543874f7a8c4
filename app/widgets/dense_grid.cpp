#include "app/widgets/dense_grid.h"

#include <algorithm>
#include <cmath>

namespace alpa::app
{

DenseGrid::DenseGrid(const std::vector<QRectF>& boxes, const QRectF& bounds, QSizeF largest)
    : bounds_(bounds)
    , largest_(largest)
{
    if (boxes.empty())
        return;
    // About four boxes a cell.
    cell_ = std::max({std::sqrt(bounds.width() * bounds.height() * 4 / double(boxes.size())),
                      largest.height(), 1.0});
    columns_ = int(bounds.width() / cell_) + 1;
    rows_ = int(bounds.height() / cell_) + 1;
    starts_.assign(static_cast<size_t>(columns_) * static_cast<size_t>(rows_) + 1, 0);
    for (const QRectF& box : boxes)
        ++starts_[static_cast<size_t>(cellOf(box)) + 1];
    for (size_t i = 1; i < starts_.size(); ++i)
        starts_[i] += starts_[i - 1];
    std::vector<int> next = starts_;
    boxes_.resize(boxes.size());
    for (size_t i = 0; i < boxes.size(); ++i)
        boxes_[static_cast<size_t>(next[static_cast<size_t>(cellOf(boxes[i]))]++)] = int(i);
}

int DenseGrid::cellOf(const QRectF& box) const
{
    const int column = std::clamp(int((box.left() - bounds_.left()) / cell_), 0, columns_ - 1);
    const int row = std::clamp(int((box.top() - bounds_.top()) / cell_), 0, rows_ - 1);
    return row * columns_ + column;
}

} // namespace alpa::app
