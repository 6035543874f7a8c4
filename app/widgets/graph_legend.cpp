#include "app/widgets/graph_legend.h"

#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/sharding_strip.h"
#include "core/plan/parallel_plan.h"

#include <QContextMenuEvent>
#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kMargin = 12;
constexpr double kLine = 22;
constexpr double kEntryGap = 18;
constexpr double kScaleWidth =
    60; ///< With its texts no wider than a page beside two docks in the smallest window.
constexpr double kAxisLine = 26;
constexpr int kMostStages = 8; ///< More would fill the page; their boxes have the number.

} // namespace

GraphLegend::GraphLegend(QWidget* parent)
    : PaintedChart(parent)
    , font_(font())
{
    setObjectName(u"shardingLegend"_s);
    setAccessibleName(tr("Legend of the graph"));
    setToolTip(tr("Each cell of a strip is one dimension of the tensor; arrows have the colour and "
                  "line of the axis that "
                  "splits what they carry.\nAR all-reduce, AG all-gather, RS reduce-scatter, A2A "
                  "all-to-all; the letter "
                  "behind it is the mesh axis.\n"
                  "Right-click an axis to limit it; click the colour bar to choose its scale.\n"
                  "Click an entry to dim everything else; again or Esc shows all."));
    setFocusPolicy(Qt::StrongFocus);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    font_.setPixelSize(11);
    changed();
}

void GraphLegend::setPlan(const ParallelPlan* plan, bool marksChanges)
{
    axes_.clear();
    for (size_t s = 0; plan != nullptr && s < plan->stages.size(); ++s) {
        const std::vector<MeshAxis>& axes = plan->stages[s].mesh.axes;
        for (size_t i = 0; i < axes.size(); ++i) {
            if (i >= axes_.size())
                axes_.push_back({toQt(axes[i].name), axes[i].size, axes[i].size});
            axes_[i].least = std::min(axes_[i].least, axes[i].size);
            axes_[i].most = std::max(axes_[i].most, axes[i].size);
        }
    }
    marksChanges_ = marksChanges;
    changed();
}

void GraphLegend::setScale(std::optional<LegendScale> scale)
{
    scale_ = std::move(scale);
    changed();
}

void GraphLegend::setStages(int stages)
{
    stages_ = stages > 1 && stages <= kMostStages ? stages : 0;
    changed();
}

void GraphLegend::changed()
{
    // What is no longer explained cannot be taken back by a click on it.
    if (filter_.isSet() && std::ranges::count(entryFilters(), filter_) == 0)
        setFilter({});
    QStringList texts;
    for (const Entry& entry : entries())
        texts << (entry.mark == Mark::kScale
                      ? tr("%1 from %2 to %3").arg(scaleTitle(), scale_->low, scale_->high)
                      : entry.text);
    setAccessibleDescription(texts.join(u", "_s));
    setFixedHeight(heightForWidth(width()));
    update();
}

void GraphLegend::resizeEvent(QResizeEvent*)
{
    if (height() != heightForWidth(width()))
        setFixedHeight(heightForWidth(width()));
}

std::vector<GraphLegend::Entry> GraphLegend::entries() const
{
    std::vector<Entry> all;
    if (scale_)
        all.push_back({Mark::kScale, 0, {}});
    if (axes_.empty()) {
        all.push_back({Mark::kNone, 0, tr("Shardings appear here once there is a plan.")});
        return all;
    }
    for (int stage = 0; stage < stages_; ++stage)
        all.push_back({Mark::kStage, stage, tr("stage %1").arg(stage)});
    for (size_t i = 0; i < axes_.size(); ++i) {
        const auto& [name, least, most] = axes_[i];
        const QString devices = least == most ? counted(most, tr("device"), tr("devices"))
                                              : tr("%1–%2 devices").arg(least).arg(most);
        all.push_back({Mark::kAxis, int(i), tr("split over %1, %2").arg(name, devices)});
    }
    all.push_back({Mark::kReplicated, 0, tr("replicated")});
    all.push_back({Mark::kPartial, int(axes_.size()) - 1, tr("partial sums")});
    all.push_back({Mark::kMoves, 0, tr("moves data")});
    if (marksChanges_)
        all.push_back({Mark::kChanged, 0, tr("changed")});
    return all;
}

QString GraphLegend::scaleTitle() const
{
    return scale_->isLogarithmic ? tr("%1, logarithmic").arg(scale_->title) : scale_->title;
}

double GraphLegend::markWidth(const Entry& entry) const
{
    const QFontMetricsF metrics(font_);
    switch (entry.mark) {
    case Mark::kAxis:
        return stripWidth({{{entry.axis}, false}}) + 6 + kAxisLine + 6;
    case Mark::kReplicated:
        return stripWidth({{{}, false}}) + 6;
    case Mark::kPartial:
        return stripWidth({{{entry.axis}, true}}) + 6;
    case Mark::kMoves:
        return kAxisLine + 6;
    case Mark::kStage:
    case Mark::kChanged:
        return 18 + 6;
    case Mark::kScale:
        return metrics.horizontalAdvance(scaleTitle()) + 8 +
               metrics.horizontalAdvance(scale_->low) + 6 + kScaleWidth + 6 +
               metrics.horizontalAdvance(scale_->high);
    case Mark::kNone:
        return 0;
    }
    return 0;
}

std::vector<QRectF> GraphLegend::areasFor(double width) const
{
    const QFontMetricsF metrics(font_);
    std::vector<QRectF> areas;
    double x = kMargin;
    double y = 4;
    for (const Entry& entry : entries()) {
        const double needed =
            std::ceil(markWidth(entry) + metrics.horizontalAdvance(entry.text)) + 1;
        if (x > kMargin && x + needed > width - kMargin) {
            x = kMargin;
            y += kLine;
        }
        areas.emplace_back(x, y, needed, kLine - 2);
        x += needed + kEntryGap;
    }
    return areas;
}

std::vector<QRectF> GraphLegend::entryAreas() const { return areasFor(unitWidth()); }

int GraphLegend::heightForWidth(int width) const
{
    return int(std::ceil((areasFor(width / unit()).back().bottom() + 4) * unit()));
}

void GraphLegend::paintMark(QPainter& painter, const Entry& entry, QPointF at) const
{
    const Theme& theme = themeOf(this);
    const QPointF strip = at + QPointF(0, 2);
    const double middle = at.y() + 10;
    switch (entry.mark) {
    case Mark::kAxis: {
        paintStrip(painter, strip, {{{entry.axis}, false}}, theme);
        const double left = at.x() + stripWidth({{{entry.axis}, false}}) + 6;
        painter.setPen(
            QPen(theme.axis[static_cast<size_t>(entry.axis & 3)], 2, axisPenStyle(entry.axis)));
        painter.drawLine(QPointF(left, middle), QPointF(left + kAxisLine, middle));
        break;
    }
    case Mark::kReplicated:
        paintStrip(painter, strip, {{{}, false}}, theme);
        break;
    case Mark::kPartial:
        paintStrip(painter, strip, {{{entry.axis}, true}}, theme);
        break;
    case Mark::kMoves:
        painter.setPen(movedRim(2, theme));
        painter.drawLine(QPointF(at.x(), middle), QPointF(at.x() + kAxisLine, middle));
        painter.setPen(QPen(theme.window, 2.4));
        painter.drawLine(QPointF(at.x(), middle), QPointF(at.x() + kAxisLine, middle));
        painter.setPen(QPen(theme.transfer, 1.4));
        painter.drawLine(QPointF(at.x(), middle), QPointF(at.x() + kAxisLine, middle));
        break;
    case Mark::kStage:
        painter.setPen(theme.border);
        painter.setBrush(theme.stageTint[static_cast<size_t>(entry.axis % 2)]);
        painter.drawRoundedRect(QRectF(at.x() + 1, at.y() + 2, 16, 15), 4, 4);
        break;
    case Mark::kChanged:
        painter.setPen(QPen(theme.measured, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(at.x() + 1, at.y() + 2, 16, 15), 4, 4);
        break;
    case Mark::kScale: {
        const QFontMetricsF metrics(font_);
        double x = at.x();
        const auto write = [&](const QString& text, const QColor& color) {
            painter.setPen(color);
            const double width = metrics.horizontalAdvance(text);
            painter.drawText(QRectF(x, at.y(), width + 2, 20), Qt::AlignVCenter | Qt::AlignLeft,
                             text);
            x += width;
        };
        write(scaleTitle(), theme.text);
        x += 8;
        write(scale_->low, theme.mutedText);
        x += 6;
        for (int i = 0; i < int(kScaleWidth); ++i) {
            const double share = i / (kScaleWidth - 1);
            painter.fillRect(QRectF(x + i, at.y() + 4, 1.5, 12),
                             scale_->isDiverging ? divergingColor(2 * share - 1, theme)
                                                 : heatColor(share, theme));
        }
        painter.setPen(theme.border);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(x, at.y() + 4, kScaleWidth, 12));
        x += kScaleWidth + 6;
        write(scale_->high, theme.mutedText);
        break;
    }
    case Mark::kNone:
        break;
    }
}

CanvasFilter GraphLegend::filterOf(const Entry& entry)
{
    switch (entry.mark) {
    case Mark::kStage:
        return {CanvasFilter::Kind::kStage, entry.axis};
    case Mark::kAxis:
        return {CanvasFilter::Kind::kAxis, entry.axis};
    case Mark::kReplicated:
        return {CanvasFilter::Kind::kReplicated, 0};
    case Mark::kPartial:
        return {CanvasFilter::Kind::kPartial, 0};
    case Mark::kMoves:
        return {CanvasFilter::Kind::kMoves, 0};
    case Mark::kChanged:
        return {CanvasFilter::Kind::kChanged, 0};
    case Mark::kScale:
    case Mark::kNone:
        return {};
    }
    return {};
}

std::vector<CanvasFilter> GraphLegend::entryFilters() const
{
    std::vector<CanvasFilter> filters;
    for (const Entry& entry : entries())
        filters.push_back(filterOf(entry));
    return filters;
}

void GraphLegend::setFilter(const CanvasFilter& filter)
{
    if (filter == filter_)
        return;
    filter_ = filter;
    update();
    Q_EMIT filterChanged(filter_);
}

int GraphLegend::entryAt(QPointF at) const
{
    const std::vector<QRectF> areas = entryAreas();
    const auto found =
        std::ranges::find_if(areas, [&](const QRectF& area) { return area.contains(inUnits(at)); });
    return found == areas.end() ? -1 : int(found - areas.begin());
}

bool GraphLegend::canBeChosen(int entry) const
{
    const std::vector<Entry> all = entries();
    if (entry < 0 || entry >= int(all.size()))
        return false;
    const Entry& one = all[static_cast<size_t>(entry)];
    return filterOf(one).isSet() || one.mark == Mark::kScale;
}

void GraphLegend::toggle(int entry)
{
    if (!canBeChosen(entry))
        return;
    current_ = entry;
    const auto at = static_cast<size_t>(entry);
    if (entries()[at].mark == Mark::kScale) {
        Q_EMIT scaleMenuRequested(mapToGlobal((entryAreas()[at].bottomLeft() * unit()).toPoint()));
        return;
    }
    const CanvasFilter chosen = entryFilters()[at];
    setFilter(chosen == filter_ ? CanvasFilter() : chosen);
}

void GraphLegend::moveCurrent(int step)
{
    const int count = int(entries().size());
    int at = current_ + step;
    while (at >= 0 && at < count && !canBeChosen(at))
        at += step;
    if (canBeChosen(at))
        current_ = at;
    update();
}

void GraphLegend::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        toggle(entryAt(event->position()));
    else
        PaintedChart::mousePressEvent(event);
}

void GraphLegend::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (key == Qt::Key_Right || key == Qt::Key_Down)
        moveCurrent(1);
    else if (key == Qt::Key_Left || key == Qt::Key_Up)
        moveCurrent(-1);
    else if (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Space)
        toggle(current_);
    else
        PaintedChart::keyPressEvent(event);
}

void GraphLegend::focusInEvent(QFocusEvent* event)
{
    PaintedChart::focusInEvent(event);
    if (current_ < 0)
        moveCurrent(1);
}

void GraphLegend::contextMenuEvent(QContextMenuEvent* event)
{
    const int at = entryAt(QPointF(event->pos()));
    const std::vector<Entry> all = entries();
    if (at >= 0 && all[static_cast<size_t>(at)].mark == Mark::kScale)
        toggle(at);
    else if (at >= 0 && all[static_cast<size_t>(at)].mark == Mark::kAxis)
        Q_EMIT axisMenuRequested(all[static_cast<size_t>(at)].axis, event->globalPos());
}

void GraphLegend::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    beginUnits(painter, font_.pixelSize());
    const std::vector<Entry> all = entries();
    const std::vector<QRectF> areas = entryAreas();
    for (size_t i = 0; i < all.size(); ++i) {
        paintMark(painter, all[i], areas[i].topLeft());
        const bool isChosen = filter_.isSet() && filterOf(all[i]) == filter_;
        if (isChosen || (hasFocus() && int(i) == current_)) {
            painter.setBrush(Qt::NoBrush);
            painter.setPen(QPen(themeOf(this).accent, isChosen ? 1.5 : 1,
                                isChosen ? Qt::SolidLine : Qt::DotLine));
            painter.drawRoundedRect(areas[i].adjusted(-4, 0, 4, 0), 4, 4);
        }
        painter.setPen(isChosen ? themeOf(this).text : themeOf(this).mutedText);
        painter.drawText(areas[i].adjusted(markWidth(all[i]), 0, 4, 0),
                         Qt::AlignVCenter | Qt::AlignLeft, all[i].text);
    }
}

} // namespace alpa::app
