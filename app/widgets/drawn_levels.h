// The levels that are drawn in a scene, and what of them lies where.
#pragma once

#include "app/layout/canvas_level.h"

#include <QRectF>

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

class QGraphicsScene;

namespace alpa::app
{

class GraphLevelItem;
struct PlacedLevel;

/// A place of the canvas: a box of a level, and what of it.
struct CanvasHit {
    GraphLevelItem* item = nullptr; ///< Null: beside everything.
    int node = -1;
    int tensor = -1;
    int badge = -1;

    /// What stands there: a tensor's row, or its box, or what a badge selects.
    Selection selection() const;
    QString tip() const;
};

class DrawnLevels
{
public:
    /// Removes all items of `scene` and draws `level` instead, whose content goes into the items.
    void draw(PlacedLevel level, QGraphicsScene* scene);

    GraphLevelItem* root() const { return root_; } ///< Null until something is drawn.
    /// Of the outermost level and of every unfolded group, by key.
    const std::map<QString, GraphLevelItem*>& items() const { return items_; }
    GraphLevelItem* item(const QString& key) const; ///< Null if that group is folded.
    /// The deepest box of the path that is drawn, in scene coordinates.
    std::optional<QRectF> visibleBox(const std::vector<QString>& path) const;
    QRectF selectedArea() const; ///< Around all boxes that are selected; empty if none is.
    /// Where the content of an unfolded box begins, across: the middle of its topmost box.
    std::optional<double> headOf(const QString& key) const;
    CanvasHit hitAt(QPointF scenePoint) const;

private:
    void build(PlacedLevel& level, QGraphicsScene* scene, GraphLevelItem* parent, QPointF at,
               const QString& key);

    GraphLevelItem* root_ = nullptr; ///< Owned by the scene, like all items.
    std::map<QString, GraphLevelItem*> items_;
    /// Of every box, by key.
    std::unordered_map<QString, std::pair<const GraphLevelItem*, int>> places_;
};

} // namespace alpa::app
