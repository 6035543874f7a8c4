#include "app/window/stall_watch.h"

#include <QAbstractEventDispatcher>
#include <QCoreApplication>
#include <QLoggingCategory>

#include <algorithm>

namespace alpa::app
{

namespace
{

Q_LOGGING_CATEGORY(stallLog, "alpa.window.stall", QtInfoMsg)

} // namespace

StallWatch::StallWatch(QObject* parent)
    : QObject(parent)
{
    // Busy from the first event after a rest on, until the loop rests or turns again.
    QCoreApplication::instance()->installEventFilter(this);
    auto* events = QAbstractEventDispatcher::instance();
    connect(events, &QAbstractEventDispatcher::awake, this, &StallWatch::endTurn);
    connect(events, &QAbstractEventDispatcher::aboutToBlock, this, &StallWatch::endTurn);
}

bool StallWatch::eventFilter(QObject*, QEvent*)
{
    if (!busy_.isValid())
        busy_.start();
    return false;
}

void StallWatch::endTurn()
{
    if (!busy_.isValid())
        return;
    const qint64 took = busy_.elapsed();
    busy_.invalidate();
    longest_ = std::max(longest_, took);
    if (took <= kLogMs)
        return;
    ++count_;
    qCInfo(stallLog, "the window did not answer for %lld ms", static_cast<long long>(took));
    Q_EMIT stalled(took);
}

} // namespace alpa::app
