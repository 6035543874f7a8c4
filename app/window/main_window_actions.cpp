// The menus, the tool bar and their keys.
#include "app/settings/icons.h"
#include "app/views/graph_view.h"
#include "app/views/quick_limits.h"
#include "app/views/runs_view.h"
#include "app/window/main_window.h"

#include <QActionGroup>
#include <QDockWidget>
#include <QMenuBar>
#include <QTabWidget>
#include <QToolBar>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

QAction* addItem(QMenu* menu, const QString& icon, const QString& text, const QString& name,
                 const QList<QKeySequence>& keys = {})
{
    auto* action = menu->addAction(text);
    action->setObjectName(name);
    if (!icon.isEmpty())
        action->setIcon(themedIcon(icon));
    action->setShortcuts(keys);
    if (!keys.isEmpty())
        action->setToolTip(u"%1 (%2)"_s.arg(QString(text).remove(u'&').remove(u'…'),
                                            keys.first().toString(QKeySequence::NativeText)));
    return action;
}

} // namespace

void MainWindow::makeActions()
{
    auto* file = menuBar()->addMenu(tr("&File"));
    auto* open =
        addItem(file, u"open"_s, tr("&Open…"), u"actionOpen"_s, {QKeySequence(u"Ctrl+O"_s)});
    importAction_ = addItem(file, {}, tr("Open again &with choices…"), u"actionImportChoices"_s);
    importAction_->setToolTip(tr("Sizes, loss, and rules for unknown operations"));
    connect(importAction_, &QAction::triggered, this, &MainWindow::askForImport);
    saveSessionAction_ =
        addItem(file, {}, tr("&Save session"), u"actionSaveSession"_s, {QKeySequence(u"Ctrl+S"_s)});
    saveSessionAsAction_ = addItem(file, {}, tr("Save session &as…"), u"actionSaveSessionAs"_s);
    saveAction_ =
        addItem(file, {}, tr("Save &plan…"), u"actionSave"_s, {QKeySequence(u"Ctrl+Shift+S"_s)});
    exportAction_ = addItem(file, u"export"_s, tr("&Export page…"), u"actionExport"_s,
                            {QKeySequence(u"Ctrl+E"_s)});
    reportAction_ = addItem(file, {}, tr("Export session as &HTML report…"), u"actionReport"_s,
                            {QKeySequence(u"Ctrl+Shift+E"_s)});
    connect(reportAction_, &QAction::triggered, this, &MainWindow::exportReport);
    exportMenu_ = file->addMenu(tr("Export plan &for"));
    makeExportMenu(exportMenu_);
    file->addSeparator();
    auto* quit = addItem(file, {}, tr("&Quit"), u"actionQuit"_s, {QKeySequence(u"Ctrl+Q"_s)});
    connect(open, &QAction::triggered, this, &MainWindow::askForFile);
    connect(saveAction_, &QAction::triggered, this, [this] {
        if (session_.shownPlan() != nullptr)
            savePlan(session_.shownPlan()->id);
    });
    connect(saveSessionAction_, &QAction::triggered, this, [this] { saveSession(false); });
    connect(saveSessionAsAction_, &QAction::triggered, this, [this] { saveSession(true); });
    connect(exportAction_, &QAction::triggered, this, &MainWindow::exportPage);
    connect(quit, &QAction::triggered, this, &QWidget::close);

    auto* edit = menuBar()->addMenu(tr("&Edit"));
    auto* undo = session_.undoStack()->createUndoAction(this, tr("Undo"));
    undo->setIcon(themedIcon(u"undo"_s));
    undo->setObjectName(u"actionUndo"_s);
    undo->setShortcut(QKeySequence(u"Ctrl+Z"_s));
    auto* redo = session_.undoStack()->createRedoAction(this, tr("Redo"));
    redo->setIcon(themedIcon(u"redo"_s));
    redo->setObjectName(u"actionRedo"_s);
    redo->setShortcuts({QKeySequence(u"Ctrl+Shift+Z"_s), QKeySequence(u"Ctrl+Y"_s)});
    edit->addActions({undo, redo});
    edit->addSeparator();
    copyAction_ = addItem(edit, {}, tr("&Copy page as picture"), u"actionCopyPage"_s,
                          {QKeySequence(u"Ctrl+Shift+C"_s)});
    connect(copyAction_, &QAction::triggered, this, &MainWindow::copyPage);
    findAction_ =
        addItem(edit, u"search"_s, tr("&Find…"), u"actionFind"_s, {QKeySequence(u"Ctrl+F"_s)});
    connect(findAction_, &QAction::triggered, this, [this] {
        pages_->setCurrentWidget(graph_);
        graph_->focusFind();
    });
    auto* palette = addItem(edit, {}, tr("&Commands…"), u"actionPalette"_s,
                            {QKeySequence(u"Ctrl+K"_s), QKeySequence(u"Ctrl+Shift+P"_s)});
    connect(palette, &QAction::triggered, this, &MainWindow::openPalette);

    auto* plan = menuBar()->addMenu(tr("&Plan"));
    planAction_ = addItem(plan, u"plan"_s, tr("&Plan"), u"actionPlan"_s, {QKeySequence(u"F5"_s)});
    stopAction_ = addItem(plan, u"stop"_s, tr("&Stop planning"), u"actionStop"_s,
                          {QKeySequence(u"Esc"_s), QKeySequence(u"Shift+F5"_s)});
    auto* atOnce =
        addItem(plan, {}, tr("&Replan at once when a constraint changes"), u"actionReplan"_s);
    atOnce->setCheckable(true);
    atOnce->setChecked(settings_.replansAtOnce());
    baselinesAction_ = addItem(plan, u"compare"_s, tr("Plan all &baselines"), u"actionBaselines"_s);
    plan->addSeparator();
    annotatedAction_ =
        addItem(plan, {}, tr("Shard as the model &file says"), u"actionAnnotations"_s);
    annotatedAction_->setToolTip(
        tr("Take over mhlo.sharding, sdy.sharding or sharding= of the file as constraints"));
    publishedAction_ = addItem(plan, {}, tr("Plan like a p&ublished plan…"), u"actionPublished"_s);
    publishedAction_->setToolTip(tr("A published plan, Galvatron's JSON, AutoParallel's placements "
                                    "or Megatron-LM's arguments"));
    connect(annotatedAction_, &QAction::triggered, this, &MainWindow::followAnnotations);
    connect(publishedAction_, &QAction::triggered, this, &MainWindow::askForPublishedPlan);
    connect(planAction_, &QAction::triggered, &session_, &Session::planNow);
    connect(stopAction_, &QAction::triggered, this, [this] {
        session_.cancelPlanning();
        session_.jobs()->cancelAll();
    });
    connect(atOnce, &QAction::toggled, this, [this](bool on) {
        settings_.setReplansAtOnce(on);
        session_.setReplansAtOnce(on);
    });
    connect(baselinesAction_, &QAction::triggered, &session_, &Session::planBaselines);

    auto* run = menuBar()->addMenu(tr("&Run"));
    runAction_ =
        addItem(run, u"run"_s, tr("&Run on CPU devices"), u"actionRun"_s, {QKeySequence(u"F6"_s)});
    askRunAction_ =
        addItem(run, {}, tr("Run &with choices…"), u"actionRunAsk"_s, {QKeySequence(u"Ctrl+F6"_s)});
    connect(askRunAction_, &QAction::triggered, this, &MainWindow::askForRun);
    stopRunAction_ =
        addItem(run, u"stop"_s, tr("&Stop run"), u"actionStopRun"_s, {QKeySequence(u"Shift+F6"_s)});
    connect(runAction_, &QAction::triggered, this, [this] {
        pages_->setCurrentWidget(runs_);
        runs_->startRun();
    });
    connect(stopRunAction_, &QAction::triggered, this, [this] { session_.runQueue()->stopAll(); });

    makeSelectionMenu();
    makeGoMenu();
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
    makeWorkspaceActions(view);
    auto* reset = addItem(view, {}, tr("Reset layout"), u"actionResetLayout"_s);
    auto* focus =
        addItem(view, {}, tr("Only the page"), u"actionFocus"_s, {QKeySequence(u"F11"_s)});
    connect(reset, &QAction::triggered, this, [this] {
        resetLayout();
        showDocks(session_.model() != nullptr);
    });
    connect(focus, &QAction::triggered, this, &MainWindow::toggleFocusMode);
    auto* themes = view->addMenu(themedIcon(u"theme"_s), tr("Theme"));
    auto* group = new QActionGroup(this);
    for (const auto& [choice, text] :
         {std::pair(ThemeChoice::kAuto, tr("As the desktop")),
          std::pair(ThemeChoice::kLight, tr("Light")), std::pair(ThemeChoice::kDark, tr("Dark")),
          std::pair(ThemeChoice::kContrast, tr("High contrast"))}) {
        auto* action = themes->addAction(text);
        action->setCheckable(true);
        action->setChecked(settings_.theme() == choice);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, choice = choice] { setTheme(choice); });
    }

    auto* fonts = view->addMenu(tr("Font size"));
    const auto addFont = [&](const QString& text, const QString& name,
                             const QList<QKeySequence>& keys, auto&& percentOf) {
        auto* action = addItem(fonts, {}, text, name, keys);
        connect(action, &QAction::triggered, this,
                [this, percentOf] { setFontPercent(percentOf(settings_.fontPercent())); });
    };
    addFont(tr("Larger"), u"actionFontLarger"_s,
            {QKeySequence(u"Ctrl++"_s), QKeySequence(u"Ctrl+="_s)},
            [](int percent) { return percent + 10; });
    addFont(tr("Smaller"), u"actionFontSmaller"_s, {QKeySequence(u"Ctrl+-"_s)},
            [](int percent) { return percent - 10; });
    addFont(tr("As the desktop"), u"actionFontReset"_s, {QKeySequence(u"Ctrl+0"_s)},
            [](int) { return 100; });
    makeLanguageMenu(view->addMenu(tr("Language")));
    makeHelpMenu();

    makeToolBar(open, undo, redo, atOnce);
}

void MainWindow::makeToolBar(QAction* open, QAction* undo, QAction* redo, QAction* atOnce)
{
    auto* tools = addToolBar(tr("Tools"));
    tools->setObjectName(u"toolBar"_s);
    tools->setMovable(false);
    tools->setIconSize({18, 18});
    tools->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    tools->setContextMenuPolicy(Qt::PreventContextMenu);
    open->setIconText(tr("Open"));
    planAction_->setIconText(tr("Plan"));
    stopAction_->setIconText(tr("Stop"));
    atOnce->setIconText(tr("Auto-replan"));
    runAction_->setIconText(tr("Run"));
    undo->setIconText(tr("Undo"));
    redo->setIconText(tr("Redo"));
    baselinesAction_->setIconText(tr("Baselines"));
    findAction_->setIconText(tr("Find"));
    tools->addAction(open);
    tools->addSeparator();
    tools->addActions({planAction_, stopAction_, atOnce});
    tools->addSeparator();
    tools->addActions({undo, redo});
    tools->addSeparator();
    tools->addActions({baselinesAction_, runAction_, findAction_});
    tools->addSeparator();
    auto* limits = new QuickLimits(&session_);
    // Whoever has typed a limit wants to see what comes of it, and single keys to work again.
    connect(limits, &QuickLimits::entered, this, [this] { pages_->currentWidget()->setFocus(); });
    tools->addWidget(limits);
}

void MainWindow::updateActions()
{
    const bool hasModel = session_.model() != nullptr && !session_.model()->graph->ops.empty();
    const PlanEntry* shown = session_.shownPlan();
    const bool hasPlan = shown != nullptr && shown->plan() != nullptr;
    planAction_->setEnabled(hasModel);
    stopAction_->setEnabled(!session_.jobs()->jobs().empty());
    baselinesAction_->setEnabled(hasModel && !session_.isPlanningBehind());
    importAction_->setEnabled(session_.model() != nullptr);
    annotatedAction_->setEnabled(hasModel);
    publishedAction_->setEnabled(hasModel);
    saveAction_->setEnabled(hasPlan);
    saveSessionAction_->setEnabled(hasModel);
    saveSessionAsAction_->setEnabled(hasModel);
    exportAction_->setEnabled(session_.model() != nullptr);
    copyAction_->setEnabled(session_.model() != nullptr);
    reportAction_->setEnabled(hasPlan);
    exportMenu_->setEnabled(hasPlan);
    findAction_->setEnabled(hasModel);
    runAction_->setEnabled(hasPlan && !session_.isRunActive());
    askRunAction_->setEnabled(hasPlan);
    stopRunAction_->setEnabled(session_.isRunActive() || session_.runQueue()->waitingCount() > 0);
}

} // namespace alpa::app
