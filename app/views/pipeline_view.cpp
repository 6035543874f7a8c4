#include "app/views/pipeline_view.h"

#include "app/session/hovered_place.h"
#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/views/constraint_menu.h"
#include "app/views/graph_rows.h"
#include "app/views/hover_rows.h"
#include "app/views/plan_offer.h"
#include "app/widgets/memory_chart.h"
#include "app/widgets/stage_boundaries.h"

#include <QComboBox>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QListWidget>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kLeastLayers =
    48;                       ///< Two layers and a bit, so that what stands below them is in view.
constexpr int kBarFrame = 12; ///< Beside the text in a bar.
constexpr size_t kDeviceChips = 8;

/// "devices 0 1 2 3", at most so many.
QString deviceText(const DeviceMesh& mesh)
{
    QStringList names;
    for (size_t i = 0; i < mesh.devices.size() && i < kDeviceChips; ++i)
        names << QString::number(mesh.devices[i].number);
    if (mesh.devices.size() > kDeviceChips)
        names << PipelineView::tr("… %1 in all").arg(mesh.devices.size());
    return names.join(u' ');
}

} // namespace

PipelineView::PipelineView(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , pages_(new QStackedLayout(this))
    , summary_(makeMuted({}))
    , boundaries_(new StageBoundaries)
    , lanes_(new QHBoxLayout)
    , timeline_(new TimelineChart)
    , measuredStep_(new QComboBox)
    , measuredNote_(makeMuted({}))
    , refresh_(new WhenShown(this, [this] { refresh(); }))
{
    setObjectName(u"pipelineView"_s);
    auto* empty = new EmptyState(
        tr("No pipeline yet"),
        tr("Stages, their devices and the predicted timeline appear once there is a plan (F5)."));
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(20, 16, 20, 16);
    column->setSpacing(10);
    column->addWidget(makeHeading(tr("Stages")));
    column->addWidget(summary_);
    column->addWidget(boundaries_);
    auto* laneRow = new QWidget;
    laneRow->setLayout(lanes_);
    lanes_->setContentsMargins(0, 0, 0, 0);
    lanes_->setSpacing(10);
    auto* laneScroll = new QScrollArea;
    laneScroll->setWidgetResizable(true);
    laneScroll->setWidget(laneRow);
    laneScroll->setMinimumHeight(230);
    column->addWidget(laneScroll, 1);
    auto* heading = new QHBoxLayout;
    heading->addWidget(makeHeading(tr("Predicted step")));
    measuredStep_->setObjectName(u"measuredStep"_s);
    measuredStep_->setAccessibleName(tr("Measured step"));
    measuredStep_->setToolTip(tr("Which step of the run is laid over the predicted one"));
    measuredNote_->setObjectName(u"measuredNote"_s);
    auto* openTraceButton = new QPushButton(tr("Open trace…"));
    openTraceButton->setObjectName(u"openTrace"_s);
    openTraceButton->setToolTip(
        tr("Lay a measured run over the prediction: the file that `alpa run --trace` wrote"));
    heading->addWidget(measuredStep_);
    heading->addWidget(openTraceButton);
    connect(openTraceButton, &QPushButton::clicked, this, &PipelineView::openTrace);
    connect(measuredStep_, &QComboBox::currentIndexChanged, this, &PipelineView::showMeasured);
    connect(session, &Session::runsChanged, this, &PipelineView::refreshMeasured);
    auto* hint = makeMuted(tr("W S zoom, A D move, F all"));
    hint->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    heading->addWidget(hint, 1);
    column->addLayout(heading);
    column->addWidget(measuredNote_); // a line of its own: wrapped, never cut off
    measuredNote_->hide();
    auto* timelineScroll = new QScrollArea;
    timelineScroll->setWidgetResizable(true);
    timelineScroll->setWidget(timeline_);
    timelineScroll->setMinimumHeight(120);
    column->addWidget(timelineScroll, 1);
    addPlanButton(empty, session);
    // Where large letters or a small window leave too little height, the page scrolls.
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(content);
    pages_->addWidget(empty);
    pages_->addWidget(scroll);
    connect(boundaries_, &StageBoundaries::boundariesWanted, this, &PipelineView::moveBoundaries);
    connect(boundaries_, &StageBoundaries::stageClicked, this,
            [this](int stage) { session_->selection()->select(Selection::stage(stage)); });
    connect(boundaries_, &StageBoundaries::stageMenuRequested, this,
            [this](int stage, const QPoint& at) {
                openConstraintMenu(session_, Selection::stage(stage), at);
            });
    connect(timeline_, &TimelineChart::stageClicked, this,
            [this](int stage) { session_->selection()->select(Selection::stage(stage)); });
    connect(timeline_, &TimelineChart::stageHovered, this, [this](int stage) {
        session_->selection()->hover(stage < 0 ? Selection() : Selection::stage(stage));
    });
    connect(session->selection(), &SelectionModel::hoverChanged, timeline_,
            [this] { timeline_->setHoveredStage(hoveredPlace(*session_).stage.value_or(-1)); });
    connect(timeline_, &TimelineChart::opClicked, this,
            [this](OpId op) { session_->selection()->select(Selection::op(op)); });
    connect(session, &Session::shownPlanChanged, this, &PipelineView::takePlan);
    connect(session, &Session::modelChanged, this, &PipelineView::takePlan);
    connect(session->selection(), &SelectionModel::changed, this, &PipelineView::takeSelection);
}

QWidget* PipelineView::makeStage(const GraphFacts& facts, int number)
{
    const ParallelPlan& plan = *facts.plan;
    const PlanStage& stage = plan.stages[static_cast<size_t>(number)];
    auto* card = makeCard();
    card->setObjectName(u"stage_%1"_s.arg(number));
    stageCards_.push_back(card);
    card->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(card, &QWidget::customContextMenuRequested, this,
            [this, card, number](const QPoint& at) {
                openConstraintMenu(session_, Selection::stage(number), card->mapToGlobal(at));
            });
    const auto makeLine = [](const QString& text) {
        QLabel* line = makeMuted(text);
        line->setWordWrap(false); // a card has its own width
        return line;
    };
    auto* column = new QVBoxLayout(card);
    column->setContentsMargins(12, 10, 12, 10);
    column->setSpacing(3);
    column->addWidget(makeHeading(tr("Stage %1").arg(number)));
    column->addWidget(makeLine(submeshText(stage)));
    column->addWidget(makeLine(
        stage.mesh.deviceCount() == 1
            ? tr("mesh %1").arg(meshAxesText(stage.mesh))
            : tr("mesh %1 · devices %2").arg(meshAxesText(stage.mesh), deviceText(stage.mesh))));
    auto* layers = new QListWidget;
    layers->setObjectName(u"stageLayers_%1"_s.arg(number));
    layers->setAccessibleName(tr("Layers of stage %1").arg(number));
    for (int layer = stage.firstLayer; layer < stage.endLayer; ++layer) {
        auto* item = new QListWidgetItem(u"%1   %2"_s.arg(layer).arg(shortLayerName(facts, layer)));
        item->setData(Qt::UserRole, layer);
        item->setToolTip(tr("%1 of forward and backward")
                             .arg(flopsText(facts.layers[static_cast<size_t>(layer)].flops)));
        layers->addItem(item);
    }
    layers->setMinimumHeight(kLeastLayers);
    layers->setSelectionMode(QAbstractItemView::ExtendedSelection);
    new HoverRows(layers, session_, [](const QModelIndex& index) {
        return Selection::layer(index.data(Qt::UserRole).toInt());
    });
    layers->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(layers, &QListWidget::itemClicked, this, [this](const QListWidgetItem* item) {
        session_->selection()->choose(
            Selection::layer(item->data(Qt::UserRole).toInt()),
            QGuiApplication::keyboardModifiers().testFlag(Qt::ControlModifier));
    });
    connect(layers, &QListWidget::customContextMenuRequested, this,
            [this, layers](const QPoint& at) {
                if (const QListWidgetItem* item = layers->itemAt(at))
                    openConstraintMenu(session_, Selection::layer(item->data(Qt::UserRole).toInt()),
                                       layers->viewport()->mapToGlobal(at));
            });
    column->addWidget(layers, 1);
    column->addWidget(
        makeLine(tr("forward %1, backward %2 a microbatch")
                     .arg(timeText(stage.cost.forward()), timeText(stage.cost.backward()))));
    auto* bar = new QProgressBar;
    bar->setRange(0, 1000);
    bar->setValue(std::min(1000, int(1000 * (stage.memory.total() / memoryLimit(plan)))));
    bar->setFormat(
        tr("memory %1 of %2").arg(memoryText(stage.memory.total()), memoryText(memoryLimit(plan))));
    bar->setAccessibleName(tr("Memory of stage %1").arg(number));
    bar->setMinimumWidth(fontMetrics().horizontalAdvance(bar->text()) + kBarFrame);
    column->addWidget(bar);
    card->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred); // as wide as its lines
    return card;
}

/// What was measured colours the graph too, so it is read even while this page is hidden.
void PipelineView::takePlan()
{
    refresh_->request();
    refreshMeasured();
    showMeasured();
}

void PipelineView::refresh()
{
    const auto facts = session_->facts();
    const bool hasPlan = facts != nullptr && facts->plan != nullptr;
    pages_->setCurrentIndex(hasPlan ? 1 : 0);
    if (facts == facts_)
        return;
    facts_ = facts;
    stageCards_.clear();
    while (QLayoutItem* item = lanes_->takeAt(0)) {
        if (item->widget() != nullptr)
            item->widget()->deleteLater();
        delete item;
    }
    timeline_->setPlan(hasPlan ? facts->plan : nullptr);
    if (!hasPlan)
        return;
    showMeasured(); // the chart has forgotten it with the plan before
    const ParallelPlan& plan = *facts->plan;
    for (size_t s = 0; s < plan.stages.size(); ++s)
        lanes_->addWidget(makeStage(*facts, int(s)));
    lanes_->addStretch();
    double bubble = 0;
    for (const StageTimeline& stage : plan.timeline.stages)
        bubble = std::max(bubble, stage.bubbleFraction);
    summary_->setText(tr("%1 schedule, %2 of %3. Step %4, stages idle at most %5. Drag a boundary, "
                         "or right-click a layer, to begin a stage elsewhere; right-click a stage "
                         "for its devices.")
                          .arg(scheduleTitle(plan.schedule),
                               counted(plan.microbatches, tr("microbatch"), tr("microbatches")),
                               counted(plan.microbatchSize, tr("sample"), tr("samples")))
                          .arg(timeText(plan.stepTime), percentText(bubble)));
    std::vector<StageBoundaries::Layer> layers;
    for (size_t layer = 0; layer < facts->layers.size(); ++layer)
        layers.push_back({shortLayerName(*facts, int(layer)), facts->layers[layer].flops.count});
    std::vector<int> firsts;
    for (const PlanStage& stage : facts->plan->stages)
        firsts.push_back(stage.firstLayer);
    boundaries_->setStages(std::move(layers), std::move(firsts));
    takeSelection();
}

void PipelineView::takeSelection()
{
    const auto facts = session_->facts();
    SelectionPlaces places;
    if (facts != nullptr && session_->model() != nullptr)
        places = placesOf(session_->selection()->all(), *facts, session_->model()->scopes);
    timeline_->setSelectedStages(places.stages);
    timeline_->setSelectedOps(std::move(places.ops));
    for (auto* layers : findChildren<QListWidget*>()) {
        const QSignalBlocker quiet(layers);
        layers->setCurrentItem(nullptr);
        layers->clearSelection();
        for (int row = 0; row < layers->count(); ++row) {
            if (places.layers.contains(layers->item(row)->data(Qt::UserRole).toInt())) {
                layers->setCurrentRow(row, QItemSelectionModel::NoUpdate);
                layers->item(row)->setSelected(true);
            }
        }
    }
    for (size_t s = 0; s < stageCards_.size(); ++s)
        stageCards_[s]->setStyleSheet(
            places.stages.contains(int(s))
                ? u"QFrame[card=\"true\"] { border: 2px solid palette(highlight); }"_s
                : QString());
}

/// Stages that begin at `firstLayers`, and nowhere else.
void PipelineView::moveBoundaries(const std::vector<int>& firstLayers)
{
    Setup next = session_->setup();
    PlanConstraints& asked = next.options.constraints;
    asked.cuts.assign(firstLayers.begin() + 1, firstLayers.end());
    asked.forbiddenCuts.clear();
    asked.fixedPp = session_->shownPlan()->plan()->pipelineParallel();
    asked.maxPp.reset();
    QStringList cuts;
    for (const int cut : asked.cuts)
        cuts << QString::number(cut);
    session_->editSetup(next, tr("Begin stages at layers %1").arg(cuts.join(u", "_s)));
}

} // namespace alpa::app
