// Runs, one after the other: what waits, what goes on, and what came of those that are over.
#pragma once

#include "app/session/job_list.h"
#include "app/session/measurement.h"
#include "app/session/plan_entry.h"
#include "app/session/run_order.h"
#include "app/session/run_process.h"

#include <QObject>
#include <QTemporaryDir>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace alpa::app
{

class RunQueue : public QObject
{
    Q_OBJECT

public:
    explicit RunQueue(JobList* jobs, QObject* parent = nullptr)
        : QObject(parent)
        , jobs_(jobs)
    {
    }
    ~RunQueue() override;

    /// Adds the runs of an order, plans in turns; `plans` are those the order names. The first
    /// starts at once if nothing goes on. `program` is the command line program of this machine.
    void add(const RunOrder& order, const std::vector<std::shared_ptr<const PlanEntry>>& plans,
             const QString& program);
    /// Stops the run that goes on; the next one starts.
    void stopCurrent();
    /// Takes all that wait out of the queue, and stops the one that goes on.
    void stopAll();
    void removeWaiting(int runId);
    /// Everything of another model is of no use.
    void clear();

    bool isActive() const { return run_ != nullptr && run_->isActive(); }
    /// Of the run that goes on; 0 while none does.
    qint64 processId() const { return run_ == nullptr ? 0 : run_->processId(); }
    int waitingCount() const { return int(waiting_.size()); }
    const std::vector<RunRecord>& records() const { return records_; } ///< In the order they start.
    /// Of all steps that runs of the plan have made on `place` it was measured at last.
    std::optional<Measurement> measurement(int planId) const;

Q_SIGNALS:
    void changed();
    void finished(); ///< One run is over, however it ended.

private:
    struct Waiting {
        int runId = 0;
        std::shared_ptr<const PlanEntry> plan;
        RunOrder order;
        QString program;
    };
    void startNext();
    void start(const Waiting& next, const QString& file);
    RunRecord& record(int runId);

    JobList* jobs_;
    QTemporaryDir directory_; ///< Plan files handed to runs.
    std::deque<Waiting> waiting_;
    std::unique_ptr<RunProcess> run_;
    bool isStarting_ = false; ///< The plan file is being written.
    std::vector<RunRecord> records_;
    int nextId_ = 1;
};

} // namespace alpa::app
