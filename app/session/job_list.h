// The jobs that are running, for the Jobs panel, Esc and the status bar.
#pragma once

#include "app/session/background_job.h"

#include <QObject>

#include <functional>
#include <vector>

namespace alpa::app
{

class JobList : public QObject
{
    Q_OBJECT

public:
    explicit JobList(QObject* parent = nullptr)
        : QObject(parent)
    {
    }
    ~JobList() override;

    /// Starts a job; `done` runs on this thread when it has ended (also when cancelled), just
    /// before the job is deleted. The returned job is owned by the list.
    BackgroundJob* start(const QString& title, BackgroundJob::Work work,
                         std::function<void()> done);
    const std::vector<BackgroundJob*>& jobs() const { return jobs_; }
    void cancelAll();

Q_SIGNALS:
    void changed(); ///< A job began or ended.
    void progressed();
    void ended(const QString& title, qint64 elapsedMs); ///< By itself, not cancelled.

private:
    std::vector<BackgroundJob*> jobs_;
};

} // namespace alpa::app
