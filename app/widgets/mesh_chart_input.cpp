// What the mouse and the keys do to the devices and links.
#include "app/widgets/mesh_chart.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <utility>

namespace alpa::app
{

bool MeshChart::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        QToolTip::showText(help->globalPos(), tipAt(inUnits(QPointF(help->pos()))), this);
        return true;
    }
    return QWidget::event(event);
}

void MeshChart::mousePressEvent(QMouseEvent* event)
{
    const int device = facts_ == nullptr ? -1 : deviceAt(inUnits(event->position()));
    if (event->button() == Qt::LeftButton && device >= 0)
        dragFrom_ = dragTo_ = device;
}

void MeshChart::mouseMoveEvent(QMouseEvent* event)
{
    const int device = facts_ == nullptr ? -1 : deviceAt(inUnits(event->position()));
    if (!dragFrom_)
        Q_EMIT deviceHovered(device);
    if (!dragFrom_ || device < 0)
        return;
    dragTo_ = device;
    update();
}

void MeshChart::mouseReleaseEvent(QMouseEvent* event)
{
    const std::optional<int> from = std::exchange(dragFrom_, std::nullopt);
    const std::optional<int> to = std::exchange(dragTo_, std::nullopt);
    update();
    if (!from || event->button() != Qt::LeftButton)
        return;
    if (*from == *to)
        Q_EMIT deviceClicked(*from);
    else
        Q_EMIT devicesDragged(*from, *to, event->globalPosition().toPoint());
}

/// Between the two devices that the mouse was drawn from and to, in both directions of the grid.
bool MeshChart::isDragged(int device) const
{
    if (!dragFrom_ || *dragFrom_ == *dragTo_)
        return false;
    const int perHost = facts_->plan->cluster.devicesPerHost;
    const auto isBetween = [](int value, int a, int b) {
        return std::min(a, b) <= value && value <= std::max(a, b);
    };
    return isBetween(device / perHost, *dragFrom_ / perHost, *dragTo_ / perHost) &&
           isBetween(device % perHost, *dragFrom_ % perHost, *dragTo_ % perHost);
}

void MeshChart::keyPressEvent(QKeyEvent* event)
{
    const int count = int(stageOf_.size());
    const int step = event->key() == Qt::Key_Right ? 1 : event->key() == Qt::Key_Left ? -1 : 0;
    if (step == 0 || count == 0) {
        QWidget::keyPressEvent(event);
        return;
    }
    const int from = !selectedDevices_.empty() ? *selectedDevices_.begin() : step > 0 ? -1 : 0;
    Q_EMIT deviceClicked(((from + step) % count + count) % count);
}

} // namespace alpa::app
