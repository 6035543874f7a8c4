#include "app/window/window_actions.h"

#include "app/session/session.h"

#include <QAction>
#include <QMenu>

namespace alpa::app
{

void WindowActions::refresh(Session& session) const
{
    const bool hasFile = session.model() != nullptr;
    const bool hasModel = hasFile && !session.model()->graph->ops.empty();
    const PlanEntry* shown = session.shownPlan();
    const bool hasPlan = shown != nullptr && shown->plan() != nullptr;
    plan->setEnabled(hasModel);
    stop->setEnabled(!session.jobs()->jobs().empty());
    baselines->setEnabled(hasModel && !session.isPlanningBehind());
    importChoices->setEnabled(hasFile);
    annotated->setEnabled(hasModel);
    published->setEnabled(hasModel);
    savePlan->setEnabled(hasPlan);
    saveSession->setEnabled(hasModel);
    saveSessionAs->setEnabled(hasModel);
    exportPage->setEnabled(hasFile);
    copyPage->setEnabled(hasFile);
    report->setEnabled(hasPlan);
    exportPlan->setEnabled(hasPlan);
    find->setEnabled(hasModel);
    run->setEnabled(hasPlan && !session.isRunActive());
    askRun->setEnabled(hasPlan);
    stopRun->setEnabled(session.isRunActive() || session.runQueue()->waitingCount() > 0);
}

} // namespace alpa::app
