// Keeps a session: its file, the journal against crashes, and the last session for the next start.
#pragma once

#include "app/session/journal.h"
#include "app/session/session.h"

#include <functional>
#include <optional>
#include <vector>

namespace alpa::app
{

class SessionKeeper : public QObject
{
    Q_OBJECT

public:
    /// `directory`: where journals and the last session lie; created when needed.
    SessionKeeper(Session* session, QString directory, QObject* parent = nullptr);

    /// The file that Save writes; empty before the first Save As.
    const QString& path() const { return path_; }
    /// Something was edited or planned since the last save.
    bool isChanged() const { return isChanged_; }

    /// How the window looks at the session, asked whenever it is kept.
    void setView(std::function<SavedView()> view) { view_ = std::move(view); }

    Status saveTo(const QString& path);
    /// Reads a session file and opens what it names. Fails without touching the session that is
    /// open; with kNotFound if the model is not where the file says: then `modelPath` may name
    /// where it is now.
    Status open(const QString& path, const QString& modelPath = {});

    /// Sessions that ended without closing. Reads whole journals: not for the GUI thread.
    std::vector<AbandonedJournal> abandoned() const
    {
        return abandonedJournals(journalDirectory());
    }
    QString journalDirectory() const { return directory_ + QStringLiteral("/journal"); }
    /// Opens the session with its edits as undo steps. The journal goes once its content is in the
    /// new one.
    void restore(const AbandonedJournal& journal);
    /// The session that was open when the window was closed last, if any.
    std::optional<QString> lastSession() const;
    /// The window closes: the session is kept as the last one, the journal is not needed any more.
    void close();

Q_SIGNALS:
    void changed();
    void viewRestored(const alpa::app::SavedView& view); ///< Of a session that is back.
    void failed(const QString& message); ///< Edits are not kept; the session goes on.

private:
    QString lastPath() const { return directory_ + QStringLiteral("/last.apsess"); }
    SavedSession saved() const;
    void beginJournal();
    void note(const QString& edit);
    void setChanged(bool isChanged);

    Session* session_;
    QString directory_;
    QString path_;
    QString nextPath_; ///< Becomes path_ when the model of a session being opened is there.
    bool isChanged_ = false;
    Journal journal_;
    std::optional<AbandonedJournal> restoring_;
    std::function<SavedView()> view_ = [] { return SavedView(); };
    SavedView nextView_; ///< Of the session being opened.
    int undoIndex_ = 0;
};

} // namespace alpa::app
