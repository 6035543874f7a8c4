#include "app/widgets/sharding_strip.h"

#include "app/session/graph_facts.h"

#include <QPainter>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kAxisWidth = 15; ///< Of one axis in a cell; a cell with two axes is twice as wide.
constexpr double kPartialWidth = 24; ///< "P y"
constexpr double kCellGap = 2;

double cellWidth(const StripCell& cell)
{
    const double axes = double(std::max<size_t>(cell.axes.size(), 1));
    return cell.isPartial ? kPartialWidth + kAxisWidth * (axes - 1) : kAxisWidth * axes;
}

void paintSplitCell(QPainter& painter, const QRectF& area, const StripCell& cell,
                    const Theme& theme)
{
    const double width = area.width() / double(cell.axes.size());
    for (size_t i = 0; i < cell.axes.size(); ++i) {
        const QRectF part(area.left() + width * double(i), area.top(), width, area.height());
        const int axis = cell.axes[i];
        fillAxisPattern(painter, part, axis, cell.isPartial, theme);
        const QColor ink = theme.axisText[static_cast<size_t>(axis & 3)];
        // The letter stands on a plain patch, or the pattern would eat it.
        const double patch = cell.isPartial ? 18 : 9;
        const QRectF plain(part.center().x() - patch / 2, part.top() + 2, patch, part.height() - 4);
        painter.fillRect(plain, theme.axis[static_cast<size_t>(axis & 3)]);
        painter.setPen(ink);
        const QString letter(QLatin1Char(axisLetter(axis)));
        painter.drawText(part, Qt::AlignCenter,
                         cell.isPartial && i == 0 ? u"P "_s + letter : letter);
    }
    painter.setPen(QPen(theme.isDark ? QColor(255, 255, 255, 120) : QColor(0, 0, 0, 70), 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5));
}

} // namespace

std::vector<StripCell> stripCells(const ShardingSpec& spec)
{
    const auto axesOf = [](AxisSet set) {
        std::vector<int> axes;
        for (int axis = 0; axis < kMaxMeshAxes; ++axis) {
            if (hasAxis(set, axis))
                axes.push_back(axis);
        }
        return axes;
    };
    std::vector<StripCell> cells;
    for (size_t d = 0; d < spec.rank; ++d)
        cells.push_back({axesOf(spec.dims[d]), false});
    if (cells.empty())
        cells.emplace_back();
    if (spec.partial != 0)
        cells.push_back({axesOf(spec.partial), true});
    return cells;
}

QString stripCellText(const StripCell& cell)
{
    if (cell.axes.empty())
        return u"R"_s;
    QString text = cell.isPartial ? u"P"_s : QString();
    for (const int axis : cell.axes)
        text += (text.isEmpty() ? QString() : u" "_s) + QLatin1Char(axisLetter(axis));
    return text;
}

double stripWidth(const std::vector<StripCell>& cells)
{
    double width = 0;
    for (const StripCell& cell : cells)
        width += cellWidth(cell) + kCellGap;
    return std::max(0.0, width - kCellGap);
}

std::vector<QRectF> stripAreas(QPointF at, const std::vector<StripCell>& cells)
{
    std::vector<QRectF> areas;
    double x = at.x();
    for (const StripCell& cell : cells) {
        areas.emplace_back(x, at.y(), cellWidth(cell), kStripCellHeight);
        x += cellWidth(cell) + kCellGap;
    }
    return areas;
}

void paintStrip(QPainter& painter, QPointF at, const std::vector<StripCell>& cells,
                const Theme& theme)
{
    painter.save();
    QFont font = painter.font();
    font.setPixelSize(10);
    font.setBold(true);
    painter.setFont(font);
    const std::vector<QRectF> areas = stripAreas(at, cells);
    for (size_t i = 0; i < cells.size(); ++i) {
        const StripCell& cell = cells[i];
        const QRectF& area = areas[i];
        if (cell.axes.empty()) {
            painter.setPen(QPen(theme.replicated, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5));
            painter.setPen(theme.mutedText);
            painter.drawText(area, Qt::AlignCenter, u"R"_s);
        } else {
            paintSplitCell(painter, area, cell, theme);
        }
    }
    painter.restore();
}

QString describeSharding(const ShardingSpec& spec, const TensorType& type, const DeviceMesh* mesh)
{
    const auto namesOf = [&](AxisSet set, int64_t& parts) {
        QStringList names;
        for (int axis = 0; axis < kMaxMeshAxes; ++axis) {
            if (!hasAxis(set, axis))
                continue;
            names << QString(QLatin1Char(axisLetter(axis)));
            if (mesh != nullptr && axis < int(mesh->axes.size()))
                parts *= mesh->axisSize(axis);
        }
        return names.join(u" and "_s);
    };
    QStringList lines;
    for (size_t d = 0; d < spec.rank && d < type.dims.size(); ++d) {
        int64_t parts = 1;
        const QString names = namesOf(spec.dims[d], parts);
        if (names.isEmpty())
            continue;
        lines << (parts > 1
                      ? ShardingStrip::tr("dimension %1 of %2: split over %3 into %4 parts of %5")
                            .arg(d)
                            .arg(type.dims[d])
                            .arg(names)
                            .arg(parts)
                            .arg(type.dims[d] / parts)
                      : ShardingStrip::tr("dimension %1 of %2: split over %3 (one device)")
                            .arg(d)
                            .arg(type.dims[d])
                            .arg(names));
    }
    int64_t parts = 1;
    if (spec.partial != 0)
        lines << ShardingStrip::tr("partial: still to be summed over %1")
                     .arg(namesOf(spec.partial, parts));
    if (lines.isEmpty())
        lines << ShardingStrip::tr("replicated: every device holds all of it");
    return lines.join(u'\n');
}

} // namespace alpa::app
