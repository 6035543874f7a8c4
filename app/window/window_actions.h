// The actions of the window that come and go with what there is to act on.
#pragma once

class QAction;
class QMenu;

namespace alpa::app
{

class Session;

struct WindowActions {
    QAction* open = nullptr;
    QAction* importChoices = nullptr;
    QAction* saveSession = nullptr;
    QAction* saveSessionAs = nullptr;
    QAction* savePlan = nullptr;
    QAction* exportPage = nullptr;
    QAction* report = nullptr;
    QMenu* exportPlan = nullptr;
    QAction* undo = nullptr;
    QAction* redo = nullptr;
    QAction* copyPage = nullptr;
    QAction* find = nullptr;
    QAction* plan = nullptr;
    QAction* stop = nullptr;
    QAction* replansAtOnce = nullptr;
    QAction* baselines = nullptr;
    QAction* annotated = nullptr;
    QAction* published = nullptr;
    QAction* run = nullptr;
    QAction* askRun = nullptr;
    QAction* stopRun = nullptr;

    /// Enables what can be done now.
    void refresh(Session& session) const;
};

} // namespace alpa::app
