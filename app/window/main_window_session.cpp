// Opening and saving: models, plans, and sessions with the dialogs around SessionKeeper.
#include "app/settings/qt_text.h"
#include "app/views/graph_view.h"
#include "app/views/start_page.h"
#include "app/window/exporter.h"
#include "app/window/main_window.h"
#include "core/plan/plan_file.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QMimeData>
#include <QTabWidget>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void MainWindow::openFile(const QString& path, const QString& cluster)
{
    Setup setup = initial_;
    setup.cluster = cluster.isEmpty() ? initial_.cluster : cluster;
    settings_.addRecentModel(path);
    say(tr("Opening %1…").arg(QFileInfo(path).fileName()));
    if (path.endsWith(u".json"_s)) {
        session_.openPlan(path);
        return;
    }
    if (path.endsWith(QLatin1StringView(kSessionSuffix))) {
        openSession(path);
        return;
    }
    session_.setInitialSetup(setup);
    session_.openModel(path);
}

void MainWindow::askForFile()
{
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open a model, plan or session"), QString(),
                                     tr("Models, plans and sessions (*.mlir *.hlo *.onnx *.txt "
                                        "*.gz *.json *.apsess);;All files (*)"));
    if (!path.isEmpty())
        openFile(path);
}

void MainWindow::savePlan(int planId)
{
    const PlanEntry* entry = session_.entry(planId);
    if (entry == nullptr || entry->plan() == nullptr)
        return;
    const QString suggestion =
        u"%1.%2.json"_s.arg(session_.model()->name, entry->name.toLower().replace(u' ', u'-'));
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Save plan"), suggestion, tr("Plans (*.json)"));
    if (!path.isEmpty())
        savePlanTo(planId, path);
}

void MainWindow::savePlanTo(int planId, const QString& path)
{
    const PlanEntry* entry = session_.entry(planId);
    if (entry == nullptr || entry->plan() == nullptr)
        return;
    auto problem = std::make_shared<QString>();
    auto work = [plan = entry->facts->plan, path, problem](const JobControl&) {
        const Status saved = alpa::savePlan(*plan, fromQt(path));
        if (!saved.ok())
            *problem = toQt(saved.error().message);
    };
    session_.jobs()->start(tr("Save plan"), work, [this, problem, path] {
        say(problem->isEmpty() ? tr("Saved %1").arg(path) : tr("Not saved: %1").arg(*problem));
    });
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (!event->mimeData()->hasUrls() || !event->mimeData()->urls().first().isLocalFile())
        return;
    start_->setDropActive(true);
    event->acceptProposedAction();
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*) { start_->setDropActive(false); }

void MainWindow::dropEvent(QDropEvent* event)
{
    start_->setDropActive(false);
    if (!event->mimeData()->hasUrls())
        return;
    // Of several files each is taken; plans of one model stand side by side.
    QStringList plans;
    for (const QUrl& url : event->mimeData()->urls()) {
        const QString path = url.toLocalFile();
        if (path.endsWith(u".json"_s))
            plans << path;
        else if (!path.isEmpty())
            openFile(path);
    }
    if (!plans.isEmpty())
        openFile(plans.takeFirst());
    for (const QString& path : plans)
        session_.addPlan(path);
}

/// Asks what becomes of edits since the session file was saved. Without a file nobody is asked: the
/// start page offers to go on.
bool MainWindow::mayClose()
{
    if (keeper_.path().isEmpty() || !keeper_.isChanged())
        return true;
    const QString name = QFileInfo(keeper_.path()).fileName();
    const QMessageBox::StandardButton answer = askAboutEdits_(
        tr("%1 has edits that are not saved.").arg(name),
        tr("Discarded edits stay within reach: the start page offers to go on with them."));
    if (answer == QMessageBox::Save)
        saveSession(false);
    return answer == QMessageBox::Discard || (answer == QMessageBox::Save && !keeper_.isChanged());
}

QMessageBox::StandardButton MainWindow::askAboutEdits(const QString& text, const QString& more)
{
    QMessageBox box(QMessageBox::Question, tr("Save the session?"), text,
                    QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
    box.setObjectName(u"closeBox"_s);
    box.setInformativeText(more);
    box.setDefaultButton(QMessageBox::Save);
    return static_cast<QMessageBox::StandardButton>(box.exec());
}

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
        say(tr("Not opened: %1").arg(toQt(opened.error().message)));
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
    say(saved.ok() ? tr("Saved %1").arg(path)
                   : tr("Not saved: %1").arg(toQt(saved.error().message)));
}

/// Session files say how the window looked at it, and opening them looks so again.
void MainWindow::keepView()
{
    keeper_.setView([this] {
        SavedView view;
        view.page = pageName(pages_->currentWidget());
        graph_->remember(view);
        return view;
    });
    connect(&keeper_, &SessionKeeper::viewRestored, this, [this](const SavedView& view) {
        graph_->recall(view);
        for (int page = 0; page < pages_->count(); ++page) {
            if (pageName(pages_->widget(page)) == view.page)
                pages_->setCurrentIndex(page);
        }
    });
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
