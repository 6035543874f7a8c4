// What colours, patterns and lines of the graph mean; wraps into as many lines as it needs.
#pragma once

#include "app/layout/canvas_filter.h"
#include "app/widgets/painted_chart.h"

#include <optional>
#include <vector>

namespace alpa
{
struct ParallelPlan;
}

namespace alpa::app
{

/// The scale of a colour mode: its name and the texts at both ends.
struct LegendScale {
    QString title, low, high;
    bool isDiverging = false;
    bool isLogarithmic = false; ///< Said beside the title.
    friend bool operator==(const LegendScale&, const LegendScale&) = default;
};

class GraphLegend : public PaintedChart
{
    Q_OBJECT

public:
    explicit GraphLegend(QWidget* parent = nullptr);
    /// The plan's stages give the sizes of the axes; null: no plan. `marksChanges`: explains their
    /// mark.
    void setPlan(const ParallelPlan* plan, bool marksChanges);
    void setScale(std::optional<LegendScale> scale);
    const std::optional<LegendScale>& scale() const { return scale_; }
    /// How many stages the boxes' tints tell apart; 0: they say something else.
    void setStages(int stages);
    /// What is picked out of the graph: a click on an entry, Enter or Space on the one that the
    /// arrows chose; the same again ends it.
    void setFilter(const CanvasFilter& filter);
    const CanvasFilter& filter() const { return filter_; }
    /// What each entry picks out, in order; unset where it is nothing.
    std::vector<CanvasFilter> entryFilters() const;
    /// Where each entry stands, in order: for a test that none is cut off.
    std::vector<QRectF> entryAreas() const;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override { return {600, heightForWidth(600)}; }
    QSize minimumSizeHint() const override { return {200, 28}; }

Q_SIGNALS:
    void axisMenuRequested(int axis, const QPoint& globalPosition);
    void filterChanged(const alpa::app::CanvasFilter& filter);
    void scaleMenuRequested(const QPoint& globalPosition); ///< Of the colour bar.

protected:
    void contextMenuEvent(QContextMenuEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    enum class Mark { kStage, kAxis, kReplicated, kPartial, kMoves, kChanged, kScale, kNone };
    struct Entry {
        Mark mark = Mark::kNone;
        int axis = 0; ///< Or the stage.
        QString text;
    };
    static CanvasFilter filterOf(const Entry& entry);
    int entryAt(QPointF at) const; ///< -1: none.
    void toggle(int entry);
    bool canBeChosen(int entry) const;
    void moveCurrent(int step);
    QString scaleTitle() const;
    double markWidth(const Entry& entry) const;
    std::vector<Entry> entries() const;
    std::vector<QRectF> areasFor(double width) const;
    void paintMark(QPainter& painter, const Entry& entry, QPointF at) const;
    void changed();

    struct Axis {
        QString name;
        int least = 1, most = 1; ///< Devices along it, over the stages.
    };
    std::vector<Axis> axes_;
    bool marksChanges_ = false;
    int stages_ = 0;
    CanvasFilter filter_;
    int current_ = -1; ///< Entry that the arrows chose.
    std::optional<LegendScale> scale_;
    QFont font_;
};

} // namespace alpa::app
