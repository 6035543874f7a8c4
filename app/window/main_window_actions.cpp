// The menus, the tool bar and their keys.
#include "app/settings/icons.h"
#include "app/views/graph_view.h"
#include "app/views/quick_limits.h"
#include "app/views/runs_view.h"
#include "app/window/appearance_menus.h"
#include "app/window/exporter.h"
#include "app/window/main_window.h"
#include "app/window/menu_items.h"
#include "app/window/plan_follower.h"
#include "app/window/window_docks.h"

#include <QAction>
#include <QDockWidget>
#include <QMenuBar>
#include <QTabWidget>
#include <QToolBar>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void MainWindow::makeActions()
{
    makeFileMenu();
    makeEditMenu();
    makePlanMenu();
    makeRunMenu();
    makeSelectionMenu();
    makeGoMenu();
    makeViewMenu();
    makeHelpMenu();
    makeToolBar();
}

void MainWindow::makeFileMenu()
{
    auto* file = menuBar()->addMenu(tr("&File"));
    actions_.open =
        addItem(file, u"open"_s, tr("&Open…"), u"actionOpen"_s, {QKeySequence(u"Ctrl+O"_s)});
    actions_.importChoices =
        addItem(file, {}, tr("Open again &with choices…"), u"actionImportChoices"_s);
    actions_.importChoices->setToolTip(tr("Sizes, loss, and rules for unknown operations"));
    connect(actions_.importChoices, &QAction::triggered, this, &MainWindow::askForImport);
    actions_.saveSession =
        addItem(file, {}, tr("&Save session"), u"actionSaveSession"_s, {QKeySequence(u"Ctrl+S"_s)});
    actions_.saveSessionAs = addItem(file, {}, tr("Save session &as…"), u"actionSaveSessionAs"_s);
    actions_.savePlan =
        addItem(file, {}, tr("Save &plan…"), u"actionSave"_s, {QKeySequence(u"Ctrl+Shift+S"_s)});
    actions_.exportPage = addItem(file, u"export"_s, tr("&Export page…"), u"actionExport"_s,
                                  {QKeySequence(u"Ctrl+E"_s)});
    actions_.report = addItem(file, {}, tr("Export session as &HTML report…"), u"actionReport"_s,
                              {QKeySequence(u"Ctrl+Shift+E"_s)});
    connect(actions_.report, &QAction::triggered, exporter_, &Exporter::askForReport);
    actions_.exportPlan = file->addMenu(tr("Export plan &for"));
    exporter_->fillPlanMenu(actions_.exportPlan);
    file->addSeparator();
    auto* quit = addItem(file, {}, tr("&Quit"), u"actionQuit"_s, {QKeySequence(u"Ctrl+Q"_s)});
    connect(actions_.open, &QAction::triggered, this, &MainWindow::askForFile);
    connect(actions_.savePlan, &QAction::triggered, this, [this] {
        if (session_.shownPlan() != nullptr)
            savePlan(session_.shownPlan()->id);
    });
    connect(actions_.saveSession, &QAction::triggered, this, [this] { saveSession(false); });
    connect(actions_.saveSessionAs, &QAction::triggered, this, [this] { saveSession(true); });
    connect(actions_.exportPage, &QAction::triggered, exporter_, &Exporter::askForPage);
    connect(quit, &QAction::triggered, this, &QWidget::close);
}

void MainWindow::makeEditMenu()
{
    auto* edit = menuBar()->addMenu(tr("&Edit"));
    actions_.undo = session_.undoStack()->createUndoAction(this, tr("Undo"));
    actions_.undo->setIcon(themedIcon(u"undo"_s));
    actions_.undo->setObjectName(u"actionUndo"_s);
    actions_.undo->setShortcut(QKeySequence(u"Ctrl+Z"_s));
    actions_.redo = session_.undoStack()->createRedoAction(this, tr("Redo"));
    actions_.redo->setIcon(themedIcon(u"redo"_s));
    actions_.redo->setObjectName(u"actionRedo"_s);
    actions_.redo->setShortcuts({QKeySequence(u"Ctrl+Shift+Z"_s), QKeySequence(u"Ctrl+Y"_s)});
    edit->addActions({actions_.undo, actions_.redo});
    edit->addSeparator();
    actions_.copyPage = addItem(edit, {}, tr("&Copy page as picture"), u"actionCopyPage"_s,
                                {QKeySequence(u"Ctrl+Shift+C"_s)});
    connect(actions_.copyPage, &QAction::triggered, exporter_, &Exporter::copyPage);
    actions_.find =
        addItem(edit, u"search"_s, tr("&Find…"), u"actionFind"_s, {QKeySequence(u"Ctrl+F"_s)});
    connect(actions_.find, &QAction::triggered, this, [this] {
        pages_->setCurrentWidget(graph_);
        graph_->focusFind();
    });
    auto* palette = addItem(edit, {}, tr("&Commands…"), u"actionPalette"_s,
                            {QKeySequence(u"Ctrl+K"_s), QKeySequence(u"Ctrl+Shift+P"_s)});
    connect(palette, &QAction::triggered, this, &MainWindow::openPalette);
}

void MainWindow::makePlanMenu()
{
    auto* plan = menuBar()->addMenu(tr("&Plan"));
    actions_.plan = addItem(plan, u"plan"_s, tr("&Plan"), u"actionPlan"_s, {QKeySequence(u"F5"_s)});
    actions_.stop = addItem(plan, u"stop"_s, tr("&Stop planning"), u"actionStop"_s,
                            {QKeySequence(u"Esc"_s), QKeySequence(u"Shift+F5"_s)});
    actions_.replansAtOnce =
        addItem(plan, {}, tr("&Replan at once when a constraint changes"), u"actionReplan"_s);
    actions_.replansAtOnce->setCheckable(true);
    actions_.replansAtOnce->setChecked(settings_.replansAtOnce());
    actions_.baselines =
        addItem(plan, u"compare"_s, tr("Plan all &baselines"), u"actionBaselines"_s);
    plan->addSeparator();
    actions_.annotated =
        addItem(plan, {}, tr("Shard as the model &file says"), u"actionAnnotations"_s);
    actions_.annotated->setToolTip(
        tr("Take over mhlo.sharding, sdy.sharding or sharding= of the file as constraints"));
    actions_.published =
        addItem(plan, {}, tr("Plan like a p&ublished plan…"), u"actionPublished"_s);
    actions_.published->setToolTip(
        tr("A published plan, Galvatron's JSON, AutoParallel's placements "
           "or Megatron-LM's arguments"));
    connect(actions_.annotated, &QAction::triggered, follower_, &PlanFollower::followAnnotations);
    connect(actions_.published, &QAction::triggered, follower_, &PlanFollower::askForFile);
    connect(actions_.plan, &QAction::triggered, &session_, &Session::planNow);
    connect(actions_.stop, &QAction::triggered, this, [this] {
        session_.cancelPlanning();
        session_.jobs()->cancelAll();
    });
    connect(actions_.replansAtOnce, &QAction::toggled, this, [this](bool on) {
        settings_.setReplansAtOnce(on);
        session_.setReplansAtOnce(on);
    });
    connect(actions_.baselines, &QAction::triggered, &session_, &Session::planBaselines);
}

void MainWindow::makeRunMenu()
{
    auto* run = menuBar()->addMenu(tr("&Run"));
    actions_.run =
        addItem(run, u"run"_s, tr("&Run on CPU devices"), u"actionRun"_s, {QKeySequence(u"F6"_s)});
    actions_.askRun =
        addItem(run, {}, tr("Run &with choices…"), u"actionRunAsk"_s, {QKeySequence(u"Ctrl+F6"_s)});
    connect(actions_.askRun, &QAction::triggered, this, &MainWindow::askForRun);
    actions_.stopRun =
        addItem(run, u"stop"_s, tr("&Stop run"), u"actionStopRun"_s, {QKeySequence(u"Shift+F6"_s)});
    connect(actions_.run, &QAction::triggered, this, [this] {
        pages_->setCurrentWidget(runs_);
        runs_->startRun();
    });
    connect(actions_.stopRun, &QAction::triggered, this,
            [this] { session_.runQueue()->stopAll(); });
}

void MainWindow::makeViewMenu()
{
    auto* view = menuBar()->addMenu(tr("&View"));
    for (int page = 0; page < pages_->count(); ++page) {
        auto* action = addItem(view, {}, pages_->tabText(page), u"actionPage%1"_s.arg(page),
                               {QKeySequence(u"Ctrl+%1"_s.arg(page + 1))});
        connect(action, &QAction::triggered, this, [this, page] { pages_->setCurrentIndex(page); });
    }
    view->addSeparator();
    for (QDockWidget* dock : findChildren<QDockWidget*>())
        view->addAction(dock->toggleViewAction());
    view->addSeparator();
    for (const QString& name : {u"graphHeatLog"_s, u"graphHeatClip"_s})
        view->addAction(graph_->findChild<QAction*>(name));
    view->addSeparator();
    docks_->makeWorkspaceActions(view);
    auto* reset = addItem(view, {}, tr("Reset layout"), u"actionResetLayout"_s);
    auto* focus =
        addItem(view, {}, tr("Only the page"), u"actionFocus"_s, {QKeySequence(u"F11"_s)});
    connect(reset, &QAction::triggered, this, [this] {
        docks_->reset();
        docks_->show(session_.model() != nullptr);
    });
    connect(focus, &QAction::triggered, docks_, &WindowDocks::toggleFocusMode);
    auto* appearance = new AppearanceMenus(&settings_, view);
    connect(appearance, &AppearanceMenus::said, this, &MainWindow::say);
}

void MainWindow::makeToolBar()
{
    auto* tools = addToolBar(tr("Tools"));
    tools->setObjectName(u"toolBar"_s);
    tools->setMovable(false);
    tools->setIconSize({18, 18});
    tools->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    tools->setContextMenuPolicy(Qt::PreventContextMenu);
    actions_.open->setIconText(tr("Open"));
    actions_.plan->setIconText(tr("Plan"));
    actions_.stop->setIconText(tr("Stop"));
    actions_.replansAtOnce->setIconText(tr("Auto-replan"));
    actions_.run->setIconText(tr("Run"));
    actions_.undo->setIconText(tr("Undo"));
    actions_.redo->setIconText(tr("Redo"));
    actions_.baselines->setIconText(tr("Baselines"));
    actions_.find->setIconText(tr("Find"));
    tools->addAction(actions_.open);
    tools->addSeparator();
    tools->addActions({actions_.plan, actions_.stop, actions_.replansAtOnce});
    tools->addSeparator();
    tools->addActions({actions_.undo, actions_.redo});
    tools->addSeparator();
    tools->addActions({actions_.baselines, actions_.run, actions_.find});
    tools->addSeparator();
    auto* limits = new QuickLimits(&session_);
    // Whoever has typed a limit wants to see what comes of it, and single keys to work again.
    connect(limits, &QuickLimits::entered, this, [this] { pages_->currentWidget()->setFocus(); });
    tools->addWidget(limits);
}

} // namespace alpa::app
