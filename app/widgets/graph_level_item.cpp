#include "app/widgets/graph_level_item.h"

#include "app/widgets/graph_level_metrics.h"
#include "app/widgets/sharding_strip.h"

#include <QApplication>
#include <QFontMetricsF>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

double rowWidth(const CanvasTensor& tensor)
{
    const QFontMetricsF metrics(smallFont());
    double width =
        metrics.horizontalAdvance(tensor.name) + 10 + metrics.horizontalAdvance(tensor.type) + 10;
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
        path.cubicTo(curve[i].x, curve[i].y, curve[i + 1].x, curve[i + 1].y, curve[i + 2].x,
                     curve[i + 2].y);
    return path;
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

GraphLevelItem::GraphLevelItem(CanvasLevel level, GraphLayout layout, std::vector<QSizeF> sizes,
                               std::set<int> unfolded, QGraphicsItem* parent)
    : QGraphicsItem(parent)
    , level_(std::move(level))
    , unfolded_(std::move(unfolded))
{
    setFlag(QGraphicsItem::ItemUsesExtendedStyleOption); // exposedRect
    setAcceptHoverEvents(false);
    for (size_t i = 0; i < level_.nodes.size(); ++i) {
        const QPointF center(layout.centers[i].x, layout.centers[i].y);
        boxes_.emplace_back(center - QPointF(sizes[i].width() / 2, sizes[i].height() / 2),
                            sizes[i]);
        bounds_ |= boxes_.back();
    }
    if (level_.isDense()) {
        bounds_.adjust(-12, -12, 12, 12);
        makeDense();
        return;
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

void GraphLevelItem::makeDense()
{
    grid_ = DenseGrid(boxes_, bounds_, kDenseBox);
    edgeStarts_.assign(boxes_.size() + 1, 0);
    for (const CanvasEdge& edge : level_.edges)
        ++edgeStarts_[static_cast<size_t>(edge.to) + 1];
    for (size_t i = 1; i < edgeStarts_.size(); ++i)
        edgeStarts_[i] += edgeStarts_[i - 1];
    std::vector<int> next = edgeStarts_;
    edgesInto_.resize(level_.edges.size());
    for (size_t e = 0; e < level_.edges.size(); ++e)
        edgesInto_[static_cast<size_t>(next[static_cast<size_t>(level_.edges[e].to)]++)] = int(e);
}

int GraphLevelItem::nodeAt(QPointF at) const
{
    if (level_.isDense()) {
        int found = -1;
        grid_.visit(QRectF(at, QSizeF(1, 1)), [&](int node) {
            if (box(node).contains(at))
                found = node;
        });
        return found;
    }
    for (size_t i = 0; i < boxes_.size(); ++i) {
        if (boxes_[i].contains(at))
            return int(i);
    }
    return -1;
}

int GraphLevelItem::tensorAt(int node, QPointF at) const
{
    const CanvasNode& box = level_.nodes[static_cast<size_t>(node)];
    if (level_.isDense() || unfolded_.contains(node) || box.style == CanvasNode::Style::kStub)
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

void GraphLevelItem::setSelection(const Selection& selection, const std::set<QString>& holders)
{
    selection_ = selection;
    holders_ = holders;
    update();
}

bool GraphLevelItem::isSelected(int node) const
{
    const CanvasNode& content = level_.nodes[static_cast<size_t>(node)];
    return (!content.selection.isNone() && content.selection == selection_) ||
           holders_.contains(content.key);
}

void GraphLevelItem::setHinted(const Selection& selection, const std::set<QString>& holders)
{
    if (selection == hinted_ && holders == hintedHolders_)
        return;
    hinted_ = selection;
    hintedHolders_ = holders;
    update();
}

bool GraphLevelItem::isHinted(int node) const
{
    const CanvasNode& content = level_.nodes[static_cast<size_t>(node)];
    return node == hovered_ || (!content.selection.isNone() && content.selection == hinted_) ||
           hintedHolders_.contains(content.key);
}

void GraphLevelItem::setFilter(const CanvasFilter& filter)
{
    filter_ = filter;
    bright_ = brightParts(level_, filter);
    update();
}

bool GraphLevelItem::isDimmed(int node) const
{
    return filter_.isSet() && !unfolded_.contains(node) &&
           !bright_.nodes[static_cast<size_t>(node)];
}

void GraphLevelItem::setHovered(int node)
{
    if (node == hovered_)
        return;
    hovered_ = node;
    update();
}

QString GraphLevelItem::dump() const
{
    QString text;
    for (const CanvasNode& node : level_.nodes) {
        text += node.key + u": "_s + node.title +
                (node.subtitle.isEmpty() ? QString() : u" | "_s + node.subtitle) + u'\n';
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
                u", %1 px"_s.arg(edgeWidth(edge.bytes), 0, 'f', 2) +
                (edge.badge.isEmpty() ? QString() : u", dashed rim ["_s + edge.badge + u']') +
                u'\n';
    }
    return text;
}

} // namespace alpa::app
