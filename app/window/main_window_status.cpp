// What the window says about the plan and about what is going on: the line above the pages and the
// one below.
#include "app/item_models/plans_model.h"
#include "app/settings/qt_text.h"
#include "app/widgets/toast.h"
#include "app/widgets/veil.h"
#include "app/window/job_bar.h"
#include "app/window/main_window.h"
#include "app/window/plan_banner.h"

#include <QLabel>
#include <QStatusBar>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void MainWindow::makeStatusBar()
{
    statusText_ = new QLabel(tr("Ready"));
    statusText_->setObjectName(u"statusText"_s);
    statusText_->setContentsMargins(8, 0, 0, 0);
    statusText_->setMinimumWidth(100);
    jobBar_ = new JobBar(session_.jobs(), actions_.stop);
    statusBar()->addWidget(statusText_, 1);
    statusBar()->addPermanentWidget(jobBar_);
    takePlanning();
}

void MainWindow::takePlan()
{
    refreshBanner();
    updateActions();
    const PlanEntry* shown = session_.shownPlan();
    const auto& model = session_.model();
    if (model == nullptr)
        return;
    if (shown == nullptr || shown->plan() == nullptr) {
        statusText_->setText(
            tr("%1: %2 operations").arg(model->name, countText(int64_t(model->graph->ops.size()))));
        return;
    }
    const ParallelPlan& plan = *shown->plan();
    QString text = tr("%1: %2 predicted, %3")
                       .arg(shown->name, timeText(plan.stepTime), degreesText(*shown->facts));
    if (lastShownId_ != 0 && lastShownId_ != shown->id) {
        const QString change = tr("step %1 → %2 (%3)")
                                   .arg(timeText(lastStep_), timeText(plan.stepTime),
                                        changeText(plan.stepTime.count, lastStep_.count));
        text += u" · "_s + change;
        if (!session_.isStale())
            toast_->say(tr("%1: %2").arg(shown->name, change),
                        session_.undoStack()->canUndo() ? tr("Undo (Ctrl+Z)") : QString());
    }
    if (session_.isStale())
        text += tr(" · not what is asked now");
    statusText_->setText(text);
    if (lastShownId_ != shown->id) {
        lastShownId_ = shown->id;
        lastStep_ = plan.stepTime;
    }
}

void MainWindow::takePlanning()
{
    jobBar_->refresh();
    refreshBanner();
    updateActions();
}

void MainWindow::say(const QString& text)
{
    statusText_->setText(text);
    log_.write(u"window"_s, text);
}

void MainWindow::updateActions() { actions_.refresh(session_); }

/// Whatever page is open, one line says when it does not show the answer to what is asked.
void MainWindow::refreshBanner()
{
    banner_->refresh();
    veil_->setDrawn(session_.shownPlan() != nullptr && session_.isStale());
}

} // namespace alpa::app
