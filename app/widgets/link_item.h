// Arrows that lead from one level of the graph into another: what the selected operation reads and
// who reads it.
#pragma once

#include <QGraphicsItem>
#include <QPainterPath>

#include <utility>
#include <vector>

namespace alpa::app
{

class LinkItem : public QGraphicsItem
{
public:
    /// Pairs of boxes in scene coordinates, each arrow from the first to the second.
    explicit LinkItem(std::vector<std::pair<QRectF, QRectF>> ends);

    int count() const { return int(paths_.size()); }
    QRectF boundingRect() const override { return bounds_; }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    std::vector<QPainterPath> paths_;
    QRectF bounds_;
};

} // namespace alpa::app
