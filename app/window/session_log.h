// Writes down what happens to a session, for whoever asks later what went wrong: what was opened,
// what could not be read, planned or run, and what took long.
#pragma once

#include "app/session/session.h"

#include <QObject>

#include <set>

namespace alpa::app
{

class LogFile;

class SessionLog : public QObject
{
    Q_OBJECT

public:
    static constexpr qint64 kLongMs = 1000; ///< Jobs that took less are not written down.

    SessionLog(Session* session, LogFile* log, QObject* parent = nullptr);

private:
    void takeRun();

    Session* session_;
    LogFile* log_;
    std::set<int> runs_; ///< Those written down.
};

} // namespace alpa::app
