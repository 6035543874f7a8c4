// The strip as a widget: axes dragged from cell to cell ask for another sharding.
#include "app/session/graph_facts.h"
#include "app/widgets/sharding_strip.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <utility>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kWaitingGap = 8; ///< Before the axes that split nothing.

} // namespace

ShardingSpec withAxisAt(ShardingSpec spec, int axis, std::optional<int> to)
{
    const AxisSet bit = axisBit(axis);
    for (size_t d = 0; d < spec.rank; ++d)
        spec.dims[d] &= static_cast<AxisSet>(~bit);
    spec.partial &= static_cast<AxisSet>(~bit);
    if (to && *to >= 0 && *to < int(spec.rank))
        spec.dims[static_cast<size_t>(*to)] |= bit;
    return spec;
}

ShardingStrip::ShardingStrip(QWidget* parent)
    : PaintedChart(parent)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void ShardingStrip::setSpec(const ShardingSpec& spec)
{
    spec_ = spec;
    cells_ = stripCells(spec);
    QStringList texts;
    for (const StripCell& cell : cells_)
        texts << stripCellText(cell);
    setAccessibleName(texts.join(u", "_s));
    updateGeometry();
    update();
}

void ShardingStrip::setEditable(int axes)
{
    axes_ = spec_.rank == 0 ? 0 : axes;
    if (axes_ == 0)
        return;
    setFocusPolicy(Qt::TabFocus);
    setMouseTracking(true);
    setAccessibleDescription(
        tr("Left and right choose a dimension; the letter of a mesh axis splits "
           "it over that axis, or no more"));
    updateGeometry();
}

std::vector<StripCell> ShardingStrip::waiting() const
{
    AxisSet used = spec_.partial;
    for (size_t d = 0; d < spec_.rank; ++d)
        used |= spec_.dims[d];
    std::vector<StripCell> cells;
    for (int axis = 0; axis < axes_; ++axis) {
        if (!hasAxis(used, axis))
            cells.push_back({{axis}, false});
    }
    return cells;
}

QSize ShardingStrip::sizeHint() const
{
    double width = stripWidth(cells_) + 1;
    if (const std::vector<StripCell> others = waiting(); !others.empty())
        width += kWaitingGap + stripWidth(others);
    return inPixels({width, kStripCellHeight + 2});
}

std::vector<QRectF> ShardingStrip::cellAreas() const { return stripAreas(QPointF(0, 1), cells_); }

std::vector<ShardingStrip::Chip> ShardingStrip::chips() const
{
    std::vector<Chip> all;
    const auto add = [&](const StripCell& cell, const QRectF& area) {
        const double width = area.width() / double(std::max<size_t>(cell.axes.size(), 1));
        for (size_t i = 0; i < cell.axes.size(); ++i)
            all.push_back({cell.axes[i], QRectF(area.left() + width * double(i), area.top(), width,
                                                area.height())});
    };
    const std::vector<QRectF> areas = cellAreas();
    for (size_t i = 0; i < cells_.size(); ++i)
        add(cells_[i], areas[i]);
    const std::vector<StripCell> others = waiting();
    const std::vector<QRectF> otherAreas =
        stripAreas(QPointF(stripWidth(cells_) + kWaitingGap, 1), others);
    for (size_t i = 0; i < others.size(); ++i)
        add(others[i], otherAreas[i]);
    return all;
}

QPointF ShardingStrip::axisAt(int axis) const
{
    for (const Chip& chip : chips()) {
        if (chip.axis == axis)
            return chip.area.center() * unit();
    }
    return {};
}

QPointF ShardingStrip::cellAt(int dimension) const
{
    return cellAreas()[static_cast<size_t>(dimension)].center() * unit();
}

std::optional<int> ShardingStrip::dimensionAt(QPointF at) const
{
    const std::vector<QRectF> areas = cellAreas();
    for (size_t d = 0; d < areas.size() && d < spec_.rank; ++d) {
        if (areas[d].adjusted(-1, -6, 1, 6).contains(at))
            return int(d);
    }
    return std::nullopt;
}

void ShardingStrip::propose(int axis, std::optional<int> dimension)
{
    const ShardingSpec wanted = withAxisAt(spec_, axis, dimension);
    if (!(wanted == spec_))
        Q_EMIT specWanted(wanted);
}

/// Letters of axes are meant for the strip while it has the focus, not for the window's commands.
bool ShardingStrip::event(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const QString typed = static_cast<QKeyEvent*>(event)->text();
        for (int axis = 0; axis < axes_; ++axis) {
            if (typed == QString(QLatin1Char(axisLetter(axis)))) {
                event->accept();
                return true;
            }
        }
    }
    return PaintedChart::event(event);
}

void ShardingStrip::mousePressEvent(QMouseEvent* event)
{
    for (const Chip& chip : chips()) {
        if (isEditable() && event->button() == Qt::LeftButton &&
            chip.area.contains(inUnits(event->position())))
            dragged_ = chip.axis;
    }
    if (!dragged_)
        QWidget::mousePressEvent(event);
    dragAt_ = inUnits(event->position());
}

void ShardingStrip::mouseMoveEvent(QMouseEvent* event)
{
    bool isOverChip = false;
    for (const Chip& chip : chips())
        isOverChip = isOverChip || chip.area.contains(inUnits(event->position()));
    if (isEditable())
        setCursor(dragged_     ? Qt::ClosedHandCursor
                  : isOverChip ? Qt::OpenHandCursor
                               : Qt::ArrowCursor);
    dragAt_ = inUnits(event->position());
    update();
}

void ShardingStrip::mouseReleaseEvent(QMouseEvent* event)
{
    const std::optional<int> axis = std::exchange(dragged_, std::nullopt);
    update();
    if (axis)
        propose(*axis, dimensionAt(inUnits(event->position())));
    else
        QWidget::mouseReleaseEvent(event);
}

void ShardingStrip::keyPressEvent(QKeyEvent* event)
{
    const QString typed = event->text();
    for (int axis = 0; axis < axes_; ++axis) {
        if (typed != QString(QLatin1Char(axisLetter(axis))))
            continue;
        const bool isThere = hasAxis(spec_.dims[static_cast<size_t>(current_)], axis);
        propose(axis, isThere ? std::nullopt : std::optional(current_));
        return;
    }
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (step == 0 || !isEditable()) {
        QWidget::keyPressEvent(event);
        return;
    }
    current_ = (current_ + step + int(spec_.rank)) % int(spec_.rank);
    update();
}

void ShardingStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.scale(unit(), unit());
    const Theme& theme = themeOf(this);
    paintStrip(painter, QPointF(0, 1), cells_, theme);
    // What could be dragged in is there, but not in force.
    painter.setOpacity(0.45);
    paintStrip(painter, QPointF(stripWidth(cells_) + kWaitingGap, 1), waiting(), theme);
    painter.setOpacity(1);
    const std::optional<int> target = dragged_     ? dimensionAt(dragAt_)
                                      : hasFocus() ? std::optional(current_)
                                                   : std::nullopt;
    if (target) {
        painter.setPen(QPen(theme.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(cellAreas()[static_cast<size_t>(*target)].adjusted(1, 0, -1, 0));
    }
}

} // namespace alpa::app
