#include "app/widgets/stage_boundaries.h"

#include "app/settings/theme.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <utility>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kReach = 7; ///< Pixels around a handle that take hold of it.
constexpr double kBarTop = 16;
constexpr double kBarHeight = 24;

} // namespace

StageBoundaries::StageBoundaries(QWidget* parent)
    : PaintedChart(parent)
{
    setObjectName(u"stageBoundaries"_s);
    setAccessibleName(tr("Boundaries of the stages"));
    setAccessibleDescription(tr("Left and right move the current boundary, Tab or Up and Down "
                                "choose another, Enter plans with it"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void StageBoundaries::setStages(std::vector<Layer> layers, std::vector<int> firstLayers)
{
    layers_ = std::move(layers);
    firsts_ = std::move(firstLayers);
    wanted_ = firsts_;
    dragged_ = -1;
    current_ = std::clamp(current_, 1, std::max(1, int(firsts_.size()) - 1));
    double sum = 0;
    for (const Layer& layer : layers_)
        sum += layer.weight;
    // No layer is too narrow to be dropped at, however little it does.
    const double least = 0.4 / double(std::max<size_t>(1, layers_.size()));
    lefts_.assign(1, 0);
    for (const Layer& layer : layers_)
        lefts_.push_back(lefts_.back() + std::max(least, sum > 0 ? layer.weight / sum : 0));
    const double whole = lefts_.back();
    for (double& left : lefts_)
        left /= std::max(whole, 1e-9);
    update();
}

double StageBoundaries::layerLeft(int layer) const
{
    return 1 + lefts_[static_cast<size_t>(layer)] * (unitWidth() - 2);
}

QPointF StageBoundaries::handleAt(int stage) const
{
    return {layerLeft(wanted_[static_cast<size_t>(stage)]), kBarTop + kBarHeight / 2};
}

int StageBoundaries::handleNear(QPointF at) const
{
    for (int stage = 1; stage < int(wanted_.size()); ++stage) {
        if (std::abs(handleAt(stage).x() - at.x()) <= kReach)
            return stage;
    }
    return -1;
}

int StageBoundaries::stageAt(QPointF at) const
{
    int stage = -1;
    for (size_t s = 0; s < wanted_.size(); ++s) {
        if (layerLeft(wanted_[s]) <= at.x())
            stage = int(s);
    }
    return stage;
}

/// Between its neighbours, each stage keeping a layer.
void StageBoundaries::moveHandle(int stage, int layer)
{
    const auto s = static_cast<size_t>(stage);
    const int low = wanted_[s - 1] + 1;
    const int high = (s + 1 < wanted_.size() ? wanted_[s + 1] : int(layers_.size())) - 1;
    wanted_[s] = std::clamp(layer, low, std::max(low, high));
    update();
}

void StageBoundaries::propose()
{
    if (wanted_ != firsts_)
        Q_EMIT boundariesWanted(wanted_);
}

void StageBoundaries::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || layers_.empty())
        return;
    dragged_ = handleNear(inUnits(event->position()));
    if (dragged_ > 0) {
        current_ = dragged_;
        update();
    } else if (const int stage = stageAt(inUnits(event->position())); stage >= 0) {
        Q_EMIT stageClicked(stage);
    }
}

void StageBoundaries::mouseMoveEvent(QMouseEvent* event)
{
    setCursor(dragged_ > 0 || handleNear(inUnits(event->position())) > 0 ? Qt::SplitHCursor
                                                                         : Qt::ArrowCursor);
    if (dragged_ < 1)
        return;
    int nearest = 0;
    const double x = inUnits(event->position()).x();
    for (int layer = 0; layer <= int(layers_.size()); ++layer) {
        if (std::abs(layerLeft(layer) - x) < std::abs(layerLeft(nearest) - x))
            nearest = layer;
    }
    moveHandle(dragged_, nearest);
}

void StageBoundaries::mouseReleaseEvent(QMouseEvent*)
{
    if (std::exchange(dragged_, -1) > 0)
        propose();
}

void StageBoundaries::keyPressEvent(QKeyEvent* event)
{
    const int handles = int(wanted_.size()) - 1;
    if (handles < 1) {
        QWidget::keyPressEvent(event);
        return;
    }
    const auto at = static_cast<size_t>(current_);
    switch (event->key()) {
    case Qt::Key_Left:
        moveHandle(current_, wanted_[at] - 1);
        break;
    case Qt::Key_Right:
        moveHandle(current_, wanted_[at] + 1);
        break;
    case Qt::Key_Down:
        current_ = current_ % handles + 1;
        break;
    case Qt::Key_Up:
        current_ = (current_ + handles - 2) % handles + 1;
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        propose();
        break;
    case Qt::Key_Escape:
        wanted_ = firsts_;
        break;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    update();
}

void StageBoundaries::contextMenuEvent(QContextMenuEvent* event)
{
    if (const int stage = layers_.empty() ? -1 : stageAt(inUnits(QPointF(event->pos())));
        stage >= 0)
        Q_EMIT stageMenuRequested(stage, event->globalPos());
}

bool StageBoundaries::event(QEvent* event)
{
    // Esc puts back what was moved before it stops what runs in the background.
    if (event->type() == QEvent::ShortcutOverride && wanted_ != firsts_ &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    if (event->type() != QEvent::ToolTip || layers_.empty())
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const QPointF at = inUnits(QPointF(help->pos()));
    const int handle = handleNear(at);
    if (handle > 0) {
        QToolTip::showText(
            help->globalPos(),
            tr("Stage %1 begins at layer %2, %3. Drag to begin it elsewhere.")
                .arg(handle)
                .arg(wanted_[static_cast<size_t>(handle)])
                .arg(layers_[static_cast<size_t>(wanted_[static_cast<size_t>(handle)])].name),
            this);
        return true;
    }
    for (int layer = 0; layer < int(layers_.size()); ++layer) {
        if (layerLeft(layer) <= at.x() && at.x() < layerLeft(layer + 1))
            QToolTip::showText(
                help->globalPos(),
                tr("layer %1, %2").arg(layer).arg(layers_[static_cast<size_t>(layer)].name), this);
    }
    return true;
}

void StageBoundaries::paintEvent(QPaintEvent*)
{
    if (layers_.empty())
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    beginUnits(painter, 12);
    const Theme& theme = themeOf(this);
    for (size_t s = 0; s < wanted_.size(); ++s) {
        const int end = s + 1 < wanted_.size() ? wanted_[s + 1] : int(layers_.size());
        const QRectF area(QPointF(layerLeft(wanted_[s]), kBarTop),
                          QPointF(layerLeft(end), kBarTop + kBarHeight));
        painter.fillRect(area, theme.stageTint[s % 2]);
        painter.setPen(theme.text);
        const QString layers = end - wanted_[s] == 1
                                   ? tr("layer %1").arg(wanted_[s])
                                   : tr("layers %1–%2").arg(wanted_[s]).arg(end - 1);
        QString text = QString::number(s);
        for (const QString& longer :
             {u"%1: %2"_s.arg(s).arg(layers), tr("stage %1: %2").arg(s).arg(layers)}) {
            if (painter.fontMetrics().horizontalAdvance(longer) < area.width() - 12)
                text = longer;
        }
        painter.drawText(area, Qt::AlignCenter, text);
    }
    painter.setPen(QPen(theme.border, 1));
    for (int layer = 1; layer < int(layers_.size()); ++layer)
        painter.drawLine(QPointF(layerLeft(layer), kBarTop + kBarHeight - 5),
                         QPointF(layerLeft(layer), kBarTop + kBarHeight));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(0.5, kBarTop, unitWidth() - 1, kBarHeight));
    for (int stage = 1; stage < int(wanted_.size()); ++stage) {
        const double x = handleAt(stage).x();
        const bool isMoved =
            wanted_[static_cast<size_t>(stage)] != firsts_[static_cast<size_t>(stage)];
        const bool isCurrent = hasFocus() && stage == current_;
        painter.setPen(QPen(isMoved     ? theme.measured
                            : isCurrent ? theme.accent
                                        : theme.mutedText,
                            isCurrent ? 3 : 2));
        painter.drawLine(QPointF(x, kBarTop - 6), QPointF(x, kBarTop + kBarHeight + 4));
        painter.setBrush(painter.pen().color());
        painter.drawPolygon(
            QPolygonF({{x - 5, kBarTop - 12}, {x + 5, kBarTop - 12}, {x, kBarTop - 5}}));
    }
}

} // namespace alpa::app
