// What the start page offers to go on with: sessions that ended before they were saved, the last
// one, and those whose edits were discarded.
#pragma once

#include "app/session/journal.h"

#include <QObject>

#include <memory>

namespace alpa::app
{

class Session;
class SessionKeeper;
class StartPage;

class SessionOffers : public QObject
{
    Q_OBJECT

public:
    SessionOffers(Session* session, SessionKeeper* keeper, StartPage* page);

    void look();

Q_SIGNALS:
    void openRequested(const QString& path); ///< The last session.

private:
    void offerJournal(const std::shared_ptr<const AbandonedJournal>& journal);
    void offerDiscarded(const std::shared_ptr<const AbandonedJournal>& journal);
    void offerLast(const SavedSession& session);

    Session* session_;
    SessionKeeper* keeper_;
    StartPage* start_;
};

} // namespace alpa::app
