#include "app/window/session_offers.h"

#include "app/session/session.h"
#include "app/session/session_keeper.h"
#include "app/settings/qt_text.h"
#include "app/views/start_page.h"

#include <QLocale>

namespace alpa::app
{

using namespace Qt::StringLiterals;

SessionOffers::SessionOffers(Session* session, SessionKeeper* keeper, StartPage* page)
    : QObject(page)
    , session_(session)
    , keeper_(keeper)
    , start_(page)
{
}

/// Journals may be large, so they are read in the background; the page fills when they are.
void SessionOffers::look()
{
    struct Found {
        std::vector<AbandonedJournal> journals, discarded;
        std::optional<SavedSession> last;
    };
    auto found = std::make_shared<Found>();
    auto work = [found, directory = keeper_->journalDirectory(),
                 last = keeper_->lastSession()](const JobControl&) {
        found->journals = abandonedJournals(directory);
        found->discarded = discardedJournals(directory);
        if (!last)
            return;
        Result<SavedSession> session = loadSession(*last);
        if (session.ok())
            found->last = std::move(session.value());
    };
    session_->jobs()->start(tr("Look for unsaved sessions"), work, [this, found] {
        start_->clearOffers();
        for (AbandonedJournal& journal : found->journals)
            offerJournal(std::make_shared<const AbandonedJournal>(std::move(journal)));
        if (found->last)
            offerLast(*found->last);
        for (AbandonedJournal& journal : found->discarded)
            offerDiscarded(std::make_shared<const AbandonedJournal>(std::move(journal)));
    });
}

void SessionOffers::offerJournal(const std::shared_ptr<const AbandonedJournal>& journal)
{
    const QString model = modelNameOf(journal->steps.back().session.modelPath);
    const QString edits = counted(journal->edits(), tr("edit"), tr("edits"));
    start_->offer(
        {.title = tr("Restore %1").arg(model),
         .detail = tr("%1, the last at %2; the program ended before they were saved")
                       .arg(edits, QLocale().toString(journal->lastChange, QLocale::ShortFormat)),
         .name = u"restore_"_s + model,
         .take = [this, journal] { keeper_->restore(*journal); },
         .discard =
             [this, path = journal->path] {
                 if (!discardJournal(path))
                     removeJournal(path);
                 // Later: the button that was clicked is among what is made anew.
                 QMetaObject::invokeMethod(
                     this, [this] { look(); }, Qt::QueuedConnection);
             }});
}

void SessionOffers::offerDiscarded(const std::shared_ptr<const AbandonedJournal>& journal)
{
    const QString model = modelNameOf(journal->steps.back().session.modelPath);
    start_->offer({.title = tr("Discarded: %1").arg(model),
                   .detail = tr("%1, discarded at %2; kept for %3 days")
                                 .arg(counted(journal->edits(), tr("edit"), tr("edits")),
                                      QLocale().toString(journal->lastChange, QLocale::ShortFormat))
                                 .arg(kDiscardedDays),
                   .name = u"discarded_"_s + model,
                   .take = [this, journal] { keeper_->restore(*journal); },
                   .discard = {}});
}

void SessionOffers::offerLast(const SavedSession& session)
{
    start_->offer(
        {.title = tr("Continue with %1").arg(modelNameOf(session.modelPath)),
         .detail = tr("%1 on %2; as the window was closed last")
                       .arg(counted(int64_t(session.plans.size()), tr("plan"), tr("plans")),
                            session.setup.cluster),
         .name = u"continueLast"_s,
         .take =
             [this] {
                 if (const std::optional<QString> last = keeper_->lastSession())
                     Q_EMIT openRequested(*last);
             },
         .discard = {}});
}

} // namespace alpa::app
