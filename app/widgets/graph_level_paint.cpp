// How a level looks: boxes, rows, arrows and badges, with less detail the smaller they get.
#include "app/widgets/graph_level_item.h"
#include "app/widgets/graph_level_metrics.h"
#include "app/widgets/sharding_strip.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kMostHeaderZoom = 1.5;  ///< Of letters in a header of kTitleHeight.
constexpr double kLeastArrowScale = 0.3; ///< From farther away arrows are thinner on the screen.
constexpr double kBadgeText = 0.8;       ///< Scale at which a badge's 11 px are just legible.

QFont zoomed(QFont font, double zoom)
{
    font.setPixelSize(int(font.pixelSize() * zoom));
    return font;
}

QColor blend(const QColor& a, const QColor& b, double share)
{
    return QColor::fromRgbF(float(a.redF() * (1 - share) + b.redF() * share),
                            float(a.greenF() * (1 - share) + b.greenF() * share),
                            float(a.blueF() * (1 - share) + b.blueF() * share));
}

void paintArrow(QPainter& painter, QPointF tip, double angle)
{
    const QPointF left = tip + QPointF(std::cos(angle + 2.7), std::sin(angle + 2.7)) * 8;
    const QPointF right = tip + QPointF(std::cos(angle - 2.7), std::sin(angle - 2.7)) * 8;
    const QPointF points[] = {tip, left, right};
    painter.drawPolygon(points, 3);
}

} // namespace

void GraphLevelItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* option,
                           QWidget* widget)
{
    const Theme& theme = widget != nullptr ? themeOf(widget) : themeOf(QApplication::palette());
    const double scale =
        QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform());
    const QRectF exposed = option->exposedRect;
    painter->setRenderHint(QPainter::Antialiasing, scale > 0.25);
    if (level_.isDense()) {
        paintDense(*painter, exposed, scale, theme);
        return;
    }
    paintEdges(*painter, exposed, scale, theme);
    for (size_t i = 0; i < boxes_.size(); ++i) {
        if (!boxes_[i].intersects(exposed))
            continue;
        painter->setOpacity(isDimmed(int(i)) ? kDimmedOpacity : 1);
        paintNode(*painter, i, scale, theme);
    }
    painter->setOpacity(1);
    if (scale < kBadgeScale)
        return;
    for (size_t e = 0; e < badges_.size(); ++e) {
        if (badges_[e].isEmpty() || !badges_[e].intersects(exposed))
            continue;
        painter->setOpacity(isEdgeDimmed(e) ? kDimmedOpacity : 1);
        paintBadge(*painter, e, scale, theme);
    }
    painter->setOpacity(1);
}

QPen GraphLevelItem::edgePen(const CanvasEdge& edge, double scale, const Theme& theme) const
{
    const double width = edgeWidth(edge.bytes) / std::clamp(scale, kLeastArrowScale, 1.0);
    QColor color = theme.transfer;
    Qt::PenStyle style = Qt::SolidLine;
    for (int axis = 0; edge.spec && axis < kMaxMeshAxes; ++axis) {
        if (!hasAxis(edge.spec->usedAxes(), axis))
            continue;
        // The last axis wins: it splits what the others left.
        color = theme.axis[static_cast<size_t>(axis & 3)];
        if (theme.isDark && (axis & 3) == 3)
            color = color.lighter(180);
        style = axisPenStyle(axis);
    }
    if (hovered_ == edge.from || hovered_ == edge.to)
        color = theme.accent;
    return QPen(color, width, style);
}

void GraphLevelItem::paintEdges(QPainter& painter, const QRectF& exposed, double scale,
                                const Theme& theme) const
{
    for (size_t e = 0; e < curves_.size(); ++e) {
        if (curves_[e].isEmpty() ||
            !curves_[e].boundingRect().adjusted(-8, -8, 8, 8).intersects(exposed))
            continue;
        const CanvasEdge& edge = level_.edges[e];
        painter.setOpacity(isEdgeDimmed(e) ? kDimmedOpacity : 1);
        const QPen pen = edgePen(edge, scale, theme);
        painter.setBrush(Qt::NoBrush);
        if (!edge.badge.isEmpty()) {
            // What has to move has a dashed red rim and keeps the colour of its sharding inside.
            painter.setPen(movedRim(pen.widthF(), theme));
            painter.drawPath(curves_[e]);
            painter.setPen(QPen(theme.window, pen.widthF() + 0.6));
            painter.drawPath(curves_[e]);
        }
        painter.setPen(pen);
        painter.drawPath(curves_[e]);
        if (scale < 0.3)
            continue;
        painter.setPen(Qt::NoPen);
        painter.setBrush(edge.badge.isEmpty() ? pen.color() : theme.error);
        const double end = edge.isBackward ? 0.0 : 1.0;
        const QPointF tip = curves_[e].pointAtPercent(end);
        const QPointF before = curves_[e].pointAtPercent(edge.isBackward ? 0.03 : 0.97);
        paintArrow(painter, tip, std::atan2(tip.y() - before.y(), tip.x() - before.x()));
    }
    painter.setOpacity(1);
}

void GraphLevelItem::paintOverview(QPainter& painter, const Theme& theme) const
{
    if (level_.isDense()) {
        grid_.visitCells(
            bounds_, [&](const QRectF& cell, int, int) { painter.fillRect(cell, theme.transfer); });
        return;
    }
    for (size_t i = 0; i < boxes_.size(); ++i) {
        const bool isOpen = unfolded_.contains(int(i));
        QColor fill = fillOf(level_.nodes[i], isOpen, theme);
        if (!isOpen && !level_.nodes[i].shade)
            fill = blend(fill, theme.transfer, 0.55);
        painter.fillRect(boxes_[i], isSelected(int(i)) && !isOpen ? theme.accent : fill);
    }
    for (const QGraphicsItem* child : childItems()) {
        painter.save();
        painter.translate(child->pos());
        static_cast<const GraphLevelItem*>(child)->paintOverview(painter, theme);
        painter.restore();
    }
}

/// From far larger than its place, so that it can be read, if that covers no other and no box's
/// name.
QRectF GraphLevelItem::badgeArea(size_t edge, double scale) const
{
    const QRectF& own = badges_[edge];
    const double zoom = std::max(1.0, kBadgeText / scale);
    QRectF area(QPointF(), own.size() * zoom);
    area.moveCenter(own.center());
    const auto isCovered = [&](const QRectF& other) {
        return &other != &own && !other.isEmpty() && area.intersects(other);
    };
    // The outermost tenths of a box are its frame.
    const auto isOverBox = [&](const QRectF& box) {
        return area.intersects(box.adjusted(0, box.height() * 0.1, 0, -box.height() * 0.1));
    };
    return zoom > 1 && (std::ranges::any_of(badges_, isCovered) ||
                        std::ranges::any_of(boxes_, isOverBox))
               ? own
               : area;
}

void GraphLevelItem::paintBadge(QPainter& painter, size_t edge, double scale,
                                const Theme& theme) const
{
    const QRectF area = badgeArea(edge, scale);
    painter.setPen(QPen(theme.error, 1));
    painter.setBrush(theme.surface);
    painter.drawRoundedRect(area, area.height() / 2, area.height() / 2);
    painter.setFont(zoomed(smallFont(true), area.height() / badges_[edge].height()));
    painter.setPen(theme.error);
    painter.drawText(area, Qt::AlignCenter, level_.edges[edge].badge);
}

QColor GraphLevelItem::fillOf(const CanvasNode& node, bool isOpen, const Theme& theme) const
{
    if (node.style == CanvasNode::Style::kStub)
        return theme.window;
    if (node.shade && !isOpen)
        return node.isDiverging ? divergingColor(*node.shade, theme)
                                : heatColor(*node.shade, theme);
    if (node.stage < 0 || node.shadeAxis)
        return isOpen ? theme.raised : theme.surface;
    const QColor tint = theme.stageTint[static_cast<size_t>(node.stage % 2)];
    return isOpen ? blend(theme.surface, tint, 0.45) : tint;
}

void GraphLevelItem::paintNode(QPainter& painter, size_t node, double scale,
                               const Theme& theme) const
{
    const CanvasNode& content = level_.nodes[node];
    const QRectF& box = boxes_[node];
    const bool isOpen = unfolded_.contains(int(node));
    const bool isMarked = isSelected(int(node));
    const bool isStub = content.style == CanvasNode::Style::kStub;
    const QColor fill = fillOf(content, isOpen, theme);
    QPen outline(isMarked              ? theme.accent
                 : isHinted(int(node)) ? theme.accent
                                       : theme.border,
                 isMarked ? 2.5 : 1.2);
    if (isStub)
        outline.setStyle(Qt::DashLine);
    painter.setPen(outline);
    painter.setBrush(fill);
    painter.drawRoundedRect(box, isStub ? 11 : 6, isStub ? 11 : 6);
    if (content.shadeAxis) {
        // By sharding: a band in the axis' colour and pattern, hollow when replicated.
        const QRectF band(box.left() + 1, box.top() + 6, 6, box.height() - 12);
        if (*content.shadeAxis >= 0) {
            fillAxisPattern(painter, band, *content.shadeAxis, false, theme);
        } else {
            painter.setPen(QPen(theme.replicated, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(band.adjusted(0, 0, -1, 0));
        }
    }

    if (isStub) {
        if (scale >= kTextScale) {
            painter.setFont(smallFont());
            painter.setPen(theme.mutedText);
            painter.drawText(box, Qt::AlignCenter, content.title);
        }
        return;
    }
    painter.setPen(theme.text);
    const QRectF titleArea(box.left() + kPadding, box.top() + 3, box.width() - 2 * kPadding,
                           kTitleHeight - 3);
    if (scale < kTextScale && !isOpen) {
        // From far the name alone, as large as the box lets it be.
        paintFromFar(painter, content, box, scale, theme);
        return;
    }
    // The header of an open box is all that names it, so it stays legible as long as it fits.
    const double zoom = isOpen ? std::clamp(kTextScale / scale, 1.0, kMostHeaderZoom) : 1;
    const QFont titles = zoomed(titleFont(), zoom);
    const QFont corners = zoomed(smallFont(true), zoom);
    painter.setFont(titles);
    const QString sign = content.isGroup ? (isOpen ? u"▾ "_s : u"▸ "_s) : QString();
    const double corner =
        content.corner.isEmpty() ? 0 : QFontMetricsF(corners).horizontalAdvance(content.corner) + 8;
    const QString title = QFontMetricsF(titles).elidedText(sign + content.title, Qt::ElideMiddle,
                                                           titleArea.width() - corner);
    painter.drawText(titleArea, Qt::AlignLeft | Qt::AlignVCenter, title);
    if (!content.corner.isEmpty()) {
        painter.setFont(corners);
        painter.setPen(theme.mutedText);
        painter.drawText(titleArea, Qt::AlignRight | Qt::AlignVCenter, content.corner);
    }
    if (!isOpen)
        paintTensors(painter, node, theme);
}

/// The name alone, as large as the box lets it be, and how its last tensor, a layer's output, is
/// split: below the name, never over it.
void GraphLevelItem::paintFromFar(QPainter& painter, const CanvasNode& content, const QRectF& box,
                                  double scale, const Theme& theme) const
{
    double below = box.bottom();
    if (!content.tensors.empty() && content.tensors.back().spec) {
        const std::vector<StripCell> cells = stripCells(*content.tensors.back().spec);
        const double zoom = std::min({0.9 / scale, (box.width() - 16) / stripWidth(cells),
                                      box.height() * 0.3 / kStripCellHeight});
        below -= kStripCellHeight * zoom + std::min(8.0, box.height() * 0.08);
        painter.save();
        painter.translate(box.center().x() - stripWidth(cells) * zoom / 2, below);
        painter.scale(zoom, zoom);
        paintStrip(painter, {0, 0}, cells, theme);
        painter.restore();
    }
    const QRectF room(box.left() + 4, box.top() + 1, box.width() - 8, below - box.top() - 2);
    QFont font = titleFont();
    const int least = font.pixelSize();
    font.setPixelSize(std::max(least, int(std::min({12.0 / scale, 48.0, room.height() * 0.8}))));
    while (font.pixelSize() > least &&
           QFontMetricsF(font).horizontalAdvance(content.title) > room.width() - 4)
        font.setPixelSize(font.pixelSize() - 1);
    painter.setFont(font);
    painter.setPen(theme.text);
    painter.drawText(room, Qt::AlignCenter,
                     QFontMetricsF(font).elidedText(content.title, Qt::ElideMiddle, room.width()));
}

void GraphLevelItem::paintTensors(QPainter& painter, size_t node, const Theme& theme) const
{
    const CanvasNode& content = level_.nodes[node];
    const QRectF& box = boxes_[node];
    double y = box.top() + kTitleHeight;
    painter.setFont(smallFont());
    const QFontMetricsF metrics(smallFont());
    if (!content.subtitle.isEmpty()) {
        painter.setPen(theme.mutedText);
        painter.drawText(
            QRectF(box.left() + kPadding, y - 2, box.width() - 2 * kPadding, kSubtitleHeight),
            Qt::AlignLeft | Qt::AlignVCenter,
            metrics.elidedText(content.subtitle, Qt::ElideRight, box.width() - 2 * kPadding));
        y += kSubtitleHeight;
    }
    for (const CanvasTensor& tensor : content.tensors) {
        const QRectF row(box.left() + kPadding, y, box.width() - 2 * kPadding, kRowHeight);
        if (!tensor.selection.isNone() && tensor.selection == selection_) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(theme.selection);
            painter.drawRoundedRect(row.adjusted(-4, 1, 4, -1), 3, 3);
        }
        double right = row.right();
        if (tensor.spec) {
            const std::vector<StripCell> cells = stripCells(*tensor.spec);
            right -= stripWidth(cells);
            paintStrip(painter, {right, y + (kRowHeight - kStripCellHeight) / 2}, cells, theme);
            if (tensor.isChanged) {
                painter.setPen(QPen(theme.measured, 2));
                painter.setBrush(Qt::NoBrush);
                painter.drawRoundedRect(
                    QRectF(right - 3, y + 0.5, stripWidth(cells) + 6, kRowHeight - 1), 4, 4);
                right -= 3;
            }
            right -= 8;
        }
        if (!tensor.badge.isEmpty()) {
            painter.setFont(smallFont(true));
            const double width =
                QFontMetricsF(smallFont(true)).horizontalAdvance(tensor.badge) + 10;
            const QRectF badge(right - width, y + 2, width, kRowHeight - 4);
            painter.setPen(QPen(theme.error, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(badge, 8, 8);
            painter.drawText(badge, Qt::AlignCenter, tensor.badge);
            painter.setFont(smallFont());
            right = badge.left() - 6;
        }
        painter.setPen(theme.mutedText);
        const double typeWidth = metrics.horizontalAdvance(tensor.type);
        painter.drawText(QRectF(right - typeWidth - 1, y, typeWidth + 1, kRowHeight),
                         Qt::AlignRight | Qt::AlignVCenter, tensor.type);
        painter.setPen(theme.text);
        const double room = right - typeWidth - 8 - row.left();
        painter.drawText(QRectF(row.left(), y, std::max(room, 0.0), kRowHeight),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(tensor.name, Qt::ElideMiddle, std::max(room, 0.0)));
        y += kRowHeight;
    }
    if (content.heat < 0)
        return;
    const QRectF bar(box.left() + kPadding, box.bottom() - kHeatBar - 4, box.width() - 2 * kPadding,
                     kHeatBar);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.border);
    painter.drawRoundedRect(bar, 2, 2);
    painter.setBrush(theme.accent);
    painter.drawRoundedRect(
        QRectF(bar.topLeft(), QSizeF(bar.width() * std::min(1.0, content.heat), bar.height())), 2,
        2);
}

} // namespace alpa::app
