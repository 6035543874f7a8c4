// What the window says about the plan and about what is going on: the line above the pages and the
// one below.
#include "app/item_models/plans_model.h"
#include "app/settings/icons.h"
#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/toast.h"
#include "app/widgets/veil.h"
#include "app/window/main_window.h"

#include <QAction>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QStatusBar>
#include <QToolButton>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// The best step so far, what it is to the plan in view, and how far from it the optimum can be.
QString incumbentText(Seconds step, const PlanEntry* shown)
{
    QString text = MainWindow::tr("Best so far %1").arg(timeText(step));
    if (shown != nullptr)
        text += MainWindow::tr(" (%1 against %2)")
                    .arg(changeText(step.count, shown->plan()->stepTime.count), shown->name);
    return text + u'.';
}

} // namespace

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
    const PlanEntry* obstacle = session_.obstacle();
    const PlanEntry* shown = session_.shownPlan();
    const bool isPlanning = session_.isPlanning();
    const WhatIf& whatIf = session_.setup().whatIf;
    banner_->setVisible(session_.model() != nullptr && (isPlanning || obstacle != nullptr ||
                                                        session_.isStale() || !whatIf.isNone()));
    veil_->setDrawn(shown != nullptr && session_.isStale());
    const Theme& theme = themeOf(this);
    const QColor line = obstacle != nullptr && !isPlanning ? theme.error : theme.warning;
    banner_->setStyleSheet(
        u"QFrame#planBanner { background: %1; border: none; border-bottom: 2px solid %2; }"_s.arg(
            theme.staleBar.name(), line.name()));
    bannerUse_->hide();
    const QString seen =
        shown == nullptr ? QString() : tr(" %1 stays in view meanwhile.").arg(shown->name);
    if (isPlanning) {
        const BackgroundJob* job = session_.planningJob();
        const QString phase = job->phase().isEmpty() ? tr("starting") : job->phase();
        const QString share =
            job->fraction() >= 0 ? tr(", %1").arg(percentText(job->fraction())) : QString();
        const std::shared_ptr<const ParallelPlan> best = session_.incumbent();
        const QString found = best == nullptr ? seen : u' ' + incumbentText(best->stepTime, shown);
        bannerUse_->setVisible(best != nullptr);
        // While a person waits for more than a moment, how long it has been.
        const qint64 seconds = job->elapsedMs() / 1000;
        const QString since = seconds < 1 ? QString() : tr(", %1 s").arg(seconds);
        bannerText_->setText(tr("Planning: %1%2%3.%4").arg(phase, share, since, found));
        bannerButton_->setText(tr("Stop (Esc)"));
    } else if (obstacle != nullptr) {
        bannerText_->setText(tr("No plan: %1").arg(obstacle->problem().section(u'\n', 0, 0)));
        bannerText_->setToolTip(obstacle->problem());
        bannerButton_->setText(tr("Show constraints"));
    } else if (session_.isStale()) {
        bannerText_->setText(tr("%1 is not the answer to what is asked now.").arg(shown->name));
        bannerButton_->setText(tr("Plan (F5)"));
    } else if (!whatIf.isNone()) {
        bannerText_->setText(
            tr("Hypothetical: %1 with %2.").arg(session_.setup().cluster, whatIfText(whatIf)));
        bannerButton_->setText(tr("Back to the real cluster"));
    }
}

} // namespace alpa::app
