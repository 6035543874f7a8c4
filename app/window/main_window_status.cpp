// What the window says about the plan and about what is going on: the line above the pages and the
// one below.
#include "app/item_models/plans_model.h"
#include "app/settings/icons.h"
#include "app/settings/qt_text.h"
#include "app/widgets/toast.h"
#include "app/widgets/veil.h"
#include "app/window/main_window.h"
#include "app/window/plan_banner.h"

#include <QAction>
#include <QLabel>
#include <QProgressBar>
#include <QStatusBar>
#include <QToolButton>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void MainWindow::makeStatusBar()
{
    statusText_ = new QLabel(tr("Ready"));
    statusText_->setObjectName(u"statusText"_s);
    statusText_->setContentsMargins(8, 0, 0, 0);
    statusText_->setMinimumWidth(100);
    jobText_ = new QLabel;
    jobBar_ = new QProgressBar;
    jobBar_->setObjectName(u"jobBar"_s);
    jobBar_->setAccessibleName(tr("Progress of what runs in the background"));
    jobBar_->setMaximumWidth(160);
    jobBar_->setMaximumHeight(12);
    jobBar_->setTextVisible(false);
    jobCancel_ = new QToolButton;
    jobCancel_->setObjectName(u"jobCancel"_s);
    jobCancel_->setIcon(themedIcon(u"close"_s));
    jobCancel_->setAutoRaise(true);
    jobCancel_->setToolTip(tr("Cancel (Esc)"));
    jobCancel_->setAccessibleName(tr("Cancel"));
    connect(jobCancel_, &QToolButton::clicked, stopAction_, &QAction::trigger);
    statusBar()->addWidget(statusText_, 1);
    statusBar()->addPermanentWidget(jobText_);
    statusBar()->addPermanentWidget(jobBar_);
    statusBar()->addPermanentWidget(jobCancel_);
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
    const auto& jobs = session_.jobs()->jobs();
    const bool isBusy = !jobs.empty();
    jobBar_->setVisible(isBusy);
    jobText_->setVisible(isBusy);
    jobCancel_->setVisible(isBusy);
    if (isBusy) {
        const BackgroundJob* job = jobs.back();
        const QString phase = job->phase().isEmpty() ? QString() : u": "_s + job->phase();
        jobText_->setText(job->title() + phase +
                          (jobs.size() > 1 ? tr(" (+%1)").arg(jobs.size() - 1) : QString()));
        jobBar_->setRange(0, job->fraction() < 0 ? 0 : 1000);
        if (job->fraction() >= 0)
            jobBar_->setValue(int(job->fraction() * 1000));
    }
    refreshBanner();
    updateActions();
}

/// Whatever page is open, one line says when it does not show the answer to what is asked.
void MainWindow::refreshBanner()
{
    banner_->refresh();
    veil_->setDrawn(session_.shownPlan() != nullptr && session_.isStale());
}

} // namespace alpa::app
