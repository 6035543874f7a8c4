// A run of a plan as a separate process, here or over ssh: `alpa run PLAN --devices cpu:N --steps K
// --json`, its JSON lines read as they come. A crash of the run is a message here, nothing more.
#pragma once

#include "app/session/process_load.h"
#include "app/session/run_order.h"
#include "core/base/units.h"

#include <QObject>
#include <QProcess>
#include <QStringList>
#include <QTimer>

#include <optional>
#include <vector>

namespace alpa::app
{

struct RunStep {
    int step = 0;
    double loss = 0;
    Seconds time;
    double samplesPerSecond = 0;
};

/// What a run has said so far.
struct RunRecord {
    enum class State { kWaiting, kStarting, kRunning, kDone, kStopped, kFailed };
    int id = 0;
    int planId = 0;
    QString planName;
    QString host;    ///< Empty: this machine.
    QString devices; ///< "cpu:4"
    int repeat = 0;  ///< Of its order, from 0.
    int stepsWanted = 0;
    std::vector<Bytes>
        deviceMemory; ///< What each device sets aside, as the run says; empty if it does not.
    std::optional<double> busyCores; ///< By the run lately; unknown of runs elsewhere.
    State state = State::kStarting;
    std::vector<RunStep> steps;
    std::optional<Seconds>
        median;        ///< As the run itself reported it at its end, else of the steps seen.
    QString message;   ///< Why it failed.
    QString traceFile; ///< Where the run writes what ran when; empty: nowhere.
    QStringList log;   ///< Lines of its standard error, and of output that is no JSON.
};

/// Median step time of the steps after the first (which warms up); nothing before the second step.
std::optional<Seconds> medianStepTime(const std::vector<RunStep>& steps);

/// Takes one line of the run's output into `record`.
void applyRunLine(RunRecord& record, const QByteArray& line);

class RunProcess : public QObject
{
    Q_OBJECT

public:
    RunProcess(RunRecord record, QObject* parent = nullptr);
    ~RunProcess() override; ///< Kills a run that is still going.

    void start(const RunCommand& command);
    /// Asks the run to end (SIGTERM), and kills it five seconds later.
    void stop();
    bool isActive() const
    {
        return record_.state == RunRecord::State::kStarting ||
               record_.state == RunRecord::State::kRunning;
    }
    const RunRecord& record() const { return record_; }
    void fail(const QString& message);
    qint64 processId() const { return process_.processId(); } ///< 0 while none runs.

Q_SIGNALS:
    void changed();
    void finished();

private:
    void readOutput();
    void readErrors();
    void finish(int exitCode, QProcess::ExitStatus status);

    RunRecord record_;
    ProcessLoad load_;
    QProcess process_;
    QByteArray pending_; ///< The line that is being read.
    QTimer killTimer_;
    bool isStopping_ = false;
};

} // namespace alpa::app
