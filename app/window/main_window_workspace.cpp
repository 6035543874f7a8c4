// Workspaces: which docks and which page stand together for one kind of work.
#include "app/window/main_window.h"

#include <QDockWidget>
#include <QMenu>
#include <QTabWidget>

namespace alpa::app
{

using namespace Qt::StringLiterals;

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
