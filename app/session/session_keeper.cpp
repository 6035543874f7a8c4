#include "app/session/session_keeper.h"

#include "app/settings/qt_text.h"

#include <QDir>
#include <QFileInfo>

namespace alpa::app
{

SessionKeeper::SessionKeeper(Session* session, QString directory, QObject* parent)
    : QObject(parent)
    , session_(session)
    , directory_(std::move(directory))
    , journal_(journalDirectory())
{
    // A restored session comes in two steps: its model, then its edits.
    connect(session_, &Session::modelChanged, this, [this] {
        path_ = std::exchange(nextPath_, {});
        undoIndex_ = 0;
        beginJournal();
        setChanged(false);
    });
    connect(session_, &Session::restored, this, [this] {
        undoIndex_ = session_->undoStack()->index();
        Q_EMIT viewRestored(std::exchange(nextView_, {}));
        beginJournal();
        if (!restoring_)
            return;
        for (const JournalStep& step : restoring_->steps)
            journal_.append(step);
        // Only now a second crash loses nothing.
        removeJournal(restoring_->path);
        restoring_.reset();
        setChanged(true);
    });
    connect(session_, &Session::importFailed, this, [this] {
        restoring_.reset();
        nextPath_.clear();
        nextView_ = {};
    });
    connect(session_->undoStack(), &QUndoStack::indexChanged, this, [this](int index) {
        if (index == undoIndex_ && index == 0)
            return; // cleared
        const QUndoStack& stack = *session_->undoStack();
        note(index >= undoIndex_ ? stack.undoText() : tr("Undo %1").arg(stack.redoText()));
        undoIndex_ = index;
    });
    connect(session_, &Session::plansChanged, this, [this] {
        if (!session_->entries().empty())
            note({});
    });
}

SavedSession SessionKeeper::saved() const
{
    SavedSession saved = session_->saved();
    saved.view = view_();
    return saved;
}

void SessionKeeper::beginJournal()
{
    if (!journal_.begin(saved()))
        Q_EMIT failed(journal_.problem());
}

void SessionKeeper::note(const QString& edit)
{
    if (session_->model() == nullptr || restoring_)
        return;
    if (journal_.problem().isEmpty() && !journal_.append({edit, saved()}))
        Q_EMIT failed(journal_.problem());
    setChanged(true);
}

void SessionKeeper::setChanged(bool isChanged)
{
    isChanged_ = isChanged;
    Q_EMIT changed();
}

Status SessionKeeper::saveTo(const QString& path)
{
    RETURN_IF_ERROR(saveSession(saved(), path));
    path_ = path;
    beginJournal();
    setChanged(false);
    return {};
}

Status SessionKeeper::open(const QString& path, const QString& modelPath)
{
    ASSIGN_OR_RETURN(SavedSession saved, loadSession(path));
    if (!modelPath.isEmpty())
        saved.modelPath = modelPath;
    if (!QFileInfo::exists(saved.modelPath))
        return Error(ErrorCode::kNotFound,
                     fromQt(path) + ": its model " + fromQt(saved.modelPath) + " is not there");
    nextPath_ = path == lastPath() ? QString() : path;
    nextView_ = saved.view;
    session_->openSaved(saved);
    return {};
}

void SessionKeeper::restore(const AbandonedJournal& journal)
{
    std::vector<std::pair<Setup, QString>> history;
    for (size_t i = 1; i < journal.steps.size(); ++i) {
        const Setup& before = journal.steps[i - 1].session.setup;
        if (!(before == journal.steps[i].session.setup))
            history.emplace_back(before, journal.steps[i].text);
    }
    restoring_ = journal;
    nextView_ = journal.steps.back().session.view;
    session_->openSaved(journal.steps.back().session, history);
}

std::optional<QString> SessionKeeper::lastSession() const
{
    return QFileInfo::exists(lastPath()) ? std::optional(lastPath()) : std::nullopt;
}

void SessionKeeper::close()
{
    if (session_->model() != nullptr && !session_->entries().empty() && QDir().mkpath(directory_)) {
        const Status kept = saveSession(saved(), lastPath());
        if (!kept.ok())
            return; // the journal stays: it is the only copy
    }
    journal_.discard();
}

} // namespace alpa::app
