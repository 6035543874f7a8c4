#include "app/session/job_list.h"

#include <algorithm>

namespace alpa::app
{

JobList::~JobList()
{
    // All are told to stop before the first is waited for.
    cancelAll();
    for (BackgroundJob* job : jobs_)
        delete job;
}

BackgroundJob* JobList::start(const QString& title, BackgroundJob::Work work,
                              std::function<void()> done)
{
    auto* job = new BackgroundJob(title, std::move(work));
    jobs_.push_back(job);
    connect(job, &BackgroundJob::progressed, this, &JobList::progressed);
    connect(job, &BackgroundJob::finished, this, [this, job, done = std::move(done)] {
        std::erase(jobs_, job);
        done();
        job->deleteLater();
        Q_EMIT changed();
        if (!job->isCancelled())
            Q_EMIT ended(job->title(), job->elapsedMs());
    });
    job->start();
    Q_EMIT changed();
    return job;
}

void JobList::cancelAll()
{
    for (BackgroundJob* job : jobs_)
        job->cancel();
}

} // namespace alpa::app
