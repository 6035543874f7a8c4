// Docks, and workspaces: which docks and which page stand together for one kind of work.
#include "app/dialogs/why_dialog.h"
#include "app/item_models/plans_model.h"
#include "app/views/bottom_panels.h"
#include "app/views/constraints_panel.h"
#include "app/views/inspector.h"
#include "app/views/outline_panel.h"
#include "app/views/plans_panel.h"
#include "app/widgets/painted_chart.h"
#include "app/window/main_window.h"

#include <QApplication>
#include <QDockWidget>
#include <QMenu>
#include <QTabWidget>
#include <QUndoView>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kLeastLeft = 200; ///< Pixels with the usual font.
constexpr int kLeastRight = 275;
constexpr int kWidestLeast = 400; ///< Larger fonts must not push the page out of small windows.

} // namespace

QDockWidget* MainWindow::addDock(const QString& title, const QString& name, QWidget* content,
                                 Qt::DockWidgetArea area)
{
    auto* dock = new QDockWidget(title);
    dock->setObjectName(name);
    dock->setWidget(content);
    addDockWidget(area, dock);
    return dock;
}

/// A width that was chosen for the usual font, for this one.
int MainWindow::withFont(int width) const
{
    return std::max(width, int(std::lround(width * unitOf(font()))));
}

void MainWindow::makeDocks()
{
    // The side docks reach to the bottom: the pages are wide, the lists are long.
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    auto* outlinePanel = new OutlinePanel(&session_);
    connect(outlinePanel, &OutlinePanel::openRequested, this, &MainWindow::askForFile);
    auto* outline = addDock(tr("Outline"), u"outlineDock"_s, outlinePanel, Qt::LeftDockWidgetArea);
    auto* plansPanel = new PlansPanel(&session_, plans_);
    auto* plans = addDock(tr("Plans"), u"plansDock"_s, plansPanel, Qt::LeftDockWidgetArea);
    auto* constraints = new ConstraintsPanel(&session_);
    constraintsDock_ =
        addDock(tr("Constraints"), u"constraintsDock"_s, constraints, Qt::RightDockWidgetArea);
    auto* inspector = new Inspector(&session_, &regrets_);
    inspector_ = inspector;
    inspectorDock_ =
        addDock(tr("Inspector"), u"inspectorDock"_s, inspector, Qt::RightDockWidgetArea);
    connect(inspector, &Inspector::whyRequested, this,
            [this](const QString& label) { (new WhyDialog(&session_, label, this))->show(); });
    problems_ = new ProblemsPanel(&session_);
    problemsDock_ = addDock(tr("Problems"), u"problemsDock"_s, problems_, Qt::BottomDockWidgetArea);
    jobsDock_ =
        addDock(tr("Jobs"), u"jobsDock"_s, new JobsPanel(&session_), Qt::BottomDockWidgetArea);
    auto* edits = new QUndoView(session_.undoStack());
    edits->setObjectName(u"historyList"_s);
    edits->setAccessibleName(tr("History of edits"));
    edits->setEmptyLabel(tr("As opened"));
    auto* history = addDock(tr("History"), u"historyDock"_s, edits, Qt::LeftDockWidgetArea);
    // Their tabs name them already.
    for (QDockWidget* dock : {constraintsDock_, inspectorDock_, plans, history})
        dock->setTitleBarWidget(new QWidget);
    sideDocks_ = {outline, plans, constraintsDock_, inspectorDock_, history};
    connect(plansPanel, &PlansPanel::saveRequested, this, &MainWindow::savePlan);
    connect(constraints, &ConstraintsPanel::clusterEdited, this,
            [this](const QString& name) { settings_.setCluster(name); });
    resetLayout();
}

/// Beside the smallest window's docks a page keeps some 540 pixels; with larger fonts docks take
/// more, as long as the window has it.
void MainWindow::setLeastDockWidths()
{
    for (QDockWidget* dock : sideDocks_) {
        const bool isLeft = dockWidgetArea(dock) == Qt::LeftDockWidgetArea;
        const int wanted = withFont(isLeft ? kLeastLeft : kLeastRight);
        dock->widget()->setMinimumWidth(std::min(wanted, std::max(kWidestLeast, width() * 2 / 7)));
    }
}

void MainWindow::fitDocks()
{
    setLeastDockWidths();
    resizeDocks(
        {sideDocks_[0], constraintsDock_},
        {std::min(withFont(290), width() * 2 / 9), std::min(withFont(330), width() * 2 / 7)},
        Qt::Horizontal);
}

void MainWindow::changeEvent(QEvent* event)
{
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::FontChange && !sideDocks_.empty())
        fitDocks();
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    setLeastDockWidths();
}

void MainWindow::resetLayout()
{
    for (QDockWidget* dock : sideDocks_)
        dock->setFloating(false);
    addDockWidget(Qt::LeftDockWidgetArea, sideDocks_[0]);
    addDockWidget(Qt::LeftDockWidgetArea, sideDocks_[1]);
    splitDockWidget(sideDocks_[0], sideDocks_[1], Qt::Vertical);
    addDockWidget(Qt::LeftDockWidgetArea, sideDocks_[4]);
    tabifyDockWidget(sideDocks_[1], sideDocks_[4]);
    sideDocks_[1]->raise();
    addDockWidget(Qt::RightDockWidgetArea, constraintsDock_);
    addDockWidget(Qt::RightDockWidgetArea, inspectorDock_);
    tabifyDockWidget(constraintsDock_, inspectorDock_);
    constraintsDock_->raise();
    addDockWidget(Qt::BottomDockWidgetArea, problemsDock_);
    addDockWidget(Qt::BottomDockWidgetArea, jobsDock_);
    tabifyDockWidget(problemsDock_, jobsDock_);
    fitDocks();
    resizeDocks({sideDocks_[0], sideDocks_[1]}, {470, 330}, Qt::Vertical);
    resizeDocks({problemsDock_}, {150}, Qt::Vertical);
}

void MainWindow::showDocks(bool on)
{
    for (QDockWidget* dock : sideDocks_)
        dock->setVisible(on);
    const bool hasProblems = session_.model() != nullptr && !session_.model()->diagnostics.empty();
    problemsDock_->setVisible(on && hasProblems);
    jobsDock_->setVisible(on && hasProblems);
    if (on) {
        constraintsDock_->raise();
        sideDocks_[1]->raise();
    }
    if (hasProblems)
        problemsDock_->raise();
}

void MainWindow::toggleFocusMode()
{
    isFocused_ = !isFocused_;
    for (QDockWidget* dock : sideDocks_)
        dock->setVisible(!isFocused_ && session_.model() != nullptr);
    if (isFocused_) {
        problemsDock_->hide();
        jobsDock_->hide();
    }
}

/// Panes that can be seen, in the order of a ring: the page, then the docks.
std::vector<QWidget*> MainWindow::panes() const
{
    std::vector<QWidget*> found{pages_->currentWidget()};
    for (QDockWidget* dock : findChildren<QDockWidget*>()) {
        if (dock->isVisible() && !dock->widget()->visibleRegion().isEmpty())
            found.push_back(dock->widget());
    }
    return found;
}

void MainWindow::focusPane(int step)
{
    if (session_.model() == nullptr)
        return;
    const std::vector<QWidget*> ring = panes();
    const QWidget* focused = QApplication::focusWidget();
    int at = 0;
    for (size_t i = 0; i < ring.size(); ++i) {
        if (focused != nullptr && (ring[i] == focused || ring[i]->isAncestorOf(focused)))
            at = int(i);
    }
    const int count = int(ring.size());
    QWidget* next = ring[static_cast<size_t>((at + step + count) % count)];
    if (next->focusPolicy() == Qt::NoFocus) {
        // The first thing in it that takes the focus by Tab.
        for (QWidget* part : next->findChildren<QWidget*>()) {
            if ((part->focusPolicy() & Qt::TabFocus) != 0 && part->isVisibleTo(next) &&
                part->isEnabled()) {
                next = part;
                break;
            }
        }
    }
    next->setFocus(Qt::TabFocusReason);
}

void MainWindow::applyWorkspace(Workspace workspace)
{
    if (session_.model() == nullptr)
        return;
    isFocused_ = false;
    resetLayout();
    QDockWidget* outline = sideDocks_[0];
    QDockWidget* plans = sideDocks_[1];
    const auto arrange = [&](const char* page, bool showsOutline, bool showsPlans, bool showsRight,
                             QDockWidget* front) {
        outline->setVisible(showsOutline);
        plans->setVisible(showsPlans);
        sideDocks_[4]->setVisible(showsPlans);
        if (showsPlans)
            plans->raise();
        constraintsDock_->setVisible(showsRight);
        inspectorDock_->setVisible(showsRight);
        if (showsRight)
            front->raise();
        auto* widget = pages_->findChild<QWidget*>(QString::fromLatin1(page));
        if (widget != nullptr)
            pages_->setCurrentWidget(widget);
    };
    switch (workspace) {
    case Workspace::kExplore: // read: where things are and why they are so
        arrange("graphView", true, false, true, inspectorDock_);
        break;
    case Workspace::kTune: // change: constraints beside the plans that they led to
        arrange("overview", false, true, true, constraintsDock_);
        break;
    case Workspace::kCompare: // judge: all room for the table
        arrange("compareView", false, true, false, constraintsDock_);
        break;
    }
}

void MainWindow::makeWorkspaceActions(QMenu* menu)
{
    auto* workspaces = menu->addMenu(tr("&Workspace"));
    int number = 1;
    for (const auto& [workspace, text] :
         {std::pair(Workspace::kExplore, tr("Explore")), std::pair(Workspace::kTune, tr("Tune")),
          std::pair(Workspace::kCompare, tr("Compare"))}) {
        auto* action = workspaces->addAction(text);
        action->setObjectName(u"actionWorkspace%1"_s.arg(number));
        action->setShortcut(QKeySequence(u"Ctrl+Alt+%1"_s.arg(number++)));
        connect(action, &QAction::triggered, this,
                [this, workspace = workspace] { applyWorkspace(workspace); });
    }
}

} // namespace alpa::app
