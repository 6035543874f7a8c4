// The journal of a session: every edit goes to a file at once, so that a crash or kill loses at
// most the edit in the making. A journal whose owner is gone and that holds edits is offered for
// restoring.
#pragma once

#include "app/session/saved_session.h"

#include <QByteArray>
#include <QDateTime>
#include <QFile>
#include <QLockFile>
#include <QTimer>

#include <memory>
#include <optional>
#include <vector>

namespace alpa::app
{

/// The session after one edit.
struct JournalStep {
    QString text; ///< "Max TP 2"; empty for what is no edit, like an answered plan.
    SavedSession session;
};

/// A journal that nobody owns any more.
struct AbandonedJournal {
    QString path;
    QDateTime lastChange;
    std::vector<JournalStep>
        steps; ///< Oldest first, the first being the session before any edit; never empty.
    int edits() const;
};

/// One line of a journal; nothing if it is damaged.
std::optional<JournalStep> journalStepFromLine(const QByteArray& line);
/// The complete lines of a journal; a last line that was cut off is left out, and so is everything
/// after a damaged one.
std::vector<JournalStep> readJournal(const QString& path);
/// Journals in `directory` with at least one edit whose owner is gone, newest first. Those without
/// an edit are removed.
std::vector<AbandonedJournal> abandonedJournals(const QString& directory);
void removeJournal(const QString& path);
/// Puts a journal of the directory aside. False if it cannot be moved; then it stays.
bool discardJournal(const QString& path);
/// What was put aside in the last kDiscardedDays, newest first; older ones are removed.
constexpr int kDiscardedDays = 7;
std::vector<AbandonedJournal> discardedJournals(const QString& directory);

/// Writes one journal. A journal exists as a file only while it holds something.
class Journal
{
public:
    explicit Journal(QString directory)
        : directory_(std::move(directory))
    {
        syncTimer_.setSingleShot(true);
        syncTimer_.setInterval(kSyncDelayMs);
        QObject::connect(&syncTimer_, &QTimer::timeout, [this] { sync(); });
    }
    ~Journal() { discard(); }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Starts anew from `session`. False if the directory cannot be written: then nothing is kept,
    /// and problem() says why.
    bool begin(const SavedSession& session);
    bool append(const JournalStep& step);
    /// Removes the file: the session was saved or left.
    void discard();
    const QString& problem() const { return problem_; }
    QString path() const { return file_ ? file_->fileName() : QString(); }

private:
    static constexpr int kSyncDelayMs = 500; ///< A crash of the whole machine loses this much.

    bool write(const JournalStep& step);
    void sync();

    QString directory_;
    QString problem_;
    std::unique_ptr<QLockFile> lock_;
    std::unique_ptr<QFile> file_;
    QTimer syncTimer_;
};

} // namespace alpa::app
