// Work off the GUI thread: one thread a job, with progress and cancellation, its end announced on
// the GUI thread.
#pragma once

#include "core/base/job.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace alpa::app
{

/// Runs `work` once. Results go where the closure puts them; they may be read when finished()
/// arrives. Destroying a job cancels it and waits, so `work` must poll JobControl::isCancelled().
class BackgroundJob : public QObject
{
    Q_OBJECT

public:
    using Work = std::function<void(const JobControl&)>;

    BackgroundJob(QString title, Work work, QObject* parent = nullptr);
    ~BackgroundJob() override;

    void start(); ///< Connect first: a signal sent before the connection is lost.
    void cancel();

    const QString& title() const { return title_; }
    QString phase() const;
    double fraction() const; ///< In [0, 1], negative when unknown.
    bool isCancelled() const { return stop_.stop_requested(); }
    bool isRunning() const { return isRunning_; }
    /// Since it began; at its end, what it took.
    qint64 elapsedMs() const { return isRunning_ ? clock_.elapsed() : tookMs_; }

Q_SIGNALS:
    void progressed();
    void finished(); ///< Also after cancellation.

private:
    void noteProgress(std::string_view phase, double fraction);

    QString title_;
    Work work_;
    QElapsedTimer clock_;
    bool isRunning_ = false;
    qint64 tookMs_ = 0;
    std::stop_source stop_;
    mutable std::mutex mutex_; ///< Guards phase_ and fraction_.
    QString phase_;
    double fraction_ = -1;
    std::atomic<bool> isSignalPending_ = false; ///< At most one progress event waits in the queue.
    std::jthread thread_; ///< Last: joined before anything it uses is destroyed.
};

} // namespace alpa::app
