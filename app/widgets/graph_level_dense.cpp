// How a level of tens of thousands of boxes looks: density from far, then plain boxes, then titles
// and arrows.
#include "app/widgets/graph_level_item.h"
#include "app/widgets/graph_level_metrics.h"

#include <QFontMetricsF>
#include <QLineF>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

namespace
{

constexpr double kBoxScale =
    0.05; ///< Boxes are under 8 pixels wide below: cells of the grid stand for them.
constexpr double kArrowScale = 0.12;
constexpr double kOutlineScale = 0.3;

} // namespace

void GraphLevelItem::paintDense(QPainter& painter, const QRectF& exposed, double scale,
                                const Theme& theme) const
{
    painter.setRenderHint(QPainter::Antialiasing, scale > 0.6);
    if (scale < kBoxScale) {
        grid_.visitCells(exposed, [&](const QRectF& cell, int node, int) {
            QColor color = fillOf(level_.nodes[static_cast<size_t>(node)], false, theme);
            if (!level_.nodes[static_cast<size_t>(node)].shade)
                color = theme.transfer;
            painter.setOpacity(filter_.isSet() ? kDimmedOpacity : 1);
            painter.fillRect(cell, color);
        });
        painter.setOpacity(1);
        // A cell stands for many boxes: those of the filter are drawn themselves.
        if (filter_.isSet())
            grid_.visit(exposed, [&](int node) {
                if (!isDimmed(node))
                    paintDenseNode(painter, node, scale, theme);
            });
    } else {
        std::vector<int> visible;
        grid_.visit(exposed, [&](int node) { visible.push_back(node); });
        if (scale >= kArrowScale)
            paintDenseEdges(painter, visible, theme);
        for (const int node : visible) {
            painter.setOpacity(isDimmed(node) ? kDimmedOpacity : 1);
            paintDenseNode(painter, node, scale, theme);
        }
        painter.setOpacity(1);
    }
    // What is selected can be found however far away one is.
    const int marked =
        selection_.kind == Selection::Kind::kOp && selection_.index < int(boxes_.size())
            ? selection_.index
            : -1;
    if (marked < 0)
        return;
    const double least = 12 / scale;
    QRectF mark = boxes_[static_cast<size_t>(marked)].adjusted(-2, -2, 2, 2);
    if (mark.width() < least)
        mark.adjust(-(least - mark.width()) / 2, -(least - mark.height()) / 2,
                    (least - mark.width()) / 2, (least - mark.height()) / 2);
    painter.setPen(QPen(theme.accent, 2.5 / std::min(scale, 1.0)));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(mark);
}

void GraphLevelItem::paintDenseEdges(QPainter& painter, const std::vector<int>& visible,
                                     const Theme& theme) const
{
    std::vector<QLineF> plain;
    for (const int node : visible) {
        const auto at = static_cast<size_t>(node);
        for (int i = edgeStarts_[at]; i < edgeStarts_[at + 1]; ++i) {
            const CanvasEdge& edge =
                level_.edges[static_cast<size_t>(edgesInto_[static_cast<size_t>(i)])];
            const QRectF& from = boxes_[static_cast<size_t>(edge.from)];
            const QRectF& to = boxes_[at];
            plain.emplace_back(QPointF(from.center().x(), from.bottom()),
                               QPointF(to.center().x(), to.top()));
        }
    }
    QPen pen(theme.transfer, 0); // cosmetic
    painter.setPen(pen);
    painter.drawLines(plain.data(), int(plain.size()));
}

void GraphLevelItem::paintDenseNode(QPainter& painter, int node, double scale,
                                    const Theme& theme) const
{
    const CanvasNode& content = level_.nodes[static_cast<size_t>(node)];
    const QRectF& box = boxes_[static_cast<size_t>(node)];
    const QColor fill = fillOf(content, false, theme);
    if (scale < kOutlineScale) {
        painter.fillRect(box, content.shade ? fill : theme.transfer);
        return;
    }
    painter.setPen(QPen(isHinted(node) || isSelected(node) ? theme.accent : theme.border, 0));
    painter.setBrush(fill);
    painter.drawRect(box);
    if (content.shadeAxis && *content.shadeAxis >= 0)
        fillAxisPattern(painter, QRectF(box.left(), box.top(), 5, box.height()), *content.shadeAxis,
                        false, theme);
    if (scale < kTextScale)
        return;
    painter.setFont(smallFont());
    painter.setPen(theme.text);
    painter.drawText(
        box.adjusted(8, 0, -6, 0), Qt::AlignVCenter | Qt::AlignLeft,
        QFontMetricsF(smallFont()).elidedText(content.title, Qt::ElideMiddle, box.width() - 14));
}

} // namespace alpa::app
