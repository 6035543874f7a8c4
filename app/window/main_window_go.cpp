// The menus of what is selected and of where to look, with their keys.
#include "app/dialogs/why_dialog.h"
#include "app/settings/qt_text.h"
#include "app/views/compare_view.h"
#include "app/views/constraint_menu.h"
#include "app/views/graph_view.h"
#include "app/views/inspector.h"
#include "app/window/main_window.h"
#include "app/window/window_docks.h"

#include <QCursor>
#include <QMenu>
#include <QMenuBar>
#include <QTabWidget>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Command {
    QString text;
    QString name;
    QString key;
    std::function<void()> take;
};

QAction* addCommand(QMenu* menu, const Command& command)
{
    auto* action = menu->addAction(command.text);
    action->setObjectName(command.name);
    action->setShortcut(QKeySequence(command.key));
    QObject::connect(action, &QAction::triggered, menu, command.take);
    return action;
}

} // namespace

void MainWindow::makeSelectionMenu()
{
    auto* menu = menuBar()->addMenu(tr("&Selection"));
    addCommand(menu, {tr("New &constraint…"), u"actionConstrain"_s, u"C"_s, [this] {
                          auto* choices = new QMenu(this);
                          choices->setObjectName(u"constraintMenu"_s);
                          choices->setAttribute(Qt::WA_DeleteOnClose);
                          fillConstraintMenu(choices, &session_, session_.selection()->current());
                          if (choices->isEmpty()) {
                              delete choices;
                              say(tr("Select an operation, tensor, layer or "
                                     "stage first; then C constrains it"));
                              return;
                          }
                          choices->popup(QCursor::pos());
                      }});
    addCommand(menu, {tr("&Why?"), u"actionWhy"_s, u"Y"_s, [this] {
                          if (!inspector_->askWhy())
                              say(tr("Select an operation or tensor whose sharding was decided"));
                      }});
    addCommand(menu, {tr("&Pin its sharding"), u"actionPin"_s, u"P"_s, [this] {
                          if (!inspector_->pinChosen())
                              say(tr("Select an operation or tensor whose sharding was decided"));
                      }});
    addCommand(menu, {tr("&Hide in the graph"), u"actionHide"_s, u"H"_s,
                      [this] { graph_->hideSelected(); }});
    addCommand(menu, {tr("Show e&verything"), u"actionShowHidden"_s, u"Shift+H"_s,
                      [this] { graph_->focusAll(); }});
    menu->addSeparator();
    addCommand(menu, {tr("Make the plan the &baseline"), u"actionStar"_s, u"B"_s, [this] {
                          const int chosen = compare_->isVisible() ? compare_->chosenPlan() : 0;
                          const PlanEntry* shown = session_.shownPlan();
                          if (chosen != 0)
                              session_.setBaseline(chosen);
                          else if (shown != nullptr)
                              session_.setBaseline(shown->id);
                      }});
    addCommand(menu, {tr("Select &nothing"), u"actionSelectNone"_s, u"Ctrl+Shift+A"_s,
                      [this] { session_.selection()->clear(); }});
}

void MainWindow::makeGoMenu()
{
    auto* menu = menuBar()->addMenu(tr("&Go"));
    GraphCanvas* canvas = graph_->canvas();
    addCommand(menu, {tr("&Back"), u"actionBack"_s, u"Alt+Left"_s, [canvas] { canvas->goBack(); }});
    addCommand(menu, {tr("&Forward"), u"actionForward"_s, u"Alt+Right"_s,
                      [canvas] { canvas->goForward(); }});
    // Letters that other views use too belong to the graph alone.
    for (QAction* action : {addCommand(menu, {tr("To the &selection"), u"actionFrame"_s, u"F"_s,
                                              [canvas] { canvas->frameSelection(); }}),
                            addCommand(menu, {tr("Show &all"), u"actionShowAll"_s, u"Shift+F"_s,
                                              [canvas] { canvas->showAll(); }})}) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        graph_->addAction(action);
    }
    menu->addAction(graph_->findChild<QAction*>(u"graphMinimap"_s));
    menu->addSeparator();
    const auto find = [this](bool isBackward) {
        pages_->setCurrentWidget(graph_);
        graph_->findNext(isBackward);
    };
    addCommand(menu, {tr("Find &next"), u"actionFindNext"_s, u"F3"_s, [find] { find(false); }});
    addCommand(menu, {tr("Find &previous"), u"actionFindPrevious"_s, u"Shift+F3"_s,
                      [find] { find(true); }});
    menu->addSeparator();
    addCommand(menu, {tr("Ne&xt pane"), u"actionNextPane"_s, u"Ctrl+Tab"_s,
                      [this] { docks_->focusPane(1); }});
    addCommand(menu, {tr("P&revious pane"), u"actionPreviousPane"_s, u"Ctrl+Shift+Tab"_s,
                      [this] { docks_->focusPane(-1); }});
    menu->addSeparator();
    for (QAction* action : compare_->differenceActions())
        menu->addAction(action);
}

} // namespace alpa::app
