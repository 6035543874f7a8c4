#include "app/window/main_window.h"

#include "app/dialogs/import_dialog.h"
#include "app/dialogs/run_dialog.h"
#include "app/dialogs/why_dialog.h"
#include "app/item_models/plans_model.h"
#include "app/settings/icons.h"
#include "app/settings/key_bindings.h"
#include "app/settings/programs.h"
#include "app/settings/qt_text.h"
#include "app/views/bottom_panels.h"
#include "app/views/compare_view.h"
#include "app/views/constraints_panel.h"
#include "app/views/graph_view.h"
#include "app/views/history_panel.h"
#include "app/views/inspector.h"
#include "app/views/memory_view.h"
#include "app/views/mesh_view.h"
#include "app/views/outline_panel.h"
#include "app/views/overview.h"
#include "app/views/pipeline_view.h"
#include "app/views/plans_panel.h"
#include "app/views/program_view.h"
#include "app/views/runs_view.h"
#include "app/views/source_view.h"
#include "app/views/start_page.h"
#include "app/widgets/toast.h"
#include "app/widgets/veil.h"
#include "app/window/done_notice.h"
#include "app/window/exporter.h"
#include "app/window/plan_banner.h"
#include "app/window/plan_follower.h"
#include "app/window/session_log.h"
#include "app/window/session_offers.h"
#include "app/window/stall_watch.h"
#include "app/window/window_docks.h"

#include <QDockWidget>
#include <QFileInfo>
#include <QKeyEvent>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QTabWidget>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr QSize kSmallestWindow{1024, 700};
constexpr QSize kFirstWindow{1440, 900};
constexpr int kLeastPage = 520;

/// Where journals and the last session lie.
QString dataDirectory(const QString& profile)
{
    return profile.isEmpty()
               ? QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation)
               : profile;
}

} // namespace

MainWindow::MainWindow(const QString& profile, QWidget* parent)
    : QMainWindow(parent)
    , settings_(profile)
    , log_(dataDirectory(profile))
    , keeper_(&session_, dataDirectory(profile))
{
    setObjectName(u"mainWindow"_s);
    setWindowIcon(themedIcon(u"app"_s));
    setWindowTitle(tr("Alpa Explorer"));
    setMinimumSize(kSmallestWindow);
    resize(kFirstWindow);
    setAcceptDrops(true);
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    initial_.cluster = settings_.cluster();
    session_.setReplansAtOnce(settings_.replansAtOnce());
    plans_ = new PlansModel(&session_, this);
    makePages();
    makeDocks();
    makeHelpers();
    makeActions();
    applyKeys(findChildren<QAction*>(), settings_);
    makeStatusBar();
    new StallWatch(this);
    new DoneNotice(session_.jobs(), this);
    new SessionLog(&session_, &log_, this);
    connect(&session_, &Session::modelChanged, this, &MainWindow::takeModel);
    connect(&session_, &Session::shownPlanChanged, this, &MainWindow::takePlan);
    connect(&session_, &Session::planningChanged, this, &MainWindow::takePlanning);
    connect(&session_, &Session::setupChanged, this, &MainWindow::refreshBanner);
    connect(&session_, &Session::runsChanged, this, &MainWindow::updateActions);
    connect(session_.jobs(), &JobList::changed, this, &MainWindow::takePlanning);
    connect(session_.jobs(), &JobList::progressed, this, &MainWindow::takePlanning);
    connect(&session_, &Session::importFailed, this, [this](const QString& message) {
        docks_->showProblems();
        say(tr("Not opened: %1").arg(message.section(u'\n', 0, 0)));
    });
    connect(&session_, &Session::planFileRefused, this,
            [this](const QString& message) { say(tr("Not opened: %1").arg(message)); });
    connect(&session_, &Session::importUndecided, this, &MainWindow::askForImport);
    connect(&session_, &Session::restored, this, [this](const QString& warning) {
        if (!warning.isEmpty())
            say(warning);
    });
    connect(&keeper_, &SessionKeeper::changed, this, &MainWindow::refreshTitle);
    connect(&keeper_, &SessionKeeper::failed, this, &MainWindow::say);
    keepView();
    connect(&session_, &Session::planningFailed, this, [this](const QString& message) {
        say(tr("Not planned: %1").arg(message.section(u'\n', 0, 0)));
    });
    // Something chosen in a page wants to be read; constraints are edited without choosing
    // anything.
    connect(session_.selection(), &SelectionModel::changed, this, [this] {
        if (!session_.selection()->current().isNone() && docks_->isInspectorVisible())
            docks_->raiseInspector();
    });
    docks_->show(false);
    offers_->look();
    if (const QByteArray geometry = settings_.windowGeometry(); !geometry.isEmpty())
        restoreGeometry(geometry);
    updateActions();
}

MainWindow::~MainWindow()
{
    // Views read the session until they are gone, so they go first.
    for (QDockWidget* dock : findChildren<QDockWidget*>())
        delete dock;
    delete takeCentralWidget();
    delete plans_;
}

void MainWindow::makePages()
{
    stack_ = new QStackedWidget;
    start_ = new StartPage(&settings_);
    start_->setMinimumWidth(
        kLeastPage); // while hidden its long paths must not push the docks aside
    pages_ = new QTabWidget;
    pages_->setObjectName(u"pages"_s);
    pages_->setDocumentMode(true);
    pages_->setMinimumWidth(kLeastPage);
    graph_ = new GraphView(&session_, &regrets_);
    runs_ = new RunsView(&session_);
    auto* overview = new Overview(&session_);
    pages_->addTab(overview, tr("Overview"));
    pages_->addTab(graph_, tr("Graph"));
    auto* pipeline = new PipelineView(&session_);
    connect(pipeline, &PipelineView::measured, graph_, &GraphView::setStageErrors);
    pages_->addTab(pipeline, tr("Pipeline"));
    pages_->addTab(new MemoryView(&session_), tr("Memory"));
    compare_ = new CompareView(&session_, plans_);
    pages_->addTab(compare_, tr("Compare"));
    pages_->addTab(runs_, tr("Runs"));
    pages_->addTab(new MeshView(&session_), tr("Mesh"));
    pages_->addTab(new ProgramView(&session_), tr("Program"));
    auto* source = new SourceView(&session_);
    connect(source, &SourceView::openRequested, this, &MainWindow::askForFile);
    pages_->addTab(source, tr("Source"));
    toast_ = new Toast(pages_);
    connect(toast_, &Toast::actionTaken, session_.undoStack(), &QUndoStack::undo);
    veil_ = new Veil(pages_);
    banner_ = new PlanBanner(&session_);
    connect(banner_, &PlanBanner::constraintsWanted, this, [this] { docks_->raiseConstraints(); });
    connect(banner_, &PlanBanner::realClusterWanted, this, &MainWindow::leaveWhatIf);
    auto* main = new QWidget;
    auto* column = new QVBoxLayout(main);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(banner_);
    column->addWidget(pages_, 1);
    stack_->addWidget(start_);
    stack_->addWidget(main);
    setCentralWidget(stack_);
    connect(runs_, &RunsView::dialogRequested, this, &MainWindow::askForRun);
    connect(overview, &Overview::pageRequested, this, [this](const QString& name) {
        pages_->setCurrentWidget(pages_->findChild<QWidget*>(name));
        const Selection selection = session_.selection()->current();
        if (pages_->currentWidget() == graph_ && selection.kind == Selection::Kind::kLayer)
            graph_->revealLayer(selection.index);
    });
    connect(overview, &Overview::problemsRequested, this, [this] {
        docks_->showProblems();
        problems_->setFocus();
    });
    connect(start_, &StartPage::openRequested, this, &MainWindow::askForFile);
    connect(start_, &StartPage::tourRequested, this, &MainWindow::startTour);
    connect(start_, &StartPage::modelChosen, this,
            [this](const QString& path, const QString& cluster) { openFile(path, cluster); });
}

void MainWindow::makeDocks()
{
    auto* outline = new OutlinePanel(&session_);
    connect(outline, &OutlinePanel::openRequested, this, &MainWindow::askForFile);
    auto* plans = new PlansPanel(&session_, plans_);
    connect(plans, &PlansPanel::saveRequested, this, &MainWindow::savePlan);
    auto* constraints = new ConstraintsPanel(&session_);
    connect(constraints, &ConstraintsPanel::clusterEdited, this,
            [this](const QString& name) { settings_.setCluster(name); });
    inspector_ = new Inspector(&session_, &regrets_);
    connect(inspector_, &Inspector::whyRequested, this,
            [this](const QString& label) { (new WhyDialog(&session_, label, this))->show(); });
    problems_ = new ProblemsPanel(&session_);
    connect(problems_, &ProblemsPanel::sourceRequested, this,
            [this] { pages_->setCurrentWidget(pages_->findChild<QWidget*>(u"sourceView"_s)); });
    connect(problems_, &ProblemsPanel::logRequested, this, &MainWindow::showLog);
    connect(inspector_, &Inspector::findRequested, this, [this] {
        pages_->setCurrentWidget(graph_);
        graph_->focusFind();
    });
    auto* history = new HistoryPanel(&session_);
    connect(history, &HistoryPanel::constraintsRequested, this, [this, constraints] {
        docks_->raiseConstraints();
        constraints->focusLimits();
    });
    docks_ = new WindowDocks({.outline = outline,
                              .plans = plans,
                              .history = history,
                              .constraints = constraints,
                              .inspector = inspector_,
                              .problems = problems_,
                              .jobs = new JobsPanel(&session_)},
                             &session_, pages_, this);
}

/// What acts on the session beside the pages.
void MainWindow::makeHelpers()
{
    exporter_ = new Exporter(&session_, pages_, graph_, this);
    connect(exporter_, &Exporter::said, this, &MainWindow::say);
    follower_ = new PlanFollower(&session_, this);
    connect(follower_, &PlanFollower::said, this, &MainWindow::say);
    offers_ = new SessionOffers(&session_, &keeper_, start_);
    connect(offers_, &SessionOffers::openRequested, this, &MainWindow::openSession);
}

void MainWindow::takeModel()
{
    const auto& model = session_.model();
    refreshTitle();
    stack_->setCurrentIndex(model == nullptr ? 0 : 1);
    lastShownId_ = 0;
    if (model != nullptr && !docks_->isFocusMode()) {
        // The layout of the last time is taken once; afterwards docks stay as the user moves them.
        docks_->showFirst(settings_.windowState());
        if (!model->diagnostics.empty())
            docks_->showProblems();
    }
    start_->refreshRecent();
    takePlan();
}

/// Sizes that an ONNX file leaves open, and a loss for a model without one.
void MainWindow::askForImport()
{
    const auto model = session_.model();
    auto* dialog = new ImportDialog(*model, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, path = model->path] {
        say(tr("Opening %1…").arg(QFileInfo(path).fileName()));
        session_.openModel(path, dialog->choices());
    });
    connect(dialog, &QDialog::rejected, this, [this] {
        say(tr("Not planned: the file leaves open what a training step needs; Open asks again"));
    });
    dialog->open();
}

void MainWindow::askForRun()
{
    auto* dialog = new RunDialog(&session_, &settings_, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] {
        pages_->setCurrentWidget(runs_);
        session_.queueRuns(dialog->order(), findProgram(u"alpa"_s));
    });
    dialog->open();
}

void MainWindow::leaveWhatIf()
{
    Setup next = session_.setup();
    next.whatIf = {};
    session_.editSetup(next, tr("The real cluster"));
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (!mayClose()) {
        event->ignore();
        return;
    }
    if (session_.model() != nullptr && !docks_->isFocusMode())
        settings_.setWindow(saveGeometry(), saveState());
    session_.runQueue()->stopAll();
    session_.jobs()->cancelAll();
    keeper_.close();
    QMainWindow::closeEvent(event);
}

void MainWindow::changeEvent(QEvent* event)
{
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::FontChange && docks_ != nullptr)
        docks_->fit();
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    if (docks_ != nullptr)
        docks_->setLeastWidths();
}

void MainWindow::keyPressEvent(QKeyEvent* event)
{
    if (event->text() == "?"_L1)
        showKeys();
    else
        QMainWindow::keyPressEvent(event);
}

} // namespace alpa::app
