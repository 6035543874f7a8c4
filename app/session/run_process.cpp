#include "app/session/run_process.h"

#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"

#include <QRegularExpression>
#include <QSaveFile>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kKillAfterMs = 5000;
constexpr qsizetype kMaxLogLines = 5000;
constexpr qsizetype kMaxLogLine = 2000; ///< Characters; half of a trace may be a line of its own.
constexpr QByteArrayView kTraceLine = "{\"event\": \"trace\"";

void addToLog(RunRecord& record, const QByteArray& line)
{
    const QByteArray shown = line.left(kMaxLogLine).trimmed();
    if (!shown.isEmpty() && record.log.size() < kMaxLogLines)
        record.log.append(QString::fromUtf8(shown));
}

double number(const nlohmann::json& event, const char* field)
{
    const auto found = event.find(field);
    return found != event.end() && found->is_number() ? found->get<double>() : 0.0;
}

/// A device that cannot set aside its memory, in figures before the runtime's own words; other
/// messages as they are.
QString messageText(const std::string& english)
{
    const QString message = coreText(english);
    static const QRegularExpression pattern(
        uR"(stage (\d+) device (\d+).*an arena of (\S+ \S+) does not fit, )"
        uR"((\S+ \S+) of (\S+ \S+) are free)"_s);
    const QRegularExpressionMatch found = pattern.match(toQt(english));
    if (!found.hasMatch())
        return message;
    return RunProcess::tr("Out of memory: stage %1 needs %2, its device %3 has %4 free of %5.")
               .arg(found.captured(1), found.captured(3), found.captured(2), found.captured(4),
                    found.captured(5)) +
           u'\n' + message;
}

} // namespace

std::optional<Seconds> medianStepTime(const std::vector<RunStep>& steps)
{
    if (steps.size() < 2)
        return std::nullopt;
    std::vector<double> times;
    for (size_t i = 1; i < steps.size(); ++i)
        times.push_back(steps[i].time.count);
    std::ranges::sort(times);
    const size_t middle = times.size() / 2;
    return Seconds(times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2);
}

void applyRunLine(RunRecord& record, const QByteArray& line)
{
    // Megabytes: read in the background when somebody wants to see it.
    if (line.startsWith(kTraceLine)) {
        QSaveFile file(record.traceFile);
        if (line.endsWith('\n') && !record.traceFile.isEmpty() && file.open(QIODevice::WriteOnly) &&
            file.write(line) == line.size())
            file.commit();
        return;
    }
    const auto event = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    const std::string kind =
        event.is_object() && event.contains("event") && event["event"].is_string()
            ? event["event"].get<std::string>()
            : std::string();
    if (kind == "start") {
        record.state = RunRecord::State::kRunning;
        if (const auto memory = event.find("device_bytes");
            memory != event.end() && memory->is_array()) {
            for (const auto& bytes : *memory)
                record.deviceMemory.push_back(Bytes(bytes.is_number() ? bytes.get<int64_t>() : 0));
        }
    } else if (kind == "step") {
        record.state = RunRecord::State::kRunning;
        record.steps.push_back({.step = int(number(event, "step")),
                                .loss = number(event, "loss"),
                                .time = Seconds(number(event, "ms") * 1e-3),
                                .samplesPerSecond = number(event, "samples_per_second")});
        record.median = medianStepTime(record.steps);
    } else if (kind == "done") {
        record.state = RunRecord::State::kDone;
        if (number(event, "median_ms") > 0)
            record.median = Seconds(number(event, "median_ms") * 1e-3);
    } else if (kind == "error") {
        record.state = RunRecord::State::kFailed;
        const auto message = event.find("message");
        record.message = message != event.end() && message->is_string()
                             ? messageText(message->get<std::string>())
                             : QString::fromUtf8(line);
    } else {
        addToLog(record, line);
    }
}

RunProcess::RunProcess(RunRecord record, QObject* parent)
    : QObject(parent)
    , record_(std::move(record))
{
    killTimer_.setSingleShot(true);
    killTimer_.setInterval(kKillAfterMs);
    connect(&killTimer_, &QTimer::timeout, &process_, &QProcess::kill);
    connect(&process_, &QProcess::readyReadStandardOutput, this, &RunProcess::readOutput);
    connect(&process_, &QProcess::readyReadStandardError, this, &RunProcess::readErrors);
    connect(&process_, &QProcess::finished, this, &RunProcess::finish);
    connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            fail(tr("cannot start %1: %2").arg(process_.program(), process_.errorString()));
    });
}

RunProcess::~RunProcess()
{
    process_.disconnect(this);
    if (process_.state() != QProcess::NotRunning) {
        process_.kill();
        process_.waitForFinished(1000);
    }
}

void RunProcess::start(const RunCommand& command)
{
    if (isStopping_) {
        record_.state = RunRecord::State::kStopped;
        Q_EMIT changed();
        Q_EMIT finished();
        return;
    }
    if (!command.standardInput.isEmpty())
        process_.setStandardInputFile(command.standardInput);
    process_.start(command.program, command.arguments);
    Q_EMIT changed();
}

void RunProcess::stop()
{
    if (!isActive() || isStopping_)
        return;
    isStopping_ = true;
    if (process_.state() == QProcess::NotRunning)
        return; // start() sees it
    process_.terminate();
    killTimer_.start();
}

void RunProcess::fail(const QString& message)
{
    record_.state = RunRecord::State::kFailed;
    record_.message = message;
    Q_EMIT changed();
    Q_EMIT finished();
}

void RunProcess::readOutput()
{
    // QProcess::canReadLine would look through a long line again with each part of it.
    qsizetype end = pending_.size();
    pending_ += process_.readAllStandardOutput();
    qsizetype begin = 0;
    while ((end = pending_.indexOf('\n', end)) >= 0) {
        applyRunLine(record_, pending_.mid(begin, ++end - begin));
        begin = end;
    }
    pending_.remove(0, begin);
    const bool isNew = begin > 0;
    if (isNew && record_.host.isEmpty())
        record_.busyCores = load_.sample(process_.processId());
    if (isNew)
        Q_EMIT changed();
}

void RunProcess::readErrors()
{
    const QByteArrayList lines = process_.readAllStandardError().split('\n');
    for (const QByteArray& line : lines)
        addToLog(record_, line);
    Q_EMIT changed();
}

void RunProcess::finish(int exitCode, QProcess::ExitStatus status)
{
    killTimer_.stop();
    readOutput();
    applyRunLine(record_, std::exchange(pending_, {})); // A line that was cut off.
    readErrors();
    if (isStopping_) {
        record_.state = RunRecord::State::kStopped;
    } else if (record_.state != RunRecord::State::kFailed &&
               (status == QProcess::CrashExit || exitCode != 0)) {
        record_.state = RunRecord::State::kFailed;
        const QString last = record_.log.isEmpty() ? QString() : u": "_s + record_.log.last();
        const QString where =
            record_.steps.empty()
                ? tr("in or before its first step")
                : tr("after step %1 of %2").arg(record_.steps.size()).arg(record_.stepsWanted);
        record_.message = (status == QProcess::CrashExit
                               ? tr("the run was killed or crashed, %1").arg(where)
                               : tr("the run ended with code %1, %2").arg(exitCode).arg(where)) +
                          last;
    } else if (record_.state != RunRecord::State::kFailed) {
        record_.state = RunRecord::State::kDone;
    }
    Q_EMIT changed();
    Q_EMIT finished();
}

} // namespace alpa::app
