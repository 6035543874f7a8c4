#include "app/session/journal.h"

#include "app/settings/qt_text.h"
#include "core/base/parse_json.h"
#include "core/plan/json_place.h"

#include <QDir>
#include <QFileInfo>
#include <QThreadPool>
#include <QUuid>

#include <algorithm>
#include <unistd.h>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

QString discardedDirectory(const QString& journals)
{
    return QDir(journals).filePath(u"discarded"_s);
}

constexpr qint64 kMostJournalBytes = qint64{256} << 20;

QString lockPath(const QString& journal) { return journal + u".lock"_s; }

/// One line: {"edit": text, "session": {...}}.
QByteArray toLine(const JournalStep& step)
{
    const Json edit = fromQt(step.text);
    return QByteArray::fromStdString(
        "{\"edit\":" + edit.dump(-1, ' ', false, Json::error_handler_t::replace) +
        ",\"session\":" + sessionToJson(step.session, true) + "}\n");
}

} // namespace

std::optional<JournalStep> journalStepFromLine(const QByteArray& line)
{
    const Result<Json> json =
        parseJson(std::string_view(line.data(), static_cast<size_t>(line.size())));
    if (!json.ok() || !json->is_object() || !json->contains("edit") || !json->contains("session") ||
        !json->at("edit").is_string())
        return std::nullopt;
    Result<SavedSession> session = sessionFromJson(json->at("session").dump());
    if (!session.ok())
        return std::nullopt;
    return JournalStep{toQt(json->at("edit").get<std::string>()), std::move(session.value())};
}

int AbandonedJournal::edits() const
{
    return static_cast<int>(
        std::ranges::count_if(steps, [](const JournalStep& step) { return !step.text.isEmpty(); }));
}

std::vector<JournalStep> readJournal(const QString& path)
{
    std::vector<JournalStep> steps;
    QFile file(path);
    if (file.size() > kMostJournalBytes || !file.open(QIODevice::ReadOnly))
        return steps;
    while (!file.atEnd()) {
        const QByteArray line = file.readLine();
        std::optional<JournalStep> step =
            line.endsWith('\n') ? journalStepFromLine(line) : std::nullopt;
        if (!step)
            break;
        steps.push_back(std::move(*step));
    }
    return steps;
}

std::vector<AbandonedJournal> abandonedJournals(const QString& directory)
{
    std::vector<AbandonedJournal> found;
    const QFileInfoList files =
        QDir(directory).entryInfoList({u"*.jsonl"_s}, QDir::Files, QDir::Time);
    for (const QFileInfo& info : files) {
        const QString path = info.absoluteFilePath();
        // Taking the lock succeeds only if the owner is gone; it is given back at once, as the file
        // stays where it is.
        QLockFile lock(lockPath(path));
        lock.setStaleLockTime(0);
        if (!lock.tryLock(0))
            continue;
        AbandonedJournal journal{path, info.lastModified(), readJournal(path)};
        if (journal.edits() > 0)
            found.push_back(std::move(journal));
        else
            QFile::remove(path);
    }
    return found;
}

void removeJournal(const QString& path) { QFile::remove(path); }

bool discardJournal(const QString& path)
{
    const QFileInfo info(path);
    const QString aside = discardedDirectory(info.path());
    const QString moved = QDir(aside).filePath(info.fileName());
    if (!QDir().mkpath(aside) || !QFile::rename(path, moved))
        return false;
    // The days count from now, not from the last edit.
    QFile file(moved);
    return file.open(QIODevice::ReadWrite) &&
           file.setFileTime(QDateTime::currentDateTime(), QFileDevice::FileModificationTime);
}

std::vector<AbandonedJournal> discardedJournals(const QString& directory)
{
    std::vector<AbandonedJournal> kept;
    const QDateTime oldest = QDateTime::currentDateTime().addDays(-kDiscardedDays);
    for (AbandonedJournal& journal : abandonedJournals(discardedDirectory(directory))) {
        if (journal.lastChange < oldest)
            removeJournal(journal.path);
        else
            kept.push_back(std::move(journal));
    }
    return kept;
}

bool Journal::begin(const SavedSession& session)
{
    discard();
    problem_.clear();
    if (!QDir().mkpath(directory_)) {
        problem_ =
            QObject::tr("edits are not kept against crashes: %1 cannot be created").arg(directory_);
        return false;
    }
    const QString path =
        QDir(directory_).filePath(QUuid::createUuid().toString(QUuid::WithoutBraces) + u".jsonl"_s);
    lock_ = std::make_unique<QLockFile>(lockPath(path));
    lock_->setStaleLockTime(0);
    file_ = std::make_unique<QFile>(path);
    if (!lock_->tryLock(0) || !file_->open(QIODevice::WriteOnly | QIODevice::Unbuffered)) {
        problem_ =
            QObject::tr("edits are not kept against crashes: %1 cannot be written").arg(path);
        discard();
        return false;
    }
    return write({{}, session});
}

bool Journal::append(const JournalStep& step) { return file_ != nullptr && write(step); }

bool Journal::write(const JournalStep& step)
{
    const QByteArray line = toLine(step);
    if (file_->write(line) != line.size()) {
        problem_ = QObject::tr("edits are not kept against crashes: %1: %2")
                       .arg(file_->fileName(), file_->errorString());
        return false;
    }
    // What write() took survives the death of this process; only the machine's own death needs the
    // disk.
    if (!syncTimer_.isActive())
        syncTimer_.start();
    return true;
}

void Journal::sync()
{
    if (file_ == nullptr)
        return;
    if (const int copy = ::dup(file_->handle()); copy >= 0)
        QThreadPool::globalInstance()->start([copy] {
            ::fdatasync(copy);
            ::close(copy);
        });
}

void Journal::discard()
{
    syncTimer_.stop();
    if (file_ != nullptr)
        file_->remove();
    file_.reset();
    lock_.reset();
}

} // namespace alpa::app
