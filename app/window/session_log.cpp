#include "app/window/session_log.h"

#include "app/settings/log_file.h"

namespace alpa::app
{

using namespace Qt::StringLiterals;

// For whoever mends the program: in English, whatever the window speaks.
SessionLog::SessionLog(Session* session, LogFile* log, QObject* parent)
    : QObject(parent)
    , session_(session)
    , log_(log)
{
    const auto note = [log](const char* source) {
        return [log, source](const QString& text) { log->write(QLatin1StringView(source), text); };
    };
    connect(session, &Session::modelChanged, this, [this] {
        runs_.clear();
        if (session_->model() != nullptr)
            log_->write(u"open"_s, session_->model()->path);
    });
    connect(session, &Session::importFailed, this, note("not opened"));
    connect(session, &Session::planFileRefused, this, note("not opened"));
    connect(session, &Session::planningFailed, this, note("not planned"));
    connect(session->runQueue(), &RunQueue::changed, this, &SessionLog::takeRun);
    connect(session->jobs(), &JobList::ended, this, [log](const QString& title, qint64 elapsedMs) {
        if (elapsedMs >= kLongMs)
            log->write(u"job"_s, u"%1: %2 ms"_s.arg(title).arg(elapsedMs));
    });
}

void SessionLog::takeRun()
{
    for (const RunRecord& run : session_->runs()) {
        if (run.state != RunRecord::State::kFailed || !runs_.insert(run.id).second)
            continue;
        log_->write(u"run failed"_s,
                    u"%1 on %2 %3: %4"_s.arg(run.planName, run.host, run.devices, run.message) +
                        (run.log.isEmpty() ? QString() : u'\n' + run.log.join(u'\n')));
    }
}

} // namespace alpa::app
