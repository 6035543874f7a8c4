#include "app/window/window_docks.h"

#include "app/session/session.h"
#include "app/widgets/painted_chart.h"

#include <QApplication>
#include <QDockWidget>
#include <QMainWindow>
#include <QMenu>
#include <QTabWidget>

#include <algorithm>
#include <cmath>
#include <utility>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kLeastLeft = 200; ///< Pixels with the usual font.
constexpr int kLeastRight = 275;
constexpr int kReadablePage = 480; ///< Below it the charts' texts are cut off.
constexpr int kWidestLeast = 400;  ///< Larger fonts must not push the page out of small windows.

} // namespace

QDockWidget* WindowDocks::add(const QString& title, const QString& name, QWidget* content,
                              Qt::DockWidgetArea area)
{
    auto* dock = new QDockWidget(title);
    dock->setObjectName(name);
    dock->setWidget(content);
    window_->addDockWidget(area, dock);
    return dock;
}

/// A width that was chosen for the usual font, for this one.
int WindowDocks::withFont(int width) const
{
    return std::max(width, int(std::lround(width * unitOf(window_->font()))));
}

WindowDocks::WindowDocks(const DockContents& contents, Session* session, QTabWidget* pages,
                         QMainWindow* window)
    : QObject(window)
    , session_(session)
    , pages_(pages)
    , window_(window)
{
    // The side docks reach to the bottom: the pages are wide, the lists are long.
    window_->setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    window_->setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    outline_ = add(tr("Outline"), u"outlineDock"_s, contents.outline, Qt::LeftDockWidgetArea);
    plans_ = add(tr("Plans"), u"plansDock"_s, contents.plans, Qt::LeftDockWidgetArea);
    constraints_ =
        add(tr("Constraints"), u"constraintsDock"_s, contents.constraints, Qt::RightDockWidgetArea);
    inspector_ =
        add(tr("Inspector"), u"inspectorDock"_s, contents.inspector, Qt::RightDockWidgetArea);
    problems_ = add(tr("Problems"), u"problemsDock"_s, contents.problems, Qt::BottomDockWidgetArea);
    jobs_ = add(tr("Jobs"), u"jobsDock"_s, contents.jobs, Qt::BottomDockWidgetArea);
    history_ = add(tr("History"), u"historyDock"_s, contents.history, Qt::LeftDockWidgetArea);
    // Their tabs name them already.
    for (QDockWidget* dock : {constraints_, inspector_, plans_, history_})
        dock->setTitleBarWidget(new QWidget);
    reset();
}

std::vector<QDockWidget*> WindowDocks::sides() const
{
    return {outline_, plans_, constraints_, inspector_, history_};
}

void WindowDocks::showProblems()
{
    problems_->show();
    problems_->raise();
}

void WindowDocks::raiseConstraints() { constraints_->raise(); }
void WindowDocks::raiseInspector() { inspector_->raise(); }
bool WindowDocks::isInspectorVisible() const { return inspector_->isVisible(); }

/// Beside the smallest window's docks a page keeps some 540 pixels; with larger fonts docks take
/// more, as long as the window has it.
void WindowDocks::setLeastWidths()
{
    for (QDockWidget* dock : sides())
        dock->widget()->setMinimumWidth(leastWidth(dock));
}

int WindowDocks::leastWidth(const QDockWidget* dock) const
{
    const bool isList = dock == outline_ || dock == plans_ || dock == history_;
    return std::min(withFont(isList ? kLeastLeft : kLeastRight),
                    std::max(kWidestLeast, window_->width() * 2 / 7));
}

void WindowDocks::stackWhereNarrow()
{
    const int sides = leastWidth(outline_) + leastWidth(constraints_);
    if (sides + withFont(kReadablePage) <= window_->width())
        return;
    QDockWidget* front = inspector_->visibleRegion().isEmpty() ? constraints_ : inspector_;
    for (QDockWidget* dock : {outline_, plans_, history_}) {
        if (window_->dockWidgetArea(dock) == Qt::LeftDockWidgetArea && !dock->isFloating())
            window_->tabifyDockWidget(inspector_, dock);
    }
    front->raise();
}

void WindowDocks::fit()
{
    stackWhereNarrow();
    setLeastWidths();
    window_->resizeDocks({outline_, constraints_},
                         {std::min(withFont(290), window_->width() * 2 / 9),
                          std::min(withFont(330), window_->width() * 2 / 7)},
                         Qt::Horizontal);
}

void WindowDocks::reset()
{
    for (QDockWidget* dock : sides())
        dock->setFloating(false);
    window_->addDockWidget(Qt::LeftDockWidgetArea, outline_);
    window_->addDockWidget(Qt::LeftDockWidgetArea, plans_);
    window_->splitDockWidget(outline_, plans_, Qt::Vertical);
    window_->addDockWidget(Qt::LeftDockWidgetArea, history_);
    window_->tabifyDockWidget(plans_, history_);
    plans_->raise();
    window_->addDockWidget(Qt::RightDockWidgetArea, constraints_);
    window_->addDockWidget(Qt::RightDockWidgetArea, inspector_);
    window_->tabifyDockWidget(constraints_, inspector_);
    constraints_->raise();
    window_->addDockWidget(Qt::BottomDockWidgetArea, problems_);
    window_->addDockWidget(Qt::BottomDockWidgetArea, jobs_);
    window_->tabifyDockWidget(problems_, jobs_);
    fit();
    window_->resizeDocks({outline_, plans_}, {470, 330}, Qt::Vertical);
    window_->resizeDocks({problems_}, {150}, Qt::Vertical);
}

void WindowDocks::show(bool on)
{
    setAside_.clear();
    for (QDockWidget* dock : sides())
        dock->setVisible(on);
    const bool hasProblems =
        session_->model() != nullptr && !session_->model()->diagnostics.empty();
    problems_->setVisible(on && hasProblems);
    jobs_->setVisible(on && hasProblems);
    if (on) {
        constraints_->raise();
        plans_->raise();
    }
    if (hasProblems)
        problems_->raise();
}

void WindowDocks::showFirst(const QByteArray& state)
{
    if (hasShown_)
        return;
    hasShown_ = true;
    show(true);
    fit();
    if (!state.isEmpty())
        window_->restoreState(state);
}

void WindowDocks::toggleFocusMode()
{
    if (isFocusMode()) {
        for (QDockWidget* dock : std::exchange(setAside_, {}))
            dock->show();
        return;
    }
    for (QDockWidget* dock : window_->findChildren<QDockWidget*>()) {
        if (!dock->isVisible())
            continue;
        setAside_ << dock;
        dock->hide();
    }
}

/// Panes that can be seen, in the order of a ring: the page, then the docks.
std::vector<QWidget*> WindowDocks::panes() const
{
    std::vector<QWidget*> found{pages_->currentWidget()};
    for (QDockWidget* dock : window_->findChildren<QDockWidget*>()) {
        if (dock->isVisible() && !dock->widget()->visibleRegion().isEmpty())
            found.push_back(dock->widget());
    }
    return found;
}

void WindowDocks::focusPane(int step)
{
    if (session_->model() == nullptr)
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

void WindowDocks::apply(Workspace workspace)
{
    if (session_->model() == nullptr)
        return;
    setAside_.clear();
    reset();
    const auto arrange = [&](const char* page, bool showsOutline, bool showsPlans, bool showsRight,
                             QDockWidget* front) {
        outline_->setVisible(showsOutline);
        plans_->setVisible(showsPlans);
        history_->setVisible(showsPlans);
        if (showsPlans)
            plans_->raise();
        constraints_->setVisible(showsRight);
        inspector_->setVisible(showsRight);
        if (showsRight)
            front->raise();
        auto* widget = pages_->findChild<QWidget*>(QString::fromLatin1(page));
        if (widget != nullptr)
            pages_->setCurrentWidget(widget);
    };
    switch (workspace) {
    case Workspace::kExplore: // read: where things are and why they are so
        arrange("graphView", true, false, true, inspector_);
        break;
    case Workspace::kTune: // change: constraints beside the plans that they led to
        arrange("overview", false, true, true, constraints_);
        break;
    case Workspace::kCompare: // judge: all room for the table
        arrange("compareView", false, true, false, constraints_);
        break;
    }
}

void WindowDocks::makeWorkspaceActions(QMenu* menu)
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
                [this, workspace = workspace] { apply(workspace); });
    }
}

} // namespace alpa::app
