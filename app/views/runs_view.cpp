#include "app/views/runs_view.h"

#include "app/settings/icons.h"
#include "app/settings/programs.h"
#include "app/settings/qt_text.h"
#include "app/views/overview.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QSplitter>
#include <QTableWidget>
#include <QThread>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kDefaultSteps = 50;
// What optax' Adam is usually given for small models; the run's own default when the field is left alone.
constexpr double kDefaultRate = 1e-3;

} // namespace

RunsView::RunsView(Session* session, QWidget* parent)
    : QWidget(parent), session_(session), guidance_(makeMuted({})), devices_(new QLabel), steps_(new QSpinBox),
      learningRate_(new QDoubleSpinBox), start_(new QPushButton(themedIcon(u"run"_s), tr("Run"))),
      stop_(new QPushButton(themedIcon(u"stop"_s), tr("Stop"))), state_(makeMuted({})),
      loss_(new NumberCard(tr("Loss"), u"cardLoss"_s)), throughput_(new NumberCard(tr("Throughput"), u"cardRunThroughput"_s)),
      measured_(new NumberCard(tr("Measured step"), u"cardMeasured"_s)),
      predicted_(new NumberCard(tr("Predicted step"), u"cardPredicted"_s)), lossChart_(new LineChart(tr("Loss"), {})),
      timeChart_(new LineChart(tr("Step time"), u"ms"_s)),
      list_(makeNumberTable({tr("Run"), tr("Plan"), tr("Devices"), tr("Steps"), tr("Measured"), tr("State")}, u"runList"_s)),
      log_(new QPlainTextEdit)
{
    setObjectName(u"runsView"_s);
    steps_->setObjectName(u"runSteps"_s);
    steps_->setRange(1, 1000000);
    steps_->setValue(kDefaultSteps);
    steps_->setAccessibleName(tr("Steps"));
    learningRate_->setObjectName(u"runLearningRate"_s);
    learningRate_->setDecimals(6);
    learningRate_->setRange(0, 10);
    learningRate_->setValue(kDefaultRate);
    learningRate_->setSingleStep(1e-4);
    learningRate_->setAccessibleName(tr("Learning rate"));
    devices_->setObjectName(u"runDevices"_s);
    learningRate_->setToolTip(tr("Learning rate of the optimizer"));
    start_->setToolTip(tr("Run the shown plan (F6)"));
    start_->setObjectName(u"runStart"_s);
    stop_->setObjectName(u"runStop"_s);
    state_->setObjectName(u"runState"_s);
    state_->setWordWrap(false);
    lossChart_->setObjectName(u"lossChart"_s);
    timeChart_->setObjectName(u"timeChart"_s);
    log_->setObjectName(u"runLog"_s);
    log_->setReadOnly(true);
    log_->setMaximumBlockCount(5000);
    log_->setPlaceholderText(tr("What the run prints appears here."));

    auto* form = new QHBoxLayout;
    form->setSpacing(8);
    form->addWidget(new QLabel(tr("Devices")));
    form->addWidget(devices_);
    form->addSpacing(8);
    form->addWidget(new QLabel(tr("Steps")));
    form->addWidget(steps_);
    form->addSpacing(8);
    form->addWidget(new QLabel(tr("Rate")));
    form->addWidget(learningRate_);
    form->addStretch();
    form->addWidget(start_);
    form->addWidget(stop_);
    auto* cards = new QHBoxLayout;
    cards->setSpacing(10);
    for (NumberCard* card : {loss_, throughput_, measured_, predicted_})
        cards->addWidget(card, 1);
    auto* charts = new QHBoxLayout;
    charts->setSpacing(10);
    for (LineChart* chart : {lossChart_, timeChart_}) {
        auto* frame = makeCard();
        auto* inside = new QVBoxLayout(frame);
        inside->setContentsMargins(4, 4, 4, 4);
        inside->addWidget(chart);
        charts->addWidget(frame, 1);
    }
    list_->setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    list_->setMinimumHeight(90);
    auto* bottom = new QSplitter;
    bottom->addWidget(list_);
    bottom->addWidget(log_);
    bottom->setChildrenCollapsible(false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(20, 14, 20, 14);
    column->setSpacing(10);
    column->addWidget(guidance_);
    column->addLayout(form);
    column->addWidget(state_);
    column->addLayout(cards);
    column->addLayout(charts, 3);
    column->addWidget(bottom, 2);
    connect(start_, &QPushButton::clicked, this, &RunsView::startRun);
    connect(stop_, &QPushButton::clicked, session, &Session::stopRun);
    connect(session, &Session::runsChanged, this, &RunsView::refresh);
    connect(session, &Session::shownPlanChanged, this, &RunsView::refreshPlan);
    connect(session, &Session::modelChanged, this, &RunsView::refreshPlan);
    refreshPlan();
}

void RunsView::startRun()
{
    const PlanEntry* shown = session_->shownPlan();
    if (shown == nullptr || session_->isRunActive())
        return;
    const QString devices = u"cpu:%1"_s.arg(shown->plan()->cluster.deviceCount());
    session_->startRun(findProgram(u"alpa"_s), devices, steps_->value(), learningRate_->value());
}

void RunsView::refreshPlan()
{
    const PlanEntry* shown = session_->shownPlan();
    const ParallelPlan* plan = shown == nullptr ? nullptr : shown->plan();
    devices_->setText(plan == nullptr ? u"–"_s : u"cpu:%1"_s.arg(plan->cluster.deviceCount()));
    if (plan == nullptr)
        guidance_->setText(tr("A plan is needed before it can run: Plan (F5)."));
    else if (!toQt(plan->cluster.name).startsWith(u"cpu"_s))
        guidance_->setText(tr("%1 was planned for %2; here it runs on %3 CPU devices of this machine, one thread each, so its "
                              "times cannot match the prediction. For that, plan for cpu-x%3.")
                               .arg(shown->name, toQt(plan->cluster.name))
                               .arg(plan->cluster.deviceCount()));
    else
        guidance_->setText(tr("%1 runs on %2 CPU devices of this machine (%3 cores), as a process of its own.")
                               .arg(shown->name)
                               .arg(plan->cluster.deviceCount())
                               .arg(QThread::idealThreadCount()));
    refresh();
}

QString RunsView::stateText(const RunRecord& run) const
{
    switch (run.state) {
    case RunRecord::State::kStarting:
        return tr("starting");
    case RunRecord::State::kRunning:
        return tr("running, step %1 of %2").arg(run.steps.size()).arg(run.stepsWanted);
    case RunRecord::State::kDone:
        return tr("done");
    case RunRecord::State::kStopped:
        return tr("stopped");
    case RunRecord::State::kFailed:
        return tr("failed: %1").arg(run.message);
    }
    return {};
}

void RunsView::refresh()
{
    const PlanEntry* shown = session_->shownPlan();
    start_->setEnabled(shown != nullptr && !session_->isRunActive());
    stop_->setEnabled(session_->isRunActive());
    predicted_->setValue(shown == nullptr ? u"–"_s : timeText(shown->plan()->stepTime),
                         shown == nullptr ? QString() : tr("on %1").arg(toQt(shown->plan()->cluster.name)));
    refreshList();
    if (session_->runs().empty()) {
        state_->setText(tr("No run yet."));
        return;
    }
    const RunRecord& run = session_->runs().back();
    state_->setText(stateText(run).section(u'\n', 0, 0).left(80));
    state_->setToolTip(stateText(run));
    std::vector<double> losses, times;
    for (const RunStep& step : run.steps) {
        losses.push_back(step.loss);
        times.push_back(step.time.count * 1e3);
    }
    lossChart_->setPoints(losses);
    timeChart_->setPoints(times);
    const PlanEntry* planned = session_->entry(run.planId);
    const bool isComparable =
        planned != nullptr && planned->plan() != nullptr && toQt(planned->plan()->cluster.name).startsWith(u"cpu"_s);
    timeChart_->setLevel(isComparable ? std::optional(planned->plan()->stepTime.count * 1e3) : std::nullopt, tr("predicted"));
    if (!run.steps.empty()) {
        const RunStep& last = run.steps.back();
        loss_->setValue(numberText(last.loss), tr("step %1, began at %2").arg(last.step).arg(numberText(run.steps.front().loss)));
        throughput_->setValue(tr("%1 /s").arg(numberText(last.samplesPerSecond)), tr("samples, in the last step"));
    } else {
        loss_->setValue(u"–"_s);
        throughput_->setValue(u"–"_s);
    }
    measured_->setValue(run.median ? timeText(*run.median) : u"–"_s,
                        run.median && isComparable
                            ? tr("%1 against predicted").arg(changeText(run.median->count, planned->plan()->stepTime.count))
                            : tr("median without the first"));
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
        setNumberRow(list_, int(i),
                     {tr("Run %1").arg(run.id), run.planName, run.devices, QString::number(run.steps.size()),
                      run.median ? timeText(*run.median) : u"–"_s, stateText(run).section(u':', 0, 0)});
    }
}

} // namespace alpa::app
