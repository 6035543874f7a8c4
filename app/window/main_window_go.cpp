// The menus of what is selected and of where to look, with their keys.
#include "app/dialogs/why_dialog.h"
#include "app/settings/qt_text.h"
#include "app/views/compare_view.h"
#include "app/views/constraint_menu.h"
#include "app/views/graph_view.h"
#include "app/views/inspector.h"
#include "app/widgets/timeline_chart.h"
#include "app/window/main_window.h"
#include "app/window/window_docks.h"

#include <QCursor>
#include <QMenu>
#include <QMenuBar>
#include <QTabWidget>

#include <algorithm>

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

/// The timeline that has the focus, else the one in view; null without one.
TimelineChart* wantedTimeline(const QList<TimelineChart*>& charts)
{
    const auto isFocused = [](const TimelineChart* chart) { return chart->hasFocus(); };
    const auto isShown = [](const TimelineChart* chart) { return chart->isVisible(); };
    auto chart = std::ranges::find_if(charts, isFocused);
    if (chart == charts.end())
        chart = std::ranges::find_if(charts, isShown);
    return chart == charts.end() ? nullptr : *chart;
}

/// Commands whose keys belong to whichever timeline has the focus.
void makeTimelineMenu(QMenu* menu, const QList<TimelineChart*>& charts)
{
    const auto add = [&](const QString& text, const QString& name, const QList<QKeySequence>& keys,
                         const std::function<void(TimelineChart&)>& take) {
        QAction* action = addCommand(menu, {text, name, {}, [charts, take] {
                                                if (TimelineChart* chart = wantedTimeline(charts))
                                                    take(*chart);
                                            }});
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WidgetShortcut);
        for (TimelineChart* chart : charts)
            chart->addAction(action);
    };
    add(MainWindow::tr("Zoom &in"), u"actionTimelineIn"_s, {QKeySequence(u"W"_s)},
        [](TimelineChart& chart) { chart.zoomBy(TimelineChart::kZoomStep); });
    add(MainWindow::tr("Zoom &out"), u"actionTimelineOut"_s, {QKeySequence(u"S"_s)},
        [](TimelineChart& chart) { chart.zoomBy(1 / TimelineChart::kZoomStep); });
    add(MainWindow::tr("&Earlier"), u"actionTimelineEarlier"_s,
        {QKeySequence(u"A"_s), QKeySequence(Qt::Key_Left)},
        [](TimelineChart& chart) { chart.scrollBy(-TimelineChart::kScrollStep); });
    add(MainWindow::tr("&Later"), u"actionTimelineLater"_s,
        {QKeySequence(u"D"_s), QKeySequence(Qt::Key_Right)},
        [](TimelineChart& chart) { chart.scrollBy(TimelineChart::kScrollStep); });
}

/// Letters that other views use too belong to the graph alone, but for F: a timeline in view then
/// shows all of its step.
void addFrameCommands(QMenu* menu, GraphView* graph, const QList<TimelineChart*>& timelines)
{
    GraphCanvas* canvas = graph->canvas();
    QAction* frame = addCommand(
        menu, {MainWindow::tr("To the &selection"), u"actionFrame"_s, u"F"_s, [canvas, timelines] {
                   TimelineChart* chart = canvas->isVisible() ? nullptr : wantedTimeline(timelines);
                   chart != nullptr ? chart->showAll() : canvas->frameSelection();
               }});
    QAction* all = addCommand(menu, {MainWindow::tr("Show &all"), u"actionShowAll"_s, u"Shift+F"_s,
                                     [canvas] { canvas->showAll(); }});
    for (QAction* action : {frame, all}) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        graph->addAction(action);
    }
    for (TimelineChart* chart : timelines)
        chart->addAction(frame);
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
    const auto timelines = pages_->findChildren<TimelineChart*>();
    addFrameCommands(menu, graph_, timelines);
    menu->addAction(graph_->findChild<QAction*>(u"graphMinimap"_s));
    makeTimelineMenu(menu->addMenu(tr("In the &timeline")), timelines);
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
