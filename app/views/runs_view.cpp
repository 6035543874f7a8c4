#include "app/views/runs_view.h"

#include "app/item_models/plans_model.h"
#include "app/settings/icons.h"
#include "app/settings/programs.h"
#include "app/settings/qt_text.h"
#include "app/views/number_table.h"
#include "app/views/plan_offer.h"

#include <QApplication>
#include <QClipboard>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QSplitter>
#include <QTableWidget>
#include <QThread>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kDefaultSteps = 50;
// What optax' Adam is usually given for small models; the run's own default when the field is left
// alone.
constexpr double kDefaultRate = 1e-3;

} // namespace

RunsView::RunsView(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , guidance_(makeMuted({}))
    , devices_(new QLabel)
    , steps_(new QSpinBox)
    , learningRate_(new QDoubleSpinBox)
    , start_(new QPushButton(themedIcon(u"run"_s), tr("Run")))
    , ask_(new QPushButton(tr("Run…")))
    , stop_(new QPushButton(themedIcon(u"stop"_s), tr("Stop")))
    , state_(makeMuted({}))
    , loss_(new NumberCard(tr("Loss"), u"cardLoss"_s))
    , throughput_(new NumberCard(tr("Throughput"), u"cardRunThroughput"_s))
    , measured_(new NumberCard(tr("Measured step"), u"cardMeasured"_s))
    , predicted_(new NumberCard(tr("Predicted step"), u"cardPredicted"_s))
    , memory_(new NumberCard(tr("Memory per device"), u"cardRunMemory"_s))
    , lossChart_(new LineChart(tr("Loss"), {}))
    , timeChart_(new LineChart(tr("Step time"), u"ms"_s))
    , list_(makeNumberTable({tr("Run"), tr("Plan"), tr("Where"), tr("Devices"), tr("Steps"),
                             tr("Measured"), tr("State")},
                            u"runList"_s))
    , log_(new QPlainTextEdit)
    , results_(new QWidget)
    , empty_(new EmptyState(
          tr("No runs yet"),
          tr("Loss, step time and memory of each run stand here, measured beside predicted.")))
    , run_(empty_->addButton(tr("Run (F6)")))
    , plan_(addPlanButton(empty_, session))
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
    ask_->setObjectName(u"runAsk"_s);
    ask_->setToolTip(tr("Several plans in turns, on GPUs, on another machine (Ctrl+F6)"));
    log_->setAccessibleName(tr("Log of the run"));
    list_->setAccessibleName(tr("Runs"));
    list_->setContextMenuPolicy(Qt::CustomContextMenu);
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
    // As wide as what it says would push the docks aside.
    state_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(state_, 1);
    buttons->addWidget(start_);
    buttons->addWidget(ask_);
    buttons->addWidget(stop_);
    auto* cards = new QHBoxLayout;
    cards->setSpacing(10);
    for (NumberCard* card : {loss_, throughput_, measured_, predicted_, memory_})
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
    column->addLayout(buttons);
    column->addWidget(results_, 1);
    column->addWidget(empty_, 1);
    auto* results = new QVBoxLayout(results_);
    results->setContentsMargins(0, 0, 0, 0);
    results->setSpacing(10);
    results->addLayout(cards);
    results->addLayout(charts, 3);
    results->addWidget(bottom, 2);
    run_->setObjectName(u"offerRun"_s);
    connect(run_, &QPushButton::clicked, this, &RunsView::startRun);
    connect(start_, &QPushButton::clicked, this, &RunsView::startRun);
    connect(ask_, &QPushButton::clicked, this, &RunsView::dialogRequested);
    connect(stop_, &QPushButton::clicked, session, [session] { session->runQueue()->stopAll(); });
    connect(list_, &QTableWidget::cellClicked, this, [this](int row) {
        chosenRun_ = row == int(session_->runs().size()) - 1
                         ? 0
                         : session_->runs()[static_cast<size_t>(row)].id;
        refresh();
    });
    connect(list_, &QTableWidget::customContextMenuRequested, this, &RunsView::showMenu);
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
    chosenRun_ = 0;
    session_->queueRuns({.planIds = {shown->id},
                         .place = {},
                         .devices = u"cpu"_s,
                         .steps = steps_->value(),
                         .repeats = 1,
                         .learningRate = learningRate_->value()},
                        findProgram(u"alpa"_s));
}

const RunRecord* RunsView::chosenRun() const
{
    const auto& runs = session_->runs();
    for (const RunRecord& run : runs) {
        if (run.id == chosenRun_)
            return &run;
    }
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        if (run->state != RunRecord::State::kWaiting)
            return &*run;
    }
    return runs.empty() ? nullptr : &runs.front();
}

void RunsView::showMenu(const QPoint& at)
{
    const int row = list_->rowAt(at.y());
    if (row < 0)
        return;
    const RunRecord run = session_->runs()[static_cast<size_t>(row)];
    QMenu menu;
    if (run.state == RunRecord::State::kWaiting)
        menu.addAction(tr("Take out of the queue"), this,
                       [this, run] { session_->runQueue()->removeWaiting(run.id); });
    else if (run.state == RunRecord::State::kStarting || run.state == RunRecord::State::kRunning)
        menu.addAction(tr("Stop this run"), session_, &Session::stopRun);
    menu.addAction(tr("Copy its steps"), this, [run] {
        QString text = tr("step\tloss\tms\tsamples/s\n");
        for (const RunStep& step : run.steps)
            text += u"%1\t%2\t%3\t%4\n"_s.arg(step.step)
                        .arg(step.loss, 0, 'g', 9)
                        .arg(step.time.count * 1e3, 0, 'g', 6)
                        .arg(step.samplesPerSecond, 0, 'g', 6);
        QApplication::clipboard()->setText(text);
    });
    menu.addAction(tr("Copy its log"), this,
                   [run] { QApplication::clipboard()->setText(run.log.join(u'\n')); });
    menu.exec(list_->viewport()->mapToGlobal(at));
}

void RunsView::refreshPlan()
{
    const PlanEntry* shown = session_->shownPlan();
    const ParallelPlan* plan = shown == nullptr ? nullptr : shown->plan();
    devices_->setText(plan == nullptr ? u"–"_s : u"cpu:%1"_s.arg(plan->cluster.deviceCount()));
    if (plan == nullptr)
        guidance_->setText(tr("A plan is needed before it can run: Plan (F5)."));
    else if (!toQt(plan->cluster.name).startsWith(u"cpu"_s))
        guidance_->setText(tr("%1 was planned for %2; here it runs on %3 CPU devices of this "
                              "machine, one thread each, so its "
                              "times cannot match the prediction. For that, plan for cpu-x%3.")
                               .arg(shown->name, toQt(plan->cluster.name))
                               .arg(plan->cluster.deviceCount()));
    else
        guidance_->setText(
            tr("%1 runs on %2 CPU devices of this machine (%3 cores), as a process of its own.")
                .arg(shown->name)
                .arg(plan->cluster.deviceCount())
                .arg(QThread::idealThreadCount()));
    refresh();
}

void RunsView::refresh()
{
    const PlanEntry* shown = session_->shownPlan();
    const bool isActive = session_->isRunActive() || session_->runQueue()->waitingCount() > 0;
    start_->setEnabled(shown != nullptr && !isActive);
    ask_->setEnabled(shown != nullptr);
    stop_->setEnabled(isActive);
    refreshList();
    const RunRecord* run = chosenRun();
    results_->setVisible(run != nullptr);
    empty_->setVisible(run == nullptr);
    run_->setVisible(shown != nullptr && shown->plan() != nullptr);
    plan_->setVisible(!run_->isVisibleTo(empty_));
    const PlanEntry* planned = run == nullptr ? shown : session_->entry(run->planId);
    const bool isPlanned = planned != nullptr && planned->plan() != nullptr;
    predicted_->setValue(
        isPlanned ? timeText(planned->plan()->stepTime) : u"–"_s,
        isPlanned ? tr("%1 on %2").arg(planned->name, toQt(planned->plan()->cluster.name))
                  : QString());
    if (run != nullptr) {
        refreshRun(*run);
        refreshLog(*run);
        return;
    }
    state_->setText(tr("No run yet."));
    for (NumberCard* card : {loss_, throughput_, measured_, memory_})
        card->setValue(u"–"_s);
    lossChart_->setPoints({});
    timeChart_->setPoints({});
    log_->clear();
}

} // namespace alpa::app
