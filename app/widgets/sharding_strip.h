// The sharding strip: one cell per tensor dimension that says over which mesh axes it is split.
// Colour, letter and pattern say the same thing three times, so that it also reads without colour.
#pragma once

#include "app/settings/theme.h"
#include "app/widgets/painted_chart.h"
#include "core/graph/types.h"
#include "core/mesh/device_mesh.h"

#include <optional>
#include <vector>

class QPainter;

namespace alpa::app
{

/// A cell: the axes that split the dimension (none: replicated), or the axes that the tensor is
/// partial over.
struct StripCell {
    std::vector<int> axes;
    bool isPartial = false;
    friend bool operator==(const StripCell&, const StripCell&) = default;
};

/// Cells of a spec, dimension 0 first; a partial cell is last. A scalar has one replicated cell.
std::vector<StripCell> stripCells(const ShardingSpec& spec);
/// "x", "x y", "R", "P y": what a cell says.
QString stripCellText(const StripCell& cell);

constexpr double kStripCellHeight = 15;
double stripWidth(const std::vector<StripCell>& cells);
/// Where paintStrip draws each cell.
std::vector<QRectF> stripAreas(QPointF at, const std::vector<StripCell>& cells);
/// Paints the cells with the left top corner at `at`. The painter's font is kept.
void paintStrip(QPainter& painter, QPointF at, const std::vector<StripCell>& cells,
                const Theme& theme);

/// One line a dimension: "rows of 2048 split over y into 4 parts of 512"; for tooltips. `mesh` may
/// be null.
QString describeSharding(const ShardingSpec& spec, const TensorType& type, const DeviceMesh* mesh);

/// `spec` with mesh axis `axis` splitting dimension `to`, or no dimension if `to` is none of them;
/// what was partial over the axis is not any more.
ShardingSpec withAxisAt(ShardingSpec spec, int axis, std::optional<int> to);

/// A strip as a widget, for forms and lists.
class ShardingStrip : public PaintedChart
{
    Q_OBJECT

public:
    explicit ShardingStrip(QWidget* parent = nullptr);
    void setSpec(const ShardingSpec& spec);
    /// Axes can be dragged from cell to cell and out of the strip, by the mouse or by keys. Axes of
    /// a mesh of `axes` axes that split nothing stand behind the cells, to be dragged in.
    void setEditable(int axes);
    bool isEditable() const { return axes_ > 0; }
    const ShardingSpec& spec() const { return spec_; }
    /// Middle of the letter of `axis`, wherever it stands, and of a dimension's cell.
    QPointF axisAt(int axis) const;
    QPointF cellAt(int dimension) const;
    QSize sizeHint() const override;

Q_SIGNALS:
    /// A person wants this sharding; the strip keeps showing the old one.
    void specWanted(const alpa::ShardingSpec& spec);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    /// A letter of the strip: an axis in a cell, or one that waits behind the cells.
    struct Chip {
        int axis = 0;
        QRectF area;
    };
    std::vector<Chip> chips() const;
    std::vector<QRectF> cellAreas() const;
    std::vector<StripCell> waiting() const;
    std::optional<int> dimensionAt(QPointF at) const;
    void propose(int axis, std::optional<int> dimension);

    ShardingSpec spec_;
    std::vector<StripCell> cells_;
    int axes_ = 0;
    std::optional<int> dragged_; ///< Axis.
    QPointF dragAt_;
    int current_ = 0; ///< Dimension that the keys work on.
};

} // namespace alpa::app
