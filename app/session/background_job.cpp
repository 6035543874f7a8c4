#include "app/session/background_job.h"

#include "app/settings/core_texts.h"

#include <QMetaObject>

namespace alpa::app
{

BackgroundJob::BackgroundJob(QString title, Work work, QObject* parent)
    : QObject(parent)
    , title_(std::move(title))
    , work_(std::move(work))
{
}

BackgroundJob::~BackgroundJob() { stop_.request_stop(); }

void BackgroundJob::start()
{
    isRunning_ = true;
    clock_.start();
    thread_ = std::jthread([this] {
        JobControl control;
        control.stop = stop_.get_token();
        control.progress = [this](std::string_view phase, double fraction) {
            noteProgress(phase, fraction);
        };
        work_(control);
        QMetaObject::invokeMethod(
            this,
            [this] {
                tookMs_ = clock_.elapsed();
                isRunning_ = false;
                Q_EMIT finished();
            },
            Qt::QueuedConnection);
    });
}

void BackgroundJob::cancel() { stop_.request_stop(); }

void BackgroundJob::noteProgress(std::string_view phase, double fraction)
{
    {
        const std::scoped_lock lock(mutex_);
        phase_ = QString::fromUtf8(phase.data(), static_cast<qsizetype>(phase.size()));
        fraction_ = fraction;
    }
    if (isSignalPending_.exchange(true))
        return;
    QMetaObject::invokeMethod(
        this,
        [this] {
            isSignalPending_ = false;
            Q_EMIT progressed();
        },
        Qt::QueuedConnection);
}

QString BackgroundJob::phase() const
{
    const std::scoped_lock lock(mutex_);
    return coreText(phase_.toStdString());
}

double BackgroundJob::fraction() const
{
    const std::scoped_lock lock(mutex_);
    return fraction_;
}

} // namespace alpa::app
