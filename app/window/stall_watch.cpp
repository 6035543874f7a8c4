#include "app/window/stall_watch.h"

#include <QAbstractEventDispatcher>
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
    auto* events = QAbstractEventDispatcher::instance();
    // Between waking up and going to sleep again the window answers nobody.
    connect(events, &QAbstractEventDispatcher::awake, this, [this] { busy_.start(); });
    connect(events, &QAbstractEventDispatcher::aboutToBlock, this, [this] {
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
    });
}

} // namespace alpa::app
