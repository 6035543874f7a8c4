// The pipeline page's measured side: traces of runs, read in the background and laid over the
// prediction.
#include "app/settings/qt_text.h"
#include "app/views/pipeline_view.h"
#include "core/base/files.h"
#include "core/trace/read_trace.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kStepsListed = 200;
constexpr int kWholeRun = -1;

/// Instruction by instruction if the trace holds any; what cannot be lowered keeps its segments.
std::shared_ptr<const MeasuredTimeline> matched(const Trace& trace, const ParallelPlan& plan)
{
    if (trace.launches.empty())
        return measuredTimeline(trace);
    auto predicted = PredictedInstructions::of(plan);
    return measuredTimeline(trace, predicted.ok() ? std::move(predicted.value()) : nullptr);
}

/// "213 instructions, 2 of another program"; empty without any.
QString launchesText(const MeasuredTimeline& measured)
{
    const auto count = int64_t(measured.launchCount());
    if (count == 0 && measured.unmatched == 0)
        return {};
    QString text = PipelineView::tr(" · %1").arg(
        counted(count, PipelineView::tr("instruction"), PipelineView::tr("instructions")));
    if (measured.unmatched > 0)
        text += PipelineView::tr(", %1 of another program").arg(measured.unmatched);
    return text;
}

} // namespace

void PipelineView::openTrace()
{
    const QString path = QFileDialog::getOpenFileName(
        this, tr("Open the trace of a run"), QString(), tr("Traces (*.json);;All files (*)"));
    if (!path.isEmpty())
        openTraceFile(path);
}

void PipelineView::openTraceFile(const QString& path)
{
    if (session_->shownPlan() != nullptr)
        loadTrace(path, session_->shownPlan()->id);
}

void PipelineView::refreshMeasured()
{
    const PlanEntry* shown = session_->shownPlan();
    if (shown == nullptr)
        return;
    const auto& runs = session_->runs();
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        const bool hasEnded =
            run->state == RunRecord::State::kDone || run->state == RunRecord::State::kStopped;
        if (run->planId != shown->id || !hasEnded || run->traceFile.isEmpty() ||
            run->traceFile == measuredFile_)
            continue;
        if (QFileInfo::exists(run->traceFile))
            loadTrace(run->traceFile, shown->id);
        return;
    }
}

void PipelineView::loadTrace(const QString& path, int planId)
{
    measuredFile_ = path;
    struct Loaded {
        std::shared_ptr<const MeasuredTimeline> timeline;
        QString problem;
    };
    auto loaded = std::make_shared<Loaded>();
    const auto facts = session_->facts();
    auto work = [path, loaded, facts](const JobControl&) {
        const Result<std::string> text = readFile(fromQt(path));
        if (!text.ok()) {
            loaded->problem = toQt(text.error().message);
            return;
        }
        const Result<Trace> trace = parseChromeTrace(*text);
        if (!trace.ok())
            loaded->problem = toQt(trace.error().message);
        else if (trace->events.empty())
            loaded->problem = tr("no step was recorded in it");
        else
            loaded->timeline = matched(*trace, *facts->plan);
    };
    session_->jobs()->start(tr("Read trace"), work, [this, path, planId, loaded] {
        if (path != measuredFile_)
            return;
        if (!loaded->problem.isEmpty()) {
            measuredNote_->setText(tr("%1: %2").arg(QFileInfo(path).fileName(), loaded->problem));
            measuredNote_->show();
            return;
        }
        measured_ = loaded->timeline;
        measuredPlan_ = planId;
        showMeasured();
    });
}

void PipelineView::showMeasured()
{
    const PlanEntry* shown = session_->shownPlan();
    const bool isOfThis = shown != nullptr && measured_ != nullptr && shown->id == measuredPlan_;
    measuredStep_->setVisible(isOfThis);
    if (!isOfThis) {
        measuredNote_->hide();
        measuredNote_->clear();
        timeline_->setMeasured(nullptr, {});
        Q_EMIT measured({});
        return;
    }
    const int steps = int(measured_->steps.size());
    if (measuredStep_->count() != std::min(steps, kStepsListed) + 1) {
        const QSignalBlocker quiet(measuredStep_);
        measuredStep_->clear();
        measuredStep_->addItem(tr("whole run"), kWholeRun);
        for (int step = 0; step < std::min(steps, kStepsListed); ++step)
            measuredStep_->addItem(tr("step %1").arg(step), step);
        // The first step warms up; the last is as good as any.
        measuredStep_->setCurrentIndex(measuredStep_->count() - 1);
    }
    const int step = measuredStep_->currentData().toInt();
    timeline_->setMeasured(measured_, step == kWholeRun ? std::nullopt : std::optional(step));
    const ParallelPlan& plan = *shown->plan();
    Seconds took;
    if (step >= 0 && step < steps)
        took = measured_->steps[static_cast<size_t>(step)].end -
               measured_->steps[static_cast<size_t>(step)].start;
    measuredNote_->setText(step >= 0 ? tr("measured %1, predicted %2 (%3)")
                                               .arg(timeText(took), timeText(plan.stepTime),
                                                    changeText(took.count, plan.stepTime.count)) +
                                           launchesText(*measured_)
                                     : tr("%1 measured")
                                           .arg(counted(int64_t(measured_->spanCount()),
                                                        tr("segment"), tr("segments"))));
    measuredNote_->show();
    Q_EMIT measured(stageErrors(plan, *measured_));
}

} // namespace alpa::app
