// The sharding strip: one cell per tensor dimension that says over which mesh axes it is split. Colour, letter and
// pattern say the same thing three times, so that it also reads without colour.
#pragma once

#include <vector>

#include "app/settings/theme.h"
#include "core/graph/types.h"
#include "core/mesh/device_mesh.h"

#include <QWidget>

class QPainter;

namespace alpa::app
{

/// A cell: the axes that split the dimension (none: replicated), or the axes that the tensor is partial over.
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
/// Paints the cells with the left top corner at `at`. The painter's font is kept.
void paintStrip(QPainter& painter, QPointF at, const std::vector<StripCell>& cells, const Theme& theme);

/// One line a dimension: "rows of 2048 split over y into 4 parts of 512"; for tooltips. `mesh` may be null.
QString describeSharding(const ShardingSpec& spec, const TensorType& type, const DeviceMesh* mesh);

/// A strip as a widget, for forms and lists.
class ShardingStrip : public QWidget
{
    Q_OBJECT

public:
    explicit ShardingStrip(QWidget* parent = nullptr);
    void setCells(std::vector<StripCell> cells);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<StripCell> cells_;
};

} // namespace alpa::app
