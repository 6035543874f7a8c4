// Opening and saving sessions: the dialogs around SessionKeeper.
#include "app/settings/qt_text.h"
#include "app/views/start_page.h"
#include "app/window/main_window.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QLocale>
#include <QMessageBox>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void MainWindow::openSession(const QString& path)
{
    Status opened = keeper_.open(path);
    if (!opened.ok() && opened.error().code == ErrorCode::kNotFound && QFileInfo::exists(path)) {
        const auto answer = QMessageBox::question(
            this, tr("Model not found"),
            tr("%1.\n\nLook for the model elsewhere?").arg(toQt(opened.error().message)));
        if (answer != QMessageBox::Yes)
            return;
        const QString model = QFileDialog::getOpenFileName(this, tr("The model of this session"),
                                                           QFileInfo(path).path());
        if (model.isEmpty())
            return;
        opened = keeper_.open(path, model);
    }
    if (!opened.ok())
        statusText_->setText(tr("Not opened: %1").arg(toQt(opened.error().message)));
}

void MainWindow::saveSession(bool asksForPath)
{
    QString path = keeper_.path();
    if (asksForPath || path.isEmpty()) {
        const QString suggestion =
            path.isEmpty() ? session_.model()->name + QLatin1StringView(kSessionSuffix) : path;
        path = QFileDialog::getSaveFileName(this, tr("Save session"), suggestion,
                                            tr("Sessions (*.apsess)"));
        if (path.isEmpty())
            return;
        if (!path.endsWith(QLatin1StringView(kSessionSuffix)))
            path += QLatin1StringView(kSessionSuffix);
    }
    const Status saved = keeper_.saveTo(path);
    if (saved.ok())
        settings_.addRecentModel(path);
    statusText_->setText(saved.ok() ? tr("Saved %1").arg(path)
                                    : tr("Not saved: %1").arg(toQt(saved.error().message)));
}

/// Journals may be large, so they are read in the background; the page fills when they are.
void MainWindow::offerSessions()
{
    struct Found {
        std::vector<AbandonedJournal> journals;
        std::optional<SavedSession> last;
    };
    auto found = std::make_shared<Found>();
    auto work = [found, directory = keeper_.journalDirectory(),
                 last = keeper_.lastSession()](const JobControl&) {
        found->journals = abandonedJournals(directory);
        if (!last)
            return;
        Result<SavedSession> session = loadSession(*last);
        if (session.ok())
            found->last = std::move(session.value());
    };
    session_.jobs()->start(tr("Look for unsaved sessions"), work, [this, found] {
        start_->clearOffers();
        for (AbandonedJournal& journal : found->journals)
            offerJournal(std::make_shared<const AbandonedJournal>(std::move(journal)));
        if (found->last)
            offerLast(*found->last);
    });
}

void MainWindow::offerJournal(const std::shared_ptr<const AbandonedJournal>& journal)
{
    const QString model = modelNameOf(journal->steps.back().session.modelPath);
    const QString edits = counted(journal->edits(), tr("edit"), tr("edits"));
    start_->offer(
        {.title = tr("Restore %1").arg(model),
         .detail = tr("%1, the last at %2; the program ended before they were saved")
                       .arg(edits, QLocale().toString(journal->lastChange, QLocale::ShortFormat)),
         .name = u"restore_"_s + model,
         .take = [this, journal] { keeper_.restore(*journal); },
         .discard =
             [this, path = journal->path] {
                 removeJournal(path);
                 // Later: the button that was clicked is among what is made anew.
                 QMetaObject::invokeMethod(
                     this, [this] { offerSessions(); }, Qt::QueuedConnection);
             }});
}

void MainWindow::offerLast(const SavedSession& session)
{
    start_->offer(
        {.title = tr("Continue with %1").arg(modelNameOf(session.modelPath)),
         .detail = tr("%1 on %2; as the window was closed last")
                       .arg(counted(int64_t(session.plans.size()), tr("plan"), tr("plans")),
                            session.setup.cluster),
         .name = u"continueLast"_s,
         .take =
             [this] {
                 if (const std::optional<QString> last = keeper_.lastSession())
                     openSession(*last);
             },
         .discard = {}});
}

void MainWindow::refreshTitle()
{
    const auto& model = session_.model();
    if (model == nullptr) {
        setWindowTitle(tr("Alpa Explorer"));
        return;
    }
    const QString name =
        keeper_.path().isEmpty() ? model->name : QFileInfo(keeper_.path()).fileName();
    setWindowTitle(tr("%1[*] – Alpa Explorer").arg(name));
    setWindowModified(keeper_.isChanged() && !keeper_.path().isEmpty());
}

} // namespace alpa::app
