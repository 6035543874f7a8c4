// What colours, patterns and lines of the graph mean; wraps into as many lines as it needs.
#pragma once

#include "app/widgets/painted_chart.h"

#include <optional>
#include <vector>

namespace alpa
{
struct DeviceMesh;
}

namespace alpa::app
{

/// The scale of a colour mode: its name and the texts at both ends.
struct LegendScale {
    QString title, low, high;
    bool isDiverging = false;
    friend bool operator==(const LegendScale&, const LegendScale&) = default;
};

class GraphLegend : public PaintedChart
{
    Q_OBJECT

public:
    explicit GraphLegend(QWidget* parent = nullptr);
    /// `mesh` gives the sizes of the axes; null: no plan. `marksChanges`: explains their mark.
    void setMesh(const DeviceMesh* mesh, bool marksChanges);
    void setScale(std::optional<LegendScale> scale);
    const std::optional<LegendScale>& scale() const { return scale_; }
    /// Where each entry stands, in order: for a test that none is cut off.
    std::vector<QRectF> entryAreas() const;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override { return {600, heightForWidth(600)}; }
    QSize minimumSizeHint() const override { return {200, 28}; }

Q_SIGNALS:
    void axisMenuRequested(int axis, const QPoint& globalPosition);

protected:
    void contextMenuEvent(QContextMenuEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    enum class Mark { kAxis, kReplicated, kPartial, kMoves, kChanged, kScale, kNone };
    struct Entry {
        Mark mark = Mark::kNone;
        int axis = 0;
        QString text;
    };
    double markWidth(const Entry& entry) const;
    std::vector<Entry> entries() const;
    std::vector<QRectF> areasFor(double width) const;
    void paintMark(QPainter& painter, const Entry& entry, QPointF at) const;
    void changed();

    struct Axis {
        QString name;
        int size = 1;
    };
    std::vector<Axis> axes_;
    bool marksChanges_ = false;
    std::optional<LegendScale> scale_;
    QFont font_;
};

} // namespace alpa::app
