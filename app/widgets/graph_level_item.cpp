#include "app/widgets/graph_level_item.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/sharding_strip.h"

#include <QApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kTitleHeight = 26;
constexpr double kSubtitleHeight = 17;
constexpr double kRowHeight = 20;
constexpr double kPadding = 8;
constexpr double kHeatBar = 4;
// Below these scales text cannot be read, so it is not drawn: 11 px text at 0.55 is 6 px.
constexpr double kTextScale = 0.55;
constexpr double kBadgeScale = 0.4;

QFont titleFont()
{
    QFont font = QApplication::font();
    font.setPixelSize(13);
    font.setBold(true);
    return font;
}

QFont smallFont(bool isBold = false)
{
    QFont font = QApplication::font();
    font.setPixelSize(11);
    font.setBold(isBold);
    return font;
}

double rowWidth(const CanvasTensor& tensor)
{
    const QFontMetricsF metrics(smallFont());
    double width = metrics.horizontalAdvance(tensor.name) + 10 + metrics.horizontalAdvance(tensor.type) + 10;
    if (tensor.spec)
        width += stripWidth(stripCells(*tensor.spec)) + 8;
    if (!tensor.badge.isEmpty())
        width += QFontMetricsF(smallFont(true)).horizontalAdvance(tensor.badge) + 20;
    return width;
}

QPainterPath toPath(const std::vector<LayoutPoint>& curve)
{
    QPainterPath path;
    if (curve.empty())
        return path;
    path.moveTo(curve[0].x, curve[0].y);
    for (size_t i = 1; i + 2 < curve.size(); i += 3)
        path.cubicTo(curve[i].x, curve[i].y, curve[i + 1].x, curve[i + 1].y, curve[i + 2].x, curve[i + 2].y);
    return path;
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

QSizeF collapsedSize(const CanvasNode& node)
{
    const double titleWidth = QFontMetricsF(titleFont()).horizontalAdvance(node.title);
    const double cornerWidth = QFontMetricsF(smallFont(true)).horizontalAdvance(node.corner);
    if (node.style == CanvasNode::Style::kStub)
        return {std::ceil(QFontMetricsF(smallFont()).horizontalAdvance(node.title) + 22), 22};
    double width = titleWidth + (cornerWidth > 0 ? cornerWidth + 16 : 0);
    width = std::max(width, QFontMetricsF(smallFont()).horizontalAdvance(node.subtitle));
    for (const CanvasTensor& tensor : node.tensors)
        width = std::max(width, rowWidth(tensor));
    const double least = node.style == CanvasNode::Style::kLayer ? 190 : 120;
    double height = kTitleHeight + kRowHeight * double(node.tensors.size());
    height += node.subtitle.isEmpty() ? 0 : kSubtitleHeight;
    height += node.heat >= 0 ? kHeatBar + 2 : 0;
    return {std::ceil(std::clamp(width + 2 * kPadding + 4, least, 460.0)), std::ceil(height + 6)};
}

GraphLevelItem::GraphLevelItem(CanvasLevel level, GraphLayout layout, std::vector<QSizeF> sizes, std::set<int> unfolded,
                               QGraphicsItem* parent)
    : QGraphicsItem(parent), level_(std::move(level)), unfolded_(std::move(unfolded))
{
    setFlag(QGraphicsItem::ItemUsesExtendedStyleOption); // exposedRect
    setAcceptHoverEvents(false);
    for (size_t i = 0; i < level_.nodes.size(); ++i) {
        const QPointF center(layout.centers[i].x, layout.centers[i].y);
        boxes_.emplace_back(center - QPointF(sizes[i].width() / 2, sizes[i].height() / 2), sizes[i]);
        bounds_ |= boxes_.back();
    }
    const QFontMetricsF metrics(smallFont(true));
    for (size_t e = 0; e < level_.edges.size(); ++e) {
        curves_.push_back(toPath(layout.curves[e]));
        bounds_ |= curves_.back().boundingRect();
        QRectF badge;
        if (!level_.edges[e].badge.isEmpty() && !curves_.back().isEmpty()) {
            badge.setSize({metrics.horizontalAdvance(level_.edges[e].badge) + 14, 18});
            badge.moveCenter(curves_.back().pointAtPercent(0.5));
            // Badges of parallel arrows slide apart instead of covering one another.
            for (const QRectF& other : badges_) {
                if (badge.intersects(other))
                    badge.moveCenter(curves_.back().pointAtPercent(0.3));
            }
            bounds_ |= badge;
        }
        badges_.push_back(badge);
    }
    bounds_.adjust(-12, -12, 12, 12);
}

int GraphLevelItem::nodeAt(QPointF at) const
{
    for (size_t i = 0; i < boxes_.size(); ++i) {
        if (boxes_[i].contains(at))
            return int(i);
    }
    return -1;
}

int GraphLevelItem::tensorAt(int node, QPointF at) const
{
    const CanvasNode& box = level_.nodes[static_cast<size_t>(node)];
    if (unfolded_.contains(node) || box.style == CanvasNode::Style::kStub)
        return -1;
    double top = boxes_[static_cast<size_t>(node)].top() + kTitleHeight;
    top += box.subtitle.isEmpty() ? 0 : kSubtitleHeight;
    const int row = int(std::floor((at.y() - top) / kRowHeight));
    return at.y() >= top && row < int(box.tensors.size()) ? row : -1;
}

int GraphLevelItem::badgeAt(QPointF at) const
{
    for (size_t e = 0; e < badges_.size(); ++e) {
        if (!badges_[e].isEmpty() && badges_[e].contains(at))
            return int(e);
    }
    return -1;
}

void GraphLevelItem::setSelection(const Selection& selection)
{
    selection_ = selection;
    update();
}

void GraphLevelItem::setHovered(int node)
{
    if (node == hovered_)
        return;
    hovered_ = node;
    update();
}

void GraphLevelItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget)
{
    const Theme& theme = widget != nullptr ? themeOf(widget) : themeOf(QApplication::palette());
    const double scale = QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform());
    const QRectF exposed = option->exposedRect;
    painter->setRenderHint(QPainter::Antialiasing, scale > 0.25);
    paintEdges(*painter, exposed, scale, theme);
    for (size_t i = 0; i < boxes_.size(); ++i) {
        if (boxes_[i].intersects(exposed))
            paintNode(*painter, i, scale, theme);
    }
    if (scale < kBadgeScale)
        return;
    for (size_t e = 0; e < badges_.size(); ++e) {
        if (!badges_[e].isEmpty() && badges_[e].intersects(exposed))
            paintBadge(*painter, e, theme);
    }
}

void GraphLevelItem::paintEdges(QPainter& painter, const QRectF& exposed, double scale, const Theme& theme) const
{
    for (size_t e = 0; e < curves_.size(); ++e) {
        if (curves_[e].isEmpty() || !curves_[e].boundingRect().adjusted(-8, -8, 8, 8).intersects(exposed))
            continue;
        const CanvasEdge& edge = level_.edges[e];
        const bool moves = !edge.badge.isEmpty();
        const bool touches = hovered_ == edge.from || hovered_ == edge.to;
        const QColor color = moves ? theme.error : touches ? theme.accent : theme.transfer;
        // One pixel for a byte, two and a half for a gibibyte.
        const double width = 1 + std::log10(1 + edge.bytes / 1024) / 4;
        QPen pen(color, width / std::min(1.0, std::max(scale, 0.3)));
        if (moves)
            pen.setStyle(Qt::DashLine);
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(curves_[e]);
        if (scale < 0.3)
            continue;
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        const double end = edge.isBackward ? 0.0 : 1.0;
        const QPointF tip = curves_[e].pointAtPercent(end);
        const QPointF before = curves_[e].pointAtPercent(edge.isBackward ? 0.03 : 0.97);
        paintArrow(painter, tip, std::atan2(tip.y() - before.y(), tip.x() - before.x()));
    }
}

void GraphLevelItem::paintBadge(QPainter& painter, size_t edge, const Theme& theme) const
{
    painter.setPen(QPen(theme.error, 1));
    painter.setBrush(theme.surface);
    painter.drawRoundedRect(badges_[edge], 9, 9);
    painter.setFont(smallFont(true));
    painter.setPen(theme.error);
    painter.drawText(badges_[edge], Qt::AlignCenter, level_.edges[edge].badge);
}

void GraphLevelItem::paintNode(QPainter& painter, size_t node, double scale, const Theme& theme) const
{
    const CanvasNode& content = level_.nodes[node];
    const QRectF& box = boxes_[node];
    const bool isOpen = unfolded_.contains(int(node));
    const bool isSelected = !content.selection.isNone() && content.selection == selection_;
    const bool isStub = content.style == CanvasNode::Style::kStub;
    QColor fill = theme.surface;
    if (isStub)
        fill = theme.window;
    else if (content.stage >= 0)
        fill = isOpen ? blend(theme.surface, theme.stageTint[static_cast<size_t>(content.stage % 2)], 0.45)
                      : theme.stageTint[static_cast<size_t>(content.stage % 2)];
    else if (isOpen)
        fill = theme.raised;
    QPen outline(isSelected ? theme.accent : hovered_ == int(node) ? theme.accent : theme.border, isSelected ? 2.5 : 1.2);
    if (isStub)
        outline.setStyle(Qt::DashLine);
    painter.setPen(outline);
    painter.setBrush(fill);
    painter.drawRoundedRect(box, isStub ? 11 : 6, isStub ? 11 : 6);

    if (isStub) {
        if (scale >= kTextScale) {
            painter.setFont(smallFont());
            painter.setPen(theme.mutedText);
            painter.drawText(box, Qt::AlignCenter, content.title);
        }
        return;
    }
    painter.setPen(theme.text);
    const QRectF titleArea(box.left() + kPadding, box.top() + 3, box.width() - 2 * kPadding, kTitleHeight - 3);
    if (scale < kTextScale && !isOpen) {
        // From far the name alone, as large as the box lets it be.
        QFont font = titleFont();
        font.setPixelSize(int(std::clamp(12.0 / scale, 13.0, std::min(48.0, box.height() * 0.5))));
        while (font.pixelSize() > 13 && QFontMetricsF(font).horizontalAdvance(content.title) > box.width() - 12)
            font.setPixelSize(font.pixelSize() - 1);
        painter.setFont(font);
        painter.drawText(box.adjusted(4, 0, -4, -box.height() / 4), Qt::AlignCenter, content.title);
        // And how its last tensor, a layer's output, is split.
        if (content.tensors.empty() || !content.tensors.back().spec)
            return;
        const std::vector<StripCell> cells = stripCells(*content.tensors.back().spec);
        const double zoom = std::min({0.9 / scale, (box.width() - 16) / stripWidth(cells), box.height() / 3 / kStripCellHeight});
        painter.save();
        painter.translate(box.center().x() - stripWidth(cells) * zoom / 2, box.bottom() - kStripCellHeight * zoom - 8);
        painter.scale(zoom, zoom);
        paintStrip(painter, {0, 0}, cells, theme);
        painter.restore();
        return;
    }
    painter.setFont(titleFont());
    const QString sign = content.isGroup ? (isOpen ? u"▾ "_s : u"▸ "_s) : QString();
    const QFontMetricsF small(smallFont(true));
    const double corner = content.corner.isEmpty() ? 0 : small.horizontalAdvance(content.corner) + 8;
    const QString title =
        QFontMetricsF(titleFont()).elidedText(sign + content.title, Qt::ElideMiddle, titleArea.width() - corner);
    painter.drawText(titleArea, Qt::AlignLeft | Qt::AlignVCenter, title);
    if (!content.corner.isEmpty()) {
        painter.setFont(smallFont(true));
        painter.setPen(theme.mutedText);
        painter.drawText(titleArea, Qt::AlignRight | Qt::AlignVCenter, content.corner);
    }
    if (!isOpen)
        paintTensors(painter, node, theme);
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
        painter.drawText(QRectF(box.left() + kPadding, y - 2, box.width() - 2 * kPadding, kSubtitleHeight),
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
                painter.drawRoundedRect(QRectF(right - 3, y + 0.5, stripWidth(cells) + 6, kRowHeight - 1), 4, 4);
                right -= 3;
            }
            right -= 8;
        }
        if (!tensor.badge.isEmpty()) {
            painter.setFont(smallFont(true));
            const double width = QFontMetricsF(smallFont(true)).horizontalAdvance(tensor.badge) + 10;
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
        painter.drawText(QRectF(right - typeWidth - 1, y, typeWidth + 1, kRowHeight), Qt::AlignRight | Qt::AlignVCenter,
                         tensor.type);
        painter.setPen(theme.text);
        const double room = right - typeWidth - 8 - row.left();
        painter.drawText(QRectF(row.left(), y, std::max(room, 0.0), kRowHeight), Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(tensor.name, Qt::ElideMiddle, std::max(room, 0.0)));
        y += kRowHeight;
    }
    if (content.heat < 0)
        return;
    const QRectF bar(box.left() + kPadding, box.bottom() - kHeatBar - 4, box.width() - 2 * kPadding, kHeatBar);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.border);
    painter.drawRoundedRect(bar, 2, 2);
    painter.setBrush(theme.accent);
    painter.drawRoundedRect(QRectF(bar.topLeft(), QSizeF(bar.width() * std::min(1.0, content.heat), bar.height())), 2, 2);
}

QString GraphLevelItem::dump() const
{
    QString text;
    for (const CanvasNode& node : level_.nodes) {
        text += node.key + u": "_s + node.title + (node.subtitle.isEmpty() ? QString() : u" | "_s + node.subtitle) + u'\n';
        for (const CanvasTensor& tensor : node.tensors) {
            text += u"  "_s + tensor.name + u' ' + tensor.type;
            if (tensor.spec)
                text += u' ' + QString::fromStdString(formatSpec(*tensor.spec));
            text += (tensor.badge.isEmpty() ? QString() : u" ["_s + tensor.badge + u']') + u'\n';
        }
    }
    for (const CanvasEdge& edge : level_.edges) {
        text += level_.nodes[static_cast<size_t>(edge.from)].key + u" -> "_s +
                level_.nodes[static_cast<size_t>(edge.to)].key +
                (edge.badge.isEmpty() ? QString() : u" ["_s + edge.badge + u']') + u'\n';
    }
    return text;
}

} // namespace alpa::app
