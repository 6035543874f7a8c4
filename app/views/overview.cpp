#include "app/views/overview.h"

#include "app/item_models/plans_model.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/views/hover_rows.h"
#include "app/views/number_table.h"
#include "app/views/plan_offer.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/timeline_chart.h"

#include <QGridLayout>
#include <QHeaderView>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kPageMargins = 60; ///< Left, right and the scroll bar.
// Names of the pages' widgets.
constexpr auto kGraphPage = "graphView"_L1;
constexpr auto kPipelinePage = "pipelineView"_L1;
constexpr auto kMemoryPage = "memoryView"_L1;
constexpr auto kComparePage = "compareView"_L1;
constexpr auto kRunsPage = "runsView"_L1;
constexpr auto kMeshPage = "meshView"_L1;
constexpr auto kProblems = "problems"_L1; ///< Not a page but the dock.

QString linkText(const QString& target, const QString& text)
{
    return u"<a href=\"%1\">%2</a>"_s.arg(target, text.toHtmlEscaped());
}

} // namespace

std::vector<CostTerm> costTerms(const ParallelPlan& plan)
{
    // The slowest stage sets the pace: its terms, times the microbatches, and what it waits.
    const PlanStage* slowest = &plan.stages.front();
    for (const PlanStage& stage : plan.stages) {
        if (stage.cost.perMicrobatch() > slowest->cost.perMicrobatch())
            slowest = &stage;
    }
    const double m = plan.microbatches;
    const StageCost& cost = slowest->cost;
    std::vector<CostTerm> terms{
        {Overview::tr("Forward compute"), cost.forwardCompute * m},
        {Overview::tr("Backward compute"), cost.backwardCompute * m},
        {Overview::tr("Collectives in forward"), cost.forwardCommunication * m},
        {Overview::tr("Collectives in backward"), cost.backwardCommunication * m},
        {Overview::tr("Gradient synchronisation"), cost.gradientSync},
        {Overview::tr("Update"), cost.update},
    };
    Seconds sum{};
    for (const CostTerm& term : terms)
        sum += term.time;
    const Seconds rest{std::max(0.0, plan.stepTime.count - sum.count)};
    terms.push_back({Overview::tr("Idle: filling and draining the pipeline"), rest});
    return terms;
}

Overview::Overview(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , title_(new QLabel)
    , sentence_(makeMuted({}))
    , step_(new NumberCard(tr("Predicted step"), u"cardStep"_s))
    , throughput_(new NumberCard(tr("Throughput"), u"cardThroughput"_s))
    , memory_(new NumberCard(tr("Peak memory per device"), u"cardMemory"_s))
    , degrees_(new NumberCard(tr("Degrees"), u"cardDegrees"_s))
    , bubble_(new NumberCard(tr("Pipeline"), u"cardPipeline"_s))
    , proof_(new NumberCard(tr("Proof"), u"cardProof"_s))
    , stages_(makeNumberTable(
          {tr("Stage"), tr("Layers"), tr("Mesh"), tr("Forward"), tr("Backward"), tr("Memory")},
          u"overviewStages"_s))
    , costs_(makeNumberTable({tr("Slowest stage, one step"), tr("Time"), tr("Share")},
                             u"overviewCosts"_s))
    , layers_(makeNumberTable(
          {tr("Costliest layers"), tr("Compute"), tr("Collectives"), tr("Parameters")},
          u"overviewLayers"_s))
    , cards_(new QGridLayout)
    , planPart_(new QWidget)
    , waiting_(
          new EmptyState(tr("No plan yet"),
                         tr("Plan (F5) makes one for the cluster and constraints at the right.")))
    , refresh_(new WhenShown(this, [this] { refresh(); }))
{
    setObjectName(u"overview"_s);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(20, 18, 20, 20);
    column->setSpacing(12);
    QFont large = title_->font();
    large.setPointSize(large.pointSize() + 6);
    large.setBold(true);
    title_->setFont(large);
    title_->setObjectName(u"overviewTitle"_s);
    sentence_->setObjectName(u"overviewSentence"_s);
    column->addWidget(title_);
    column->addWidget(sentence_);
    auto* part = new QVBoxLayout(planPart_);
    part->setContentsMargins(0, 0, 0, 0);
    part->setSpacing(16);
    cards_->setSpacing(10);
    cardList_ = {step_, throughput_, memory_, degrees_, bubble_, proof_};
    part->addLayout(cards_);
    part->addWidget(stages_);
    tables_ = new QBoxLayout(QBoxLayout::LeftToRight);
    tables_->setSpacing(16);
    tables_->addWidget(costs_, 1, Qt::AlignTop);
    tables_->addWidget(layers_, 1, Qt::AlignTop);
    part->addLayout(tables_);
    column->addWidget(planPart_);
    column->addWidget(waiting_);
    column->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(content);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);
    addPlanButton(waiting_, session);
    connect(session, &Session::modelChanged, refresh_, &WhenShown::request);
    connect(session, &Session::shownPlanChanged, refresh_, &WhenShown::request);
    connect(session, &Session::plansChanged, refresh_, &WhenShown::request);
    connect(session, &Session::planningChanged, this, &Overview::fillWaiting);
    makeLinks();
    refresh_->request();
}

/// Every number leads to the page that explains it; a row selects what it is about, and Enter or a
/// second click opens its page.
void Overview::makeLinks()
{
    const auto link = [this](NumberCard* card, const QString& text, const QString& page) {
        card->setLink(text);
        connect(card, &NumberCard::activated, this, [this, page] { openLink(page); });
    };
    link(step_, tr("opens the timeline"), kPipelinePage);
    link(throughput_, tr("opens the runs that measure it"), kRunsPage);
    link(memory_, tr("opens memory by stage"), kMemoryPage);
    link(degrees_, tr("opens the mesh"), kMeshPage);
    link(bubble_, tr("opens the stages"), kPipelinePage);
    link(proof_, tr("opens the comparison with other plans"), kComparePage);
    sentence_->setTextFormat(Qt::RichText);
    sentence_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    connect(sentence_, &QLabel::linkActivated, this, &Overview::openLink);
    const auto selectStage = [this](int stage, int) {
        session_->selection()->select(Selection::stage(stage));
    };
    const auto selectLayer = [this](int at, int) {
        session_->selection()->select(
            Selection::layer(layers_->item(at, 0)->data(Qt::UserRole).toInt()));
    };
    connect(stages_, &QTableWidget::cellClicked, this, selectStage);
    connect(stages_, &QTableWidget::cellActivated, this, [this, selectStage](int stage, int) {
        selectStage(stage, 0);
        openLink(kPipelinePage);
    });
    connect(costs_, &QTableWidget::cellActivated, this, [this] { openLink(kPipelinePage); });
    connect(layers_, &QTableWidget::cellClicked, this, selectLayer);
    connect(layers_, &QTableWidget::cellActivated, this, [this, selectLayer](int at, int) {
        selectLayer(at, 0);
        openLink(kGraphPage);
    });
    new HoverRows(stages_, session_,
                  [](const QModelIndex& index) { return Selection::stage(index.row()); });
    new HoverRows(layers_, session_, [](const QModelIndex& index) {
        return Selection::layer(index.siblingAtColumn(0).data(Qt::UserRole).toInt());
    });
    for (QTableWidget* table : {stages_, costs_, layers_}) {
        table->setTabKeyNavigation(false); // the next link, not the next cell
        table->setToolTip(tr("Enter or a double click opens the page"));
    }
}

void Overview::openLink(const QString& target)
{
    if (target == kProblems)
        Q_EMIT problemsRequested();
    else
        Q_EMIT pageRequested(target);
}

void Overview::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    // As many cards a row as show their numbers whole.
    const int columns = width() > 1150 ? 6 : width() > 640 ? 3 : 2;
    arrangeTables();
    for (size_t i = 0; i < cardList_.size(); ++i)
        cards_->addWidget(cardList_[i], int(i) / columns, int(i) % columns);
    for (int column = 0; column < 6; ++column)
        cards_->setColumnStretch(column, column < columns ? 1 : 0);
}

/// Side by side only where both show their cells whole.
void Overview::arrangeTables()
{
    const int room = (width() - kPageMargins - tables_->spacing()) / 2;
    const bool fits = neededWidth(costs_) <= room && neededWidth(layers_) <= room;
    tables_->setDirection(fits ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
}

void Overview::refresh()
{
    fillModel();
    const PlanEntry* shown = session_->shownPlan();
    const ParallelPlan* plan = shown == nullptr ? nullptr : shown->plan();
    planPart_->setVisible(plan != nullptr);
    waiting_->setVisible(plan == nullptr);
    if (plan == nullptr) {
        fillWaiting();
        return;
    }
    const PlanEntry* baseline = session_->baseline();
    QString against;
    if (baseline != nullptr && baseline->plan() != nullptr && baseline->id != shown->id)
        against = tr("%1 against %2")
                      .arg(changeText(plan->stepTime.count, baseline->plan()->stepTime.count),
                           baseline->name);
    const std::optional<Seconds> measured = session_->measuredStep(shown->id);
    if (measured)
        against = tr("measured %1").arg(timeText(*measured));
    if (against.isEmpty() && plan->planningTime.count > 0)
        against = tr("planned in %1").arg(timeText(plan->planningTime));
    step_->setValue(timeText(plan->stepTime), against);
    throughput_->setValue(
        tr("%1 /s").arg(numberText(plan->samplesPerSecond())),
        tr("samples; %1 per device").arg(flopsText(Flops(plan->flopsPerDevice())) + u"/s"_s));
    const Bytes peak = peakMemory(*plan);
    memory_->setValue(
        memoryText(peak),
        tr("%1 of %2").arg(percentText(peak / memoryLimit(*plan)), memoryText(memoryLimit(*plan))));
    memory_->setWarning(peak > memoryLimit(*plan));
    degrees_->setValue(degreesText(*session_->shownPlan()->facts),
                       tr("%1 devices").arg(plan->cluster.deviceCount()));
    double bubble = 0;
    for (const StageTimeline& stage : plan->timeline.stages)
        bubble = std::max(bubble, stage.bubbleFraction);
    bubble_->setValue(counted(int64_t(plan->stages.size()), tr("stage"), tr("stages")),
                      tr("%1, %2 of %3, idle at most %4")
                          .arg(scheduleTitle(plan->schedule),
                               counted(plan->microbatches, tr("microbatch"), tr("microbatches")))
                          .arg(plan->microbatchSize)
                          .arg(percentText(bubble)));
    int decisions = 0;
    for (const PlanStage& stage : plan->stages)
        decisions += stage.certificate.decisions;
    proof_->setValue(proofText(*plan), tr("%1 sharding decisions").arg(countText(decisions)));
    fillStages(*plan);
    fillCosts(*shown->facts);
}

/// Why there is no plan: nobody asked, one is being made, or there is none.
void Overview::fillWaiting()
{
    const PlanEntry* obstacle = session_->obstacle();
    if (session_->isPlanning())
        waiting_->setGuidance(tr("Planning… Esc stops it."));
    else if (obstacle != nullptr)
        waiting_->setGuidance(
            tr("What is asked has none: %1. The constraints at the right say what would do.")
                .arg(obstacle->problem().section(u'\n', 0, 0)));
    else
        waiting_->setGuidance(
            tr("Plan (F5) makes one for the cluster and constraints at the right."));
}

void Overview::fillModel()
{
    const auto& model = session_->model();
    if (model == nullptr)
        return;
    const PlanEntry* shown = session_->shownPlan();
    title_->setText(shown == nullptr ? model->name : tr("%1 · %2").arg(model->name, shown->name));
    const auto problems = int64_t(model->diagnostics.size());
    QString sentence =
        tr("%1, %2, batch %3.")
            .arg(linkText(kMemoryPage,
                          tr("%1 parameters").arg(shortCountText(double(model->parameters)))),
                 linkText(kGraphPage,
                          tr("%1 operations").arg(countText(int64_t(model->graph->ops.size())))))
            .arg(model->batch);
    if (problems > 0)
        sentence +=
            u' ' + linkText(kProblems, counted(problems, tr("problem"), tr("problems"))) + u'.';
    if (shown != nullptr && shown->plan() != nullptr)
        sentence += tr(" Planned for %1: %2.")
                        .arg(toQt(shown->plan()->cluster.name).toHtmlEscaped(),
                             describeSetup(shown->setup).toHtmlEscaped());
    sentence_->setText(sentence);
}

void Overview::fillStages(const ParallelPlan& plan)
{
    stages_->setRowCount(0);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        setNumberRow(stages_, int(s),
                     {tr("%1: %2").arg(s).arg(submeshText(stage)),
                      stage.endLayer - stage.firstLayer == 1
                          ? QString::number(stage.firstLayer)
                          : u"%1–%2"_s.arg(stage.firstLayer).arg(stage.endLayer - 1),
                      meshAxesText(stage.mesh), timeText(stage.cost.forward()),
                      timeText(stage.cost.backward()), memoryText(stage.memory.total())});
    }
    fitTableHeight(stages_);
}

void Overview::fillCosts(const GraphFacts& facts)
{
    const ParallelPlan& plan = *facts.plan;
    costs_->setRowCount(0);
    int row = 0;
    for (const CostTerm& term : costTerms(plan)) {
        if (term.time.count > 0)
            setNumberRow(costs_, row++,
                         {term.name, timeText(term.time), percentText(term.time / plan.stepTime)});
    }
    fitTableHeight(costs_);
    std::vector<int> order;
    for (size_t i = 0; i < facts.layers.size(); ++i)
        order.push_back(int(i));
    const auto costOf = [&](int layer) {
        return facts.layers[static_cast<size_t>(layer)].flops.count;
    };
    std::ranges::stable_sort(order, [&](int a, int b) { return costOf(a) > costOf(b); });
    layers_->setRowCount(0);
    for (size_t i = 0; i < order.size() && i < 5; ++i) {
        const LayerFacts& layer = facts.layers[static_cast<size_t>(order[i])];
        setNumberRow(layers_, int(i),
                     {shortLayerName(facts, order[i]), flopsText(layer.flops),
                      timeText(layer.communication), shortCountText(double(layer.parameters))});
        layers_->item(int(i), 0)->setData(Qt::UserRole, order[i]);
    }
    fitTableHeight(layers_);
    arrangeTables();
}

} // namespace alpa::app
