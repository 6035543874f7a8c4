// What the page of runs shows of one run: its state, charts, figures and log, and its row in the
// list.
#include "app/item_models/plans_model.h"
#include "app/settings/qt_text.h"
#include "app/views/number_table.h"
#include "app/views/runs_view.h"

#include <QPlainTextEdit>
#include <QTableWidget>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

/// ", about 12 s left", once two steps have told how long one takes.
QString RunsView::restText(const RunRecord& run)
{
    const std::optional<Seconds> step = medianStepTime(run.steps);
    const auto left = run.stepsWanted - int(run.steps.size());
    return step && left > 0 ? tr(", about %1 left").arg(roughTimeText(*step * left)) : QString();
}

QString RunsView::stateText(const RunRecord& run) const
{
    switch (run.state) {
    case RunRecord::State::kWaiting:
        return tr("waiting");
    case RunRecord::State::kStarting:
        return tr("starting");
    case RunRecord::State::kRunning:
        return tr("running, step %1 of %2").arg(run.steps.size()).arg(run.stepsWanted) +
               restText(run);
    case RunRecord::State::kDone:
        return tr("done");
    case RunRecord::State::kStopped:
        return tr("stopped");
    case RunRecord::State::kFailed:
        return tr("failed: %1").arg(run.message);
    }
    return {};
}

void RunsView::refreshRun(const RunRecord& run)
{
    const int waiting = session_->runQueue()->waitingCount();
    state_->setText(tr("Run %1: %2").arg(run.id).arg(stateText(run).section(u'\n', 0, 0).left(80)) +
                    (waiting > 0 ? tr(" · %1 waiting").arg(waiting) : QString()));
    state_->setToolTip(stateText(run));
    std::vector<double> losses, times;
    for (const RunStep& step : run.steps) {
        losses.push_back(step.loss);
        times.push_back(step.time.count * 1e3);
    }
    lossChart_->setPoints(losses);
    timeChart_->setPoints(times);
    const PlanEntry* planned = session_->entry(run.planId);
    const bool isPlanned = planned != nullptr && planned->plan() != nullptr;
    const bool isComparable =
        isPlanned && toQt(planned->plan()->cluster.name).startsWith(u"cpu"_s) ==
                         run.devices.startsWith(u"cpu"_s);
    timeChart_->setLevel(isComparable ? std::optional(planned->plan()->stepTime.count * 1e3)
                                      : std::nullopt,
                         tr("predicted"));
    if (!run.steps.empty()) {
        const RunStep& last = run.steps.back();
        loss_->setValue(
            numberText(last.loss),
            tr("step %1, began at %2").arg(last.step).arg(numberText(run.steps.front().loss)));
        throughput_->setValue(tr("%1 /s").arg(numberText(last.samplesPerSecond)),
                              utilisationText(run, last));
    } else {
        loss_->setValue(u"–"_s);
        throughput_->setValue(u"–"_s);
    }
    measured_->setValue(
        run.median ? timeText(*run.median) : u"–"_s,
        run.median && isComparable
            ? tr("%1 against predicted")
                  .arg(changeText(run.median->count, planned->plan()->stepTime.count))
            : tr("median without the first"));
    if (run.deviceMemory.empty()) {
        memory_->setValue(u"–"_s);
        return;
    }
    QStringList each;
    for (size_t device = 0; device < run.deviceMemory.size(); ++device)
        each << tr("device %1: %2").arg(device).arg(memoryText(run.deviceMemory[device]));
    memory_->setValue(
        memoryText(std::ranges::max(run.deviceMemory)),
        isPlanned
            ? tr("most of a device; %1 predicted").arg(memoryText(peakMemory(*planned->plan())))
            : tr("most of a device"));
    memory_->setToolTip(each.join(u'\n'));
}

/// What the devices do for it: useful operations a second of each, and cores that are busy.
QString RunsView::utilisationText(const RunRecord& run, const RunStep& last) const
{
    QStringList parts{tr("samples")};
    const PlanEntry* planned = session_->entry(run.planId);
    if (planned != nullptr && planned->plan() != nullptr && last.time.count > 0) {
        const ParallelPlan& plan = *planned->plan();
        const double each = plan.modelFlops.count / last.time.count / plan.cluster.deviceCount();
        parts << tr("%1/s per device").arg(flopsText(Flops(each)));
    }
    if (run.busyCores)
        parts << tr("%1 cores busy").arg(*run.busyCores, 0, 'f', 1);
    return parts.join(u"; "_s);
}

void RunsView::refreshLog(const RunRecord& run)
{
    if (loggedRun_ != run.id) {
        log_->clear();
        loggedRun_ = run.id;
        loggedLines_ = 0;
    }
    for (; loggedLines_ < run.log.size(); ++loggedLines_)
        log_->appendPlainText(run.log[loggedLines_]);
    if (run.state == RunRecord::State::kFailed && loggedLines_ == run.log.size()) {
        log_->appendPlainText(run.message);
        ++loggedLines_;
    }
}

void RunsView::refreshList()
{
    const auto& runs = session_->runs();
    list_->setRowCount(int(runs.size()));
    for (size_t i = 0; i < runs.size(); ++i) {
        const RunRecord& run = runs[i];
        setNumberRow(
            list_, int(i),
            {tr("Run %1").arg(run.id), run.planName, run.host.isEmpty() ? tr("here") : run.host,
             run.devices, QString::number(run.steps.size()),
             run.median ? timeText(*run.median) : u"–"_s, stateText(run).section(u':', 0, 0)});
    }
}

} // namespace alpa::app
