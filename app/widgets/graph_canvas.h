// The zoomable canvas: levels of boxes (LevelPlacer says where, DrawnLevels draws them), where it
// looks, and what the mouse and keys do to it. Groups unfold in place.
#pragma once

#include "app/layout/canvas_filter.h"
#include "app/widgets/canvas_mouse.h"
#include "app/widgets/drawn_levels.h"
#include "app/widgets/level_placer.h"
#include "app/widgets/view_history.h"

#include <QGraphicsView>
#include <QTimer>

#include <functional>
#include <optional>
#include <set>
#include <vector>

namespace alpa::app
{

class GraphLevelItem;
class LinkItem;
class Minimap;

class GraphCanvas : public QGraphicsView
{
    Q_OBJECT

public:
    static constexpr double kSmallestScale = 0.02;
    static constexpr double kLargestScale = 4.0;

    explicit GraphCanvas(QWidget* parent = nullptr);
    ~GraphCanvas() override;

    /// Shows other content. Unfolded groups stay so where their keys still exist. `isSameShape`:
    /// keep the place looked at instead of fitting all.
    void setContent(CanvasContent content, bool isSameShape);
    /// `holders`: keys of boxes that the selection lies in, outlined with it.
    void setSelection(const Selection& selection, std::set<QString> holders = {});
    /// What the mouse is over in another view, outlined softly.
    void setHovered(const Selection& selection, std::set<QString> holders = {});
    /// Dims what is not of it, in this content and in what is shown later.
    void setFilter(const CanvasFilter& filter);
    const CanvasFilter& filter() const { return filter_; }
    /// Drawn over everything until others are set.
    void setLinks(std::vector<CanvasLink> links);
    const LinkItem* linkItem() const { return links_; } ///< Null if no link has two visible ends.
    /// The deepest box of the path that is drawn, in scene coordinates.
    std::optional<QRectF> visibleBox(const std::vector<QString>& path) const
    {
        return drawn_.visibleBox(path);
    }
    /// Brings a point of the scene to the middle.
    void showArea(QPointF middle);
    /// What the tip of a thing says besides; empty: nothing.
    void setTipAddition(std::function<QString(const Selection&)> addition);
    void refreshTip(); ///< If one is shown: what it says besides has changed.
    void setMinimapShown(bool isShown);
    void setUnfolded(const QString& key, bool isUnfolded);
    bool isUnfolded(const QString& key) const { return unfolded_.contains(key); }
    void foldAll();
    void fitAll();
    /// Fits what both show from now on, so that they have one scale. `other` outlives this.
    void fitWith(const GraphCanvas* other);
    void showAll();        ///< What fitAll does, on request: goBack leads back.
    void frameSelection(); ///< All that is selected in view, or everything.
    /// Places looked at before, as far as somebody went elsewhere on purpose.
    void goBack();
    void goForward();
    void zoomBy(double factor);
    /// Brings the box with `key` to the middle, unfolding nothing.
    void centerOnNode(const QString& key);
    /// Outermost level; null while there is nothing.
    const GraphLevelItem* rootItem() const { return drawn_.root(); }
    const GraphLevelItem* levelItem(const QString& key) const { return drawn_.item(key); }
    bool isLaidOut() const { return drawn_.root() != nullptr && !placer_.isWaiting(); }
    /// "dot, 4.1 ms" or "fast layout".
    QString engineText() const { return engineText_; }
    /// Boxes as plain rectangles, for the map in the corner.
    void paintOverview(QPainter& painter, const QRectF& target) const;
    void renderTo(QPainter& painter, const QRectF& target);
    QRectF contentRect() const;
    double aspect() const; ///< Of the view: width over height.

Q_SIGNALS:
    void selected(const alpa::app::Selection& selection);
    /// With Ctrl: one more, or one less.
    void toggled(const alpa::app::Selection& selection);
    /// Dragged over with Shift.
    void areaSelected(const std::vector<alpa::app::Selection>& selections);
    void hovered(const alpa::app::Selection& selection); ///< None when the mouse leaves.
    void menuRequested(const alpa::app::Selection& selection, const QString& key,
                       const QPoint& globalAt);
    void unfoldedChanged();
    void laidOut();

protected:
    bool event(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    void relayout();
    /// Where to look for `anchorKey_`'s box to stay where it was on screen, at `before`.
    void keepAnchor(const QRectF& box, QPointF before);
    void placeLinks();
    void centerNow(const QString& key);
    CanvasHit hitAt(const QPoint& at) const;
    QString tipAt(const CanvasHit& hit) const;
    void moveToNeighbour(int key);
    CanvasView view() const;
    void lookAt(const CanvasView& view);
    void rememberView();
    void hoverOver(const CanvasHit& hit);
    void selectArea(const QRect& area);
    void zoomAt(QPointF at, double factor);

    CanvasContent content_;
    std::set<QString> unfolded_;
    LevelPlacer placer_;
    QTimer patience_; ///< Shows the fast layout when dot keeps one waiting.
    QString engineText_;
    DrawnLevels drawn_;
    std::vector<CanvasLink> wantedLinks_;
    LinkItem* links_ = nullptr; ///< Owned by the scene.
    Minimap* minimap_ = nullptr;
    Selection selection_;
    std::set<QString> holders_;
    CanvasFilter filter_;
    const GraphCanvas* company_ = nullptr;
    bool wasFitted_ = true; ///< Nobody has zoomed since all was fitted: resizing fits again.
    std::function<QString(const Selection&)> tipAddition_;
    double unit_; ///< Pixels of a unit at 1:1, as charts have them.
    ViewHistory history_;
    NextView next_;
    CanvasMouse mouse_;
};

} // namespace alpa::app
