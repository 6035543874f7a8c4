// One level of the graph as a single graphics item: it paints all its boxes and arrows itself,
// which is what keeps panning fast. An unfolded group holds another such item.
#pragma once

#include "app/layout/canvas_filter.h"
#include "app/settings/theme.h"
#include "app/widgets/dense_grid.h"

#include <QFont>
#include <QGraphicsItem>
#include <QPainterPath>

#include <set>

namespace alpa::app
{

/// Sizes of a box by its content; fonts are those of the application.
QSizeF collapsedSize(const CanvasNode& node);
constexpr double kGroupHeader = 30;  ///< Above the content of an unfolded group.
constexpr double kGroupPadding = 16; ///< Around it.

class GraphLevelItem : public QGraphicsItem
{
public:
    /// `layout` belongs to `level`; `sizes` are the boxes' sizes; `unfolded` those that hold an
    /// item of their own.
    GraphLevelItem(CanvasLevel level, GraphLayout layout, std::vector<QSizeF> sizes,
                   std::set<int> unfolded, QGraphicsItem* parent = nullptr);

    QRectF boundingRect() const override { return bounds_; }
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

    const CanvasLevel& level() const { return level_; }
    QRectF box(int node) const { return boxes_[static_cast<size_t>(node)]; }
    /// The box at `at`; -1 if there is none.
    int nodeAt(QPointF at) const;
    /// The tensor row of that box; -1 if none.
    int tensorAt(int node, QPointF at) const;
    /// The badge of an edge; -1 if none.
    int badgeAt(QPointF at) const;
    /// Nodes and tensors with this selection are outlined, and so are the boxes `holders`, by key,
    /// that it lies in.
    void setSelection(const Selection& selection, const std::set<QString>& holders);
    bool isSelected(int node) const;
    void setHovered(int node);
    /// The same as a selection, for what the mouse is over in another view.
    void setHinted(const Selection& selection, const std::set<QString>& holders);
    bool isHinted(int node) const;
    /// Boxes and arrows that are not of the filter are dimmed; an unfolded box is judged by what is
    /// inside.
    void setFilter(const CanvasFilter& filter);
    bool isDimmed(int node) const;
    /// Boxes alone, as plain rectangles, with those of the levels inside.
    void paintOverview(QPainter& painter, const Theme& theme) const;
    /// What is drawn, as text, for golden tests; widths of arrows in pixels at 1:1.
    QString dump() const;

private:
    bool isEdgeDimmed(size_t edge) const { return filter_.isSet() && !bright_.edges[edge]; }
    void makeDense();
    void paintDense(QPainter& painter, const QRectF& exposed, double scale,
                    const Theme& theme) const;
    void paintDenseEdges(QPainter& painter, const std::vector<int>& visible,
                         const Theme& theme) const;
    void paintDenseNode(QPainter& painter, int node, double scale, const Theme& theme) const;
    QPen edgePen(const CanvasEdge& edge, double scale, const Theme& theme) const;
    QColor fillOf(const CanvasNode& node, bool isOpen, const Theme& theme) const;
    void paintEdges(QPainter& painter, const QRectF& exposed, double scale,
                    const Theme& theme) const;
    QRectF badgeArea(size_t edge, double scale) const;
    void paintBadge(QPainter& painter, size_t edge, double scale, const Theme& theme) const;
    void paintFromFar(QPainter& painter, const CanvasNode& content, const QRectF& box, double scale,
                      const Theme& theme) const;
    void paintNode(QPainter& painter, size_t node, double scale, const Theme& theme) const;
    void paintTensors(QPainter& painter, size_t node, const Theme& theme) const;

    CanvasLevel level_;
    CanvasFilter filter_;
    BrightParts bright_; ///< By the filter.
    std::vector<QRectF> boxes_;
    std::set<int> unfolded_;
    std::vector<QPainterPath> curves_;
    std::vector<QRectF> badges_; ///< Empty rectangles where an edge has none.
    // Of dense levels only.
    DenseGrid grid_;
    std::vector<int> edgeStarts_; ///< Into edgesInto_, by node.
    std::vector<int> edgesInto_;  ///< Edges by the node that they lead to.
    QRectF bounds_;
    Selection selection_;
    std::set<QString> holders_;
    Selection hinted_;
    std::set<QString> hintedHolders_;
    int hovered_ = -1;
};

} // namespace alpa::app
