// Boxes found by place, for levels of tens of thousands: a uniform grid of cells, each with what
// begins in it.
#pragma once

#include <QRectF>

#include <algorithm>
#include <vector>

namespace alpa::app
{

class DenseGrid
{
public:
    DenseGrid() = default;
    /// O(boxes). Assumes that no box is larger than `largest`.
    DenseGrid(const std::vector<QRectF>& boxes, const QRectF& bounds, QSizeF largest);

    bool isEmpty() const { return columns_ == 0; }
    /// Numbers of boxes that may meet `area`, a few outside it among them; ascending within a cell.
    template <typename Visit>
    void visit(const QRectF& area, Visit&& visitBox) const
    {
        forCells(area.adjusted(-largest_.width(), -largest_.height(), 0, 0), [&](int cell) {
            for (int i = starts_[static_cast<size_t>(cell)];
                 i < starts_[static_cast<size_t>(cell) + 1]; ++i)
                visitBox(boxes_[static_cast<size_t>(i)]);
        });
    }
    /// Cells that meet `area` with how many boxes begin in each: what is drawn when boxes are
    /// smaller than pixels.
    template <typename Visit>
    void visitCells(const QRectF& area, Visit&& visitCell) const
    {
        forCells(area, [&](int cell) {
            const auto at = static_cast<size_t>(cell);
            if (starts_[at + 1] > starts_[at])
                visitCell(QRectF(bounds_.left() + cell % columns_ * cell_,
                                 bounds_.top() + cell / columns_ * cell_, cell_, cell_),
                          boxes_[static_cast<size_t>(starts_[at])], starts_[at + 1] - starts_[at]);
        });
    }

private:
    template <typename Visit>
    void forCells(const QRectF& area, Visit&& visitCell) const
    {
        if (isEmpty())
            return;
        const int left = std::max(0, int((area.left() - bounds_.left()) / cell_));
        const int top = std::max(0, int((area.top() - bounds_.top()) / cell_));
        const int right = std::min(columns_ - 1, int((area.right() - bounds_.left()) / cell_));
        const int bottom = std::min(rows_ - 1, int((area.bottom() - bounds_.top()) / cell_));
        for (int row = top; row <= bottom; ++row) {
            for (int column = left; column <= right; ++column)
                visitCell(row * columns_ + column);
        }
    }
    int cellOf(const QRectF& box) const;

    QRectF bounds_;
    QSizeF largest_;
    double cell_ = 1;
    int columns_ = 0, rows_ = 0;
    std::vector<int> starts_; ///< Into boxes_, by cell; one more than cells.
    std::vector<int> boxes_;
};

} // namespace alpa::app
