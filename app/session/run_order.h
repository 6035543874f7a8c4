// What a person wants to run: which plans, where, how often. A or B, one after the other, is
// several orders in a row.
#pragma once

#include <QString>
#include <QStringList>

#include <vector>

namespace alpa::app
{

/// Where a run happens: this machine, or another over ssh.
struct RunPlace {
    QString host;    ///< As ssh knows it ("gpu1", "me@10.0.0.7"); empty: this machine.
    QString program; ///< Of `alpa` there; empty: found beside this program, or "alpa" on the other
                     ///< machine.
    friend bool operator==(const RunPlace&, const RunPlace&) = default;
};

struct RunOrder {
    std::vector<int> planIds; ///< Taken in turns: A, B, A, B.
    RunPlace place;
    QString devices; ///< "cpu" or "cuda": as many as the plan has.
    int steps = 50;
    int repeats = 1;         ///< Of each plan.
    double learningRate = 0; ///< 0: the plan's.
};

/// A program and its arguments; what it reads from standard input is the plan file when it runs
/// elsewhere.
struct RunCommand {
    QString program;
    QStringList arguments;
    QString standardInput; ///< A file; empty: none.
};

/// `alpa run` of `planFile` on `devices` ("cpu:4"), here or over ssh: the same lines of JSON come
/// back either way. `traceFile`: where a run here writes what ran when; over ssh that is one of the
/// lines. Empty: nobody wants to know.
RunCommand runCommand(const RunPlace& place, const QString& localProgram, const QString& planFile,
                      const QString& devices, int steps, double learningRate,
                      const QString& traceFile);
/// `alpa devices`, here or over ssh.
RunCommand devicesCommand(const RunPlace& place, const QString& localProgram);

/// What a machine can run on, as `alpa devices --json` says it.
struct FoundDevices {
    int cores = 0;
    int gpus = 0;
    QString gpuNote; ///< Why there are none.
    QString problem; ///< The machine did not answer.
};
FoundDevices readDevices(const QByteArray& output, const QString& problem);

} // namespace alpa::app
