#include "app/views/memory_view.h"

#include "app/session/hovered_place.h"
#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/views/hover_rows.h"
#include "app/views/number_table.h"
#include "app/views/plan_offer.h"
#include "app/widgets/cards.h"
#include "app/widgets/memory_parts.h"

#include <QComboBox>
#include <QHeaderView>
#include <QScrollArea>
#include <QStackedLayout>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// Columns of the table; parts of the memory stand in their order. The total comes first: the last
/// columns are out of sight where the page is narrow.
enum Column { kStage, kTotal, kFirstPart, kActivations = kFirstPart + 3, kWaiting };

} // namespace

MemoryView::MemoryView(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , pages_(new QStackedLayout(this))
    , chart_(new MemoryChart)
    , curve_(new MemoryCurve)
    , stage_(new QComboBox)
    , table_(makeNumberTable({tr("Stage"), tr("Total"), tr("Parameters"), tr("Gradients"),
                              tr("Optimizer"), tr("Activations"), tr("Waiting"), tr("Transient")},
                             u"memoryTable"_s))
    , refresh_(new WhenShown(this, [this] { refresh(); }))
{
    setObjectName(u"memoryView"_s);
    auto* empty =
        new EmptyState(tr("No memory figures yet"),
                       tr("What each device must hold appears once there is a plan (F5)."));
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(20, 16, 20, 16);
    column->setSpacing(12);
    column->addWidget(makeHeading(tr("Memory of one device of each stage")));
    column->addWidget(chart_);
    column->addWidget(table_);
    auto* row = new QHBoxLayout;
    row->addWidget(makeHeading(tr("Over the predicted step")));
    row->addStretch();
    stage_->setObjectName(u"memoryStage"_s);
    stage_->setAccessibleName(tr("Stage of the curve"));
    row->addWidget(stage_);
    column->addLayout(row);
    column->addWidget(curve_);
    column->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(content);
    addPlanButton(empty, session);
    pages_->addWidget(empty);
    pages_->addWidget(scroll);
    connect(stage_, &QComboBox::currentIndexChanged, this, &MemoryView::showStage);
    connect(stage_, &QComboBox::activated, this,
            [this](int stage) { session_->selection()->select(Selection::stage(stage)); });
    connect(chart_, &MemoryChart::stageClicked, this,
            [this](int stage) { session_->selection()->select(Selection::stage(stage)); });
    connect(chart_, &MemoryChart::stageHovered, this, [this](int stage) {
        session_->selection()->hover(stage < 0 ? Selection() : Selection::stage(stage));
    });
    connect(session->selection(), &SelectionModel::hoverChanged, chart_,
            [this] { chart_->setHoveredStage(hoveredPlace(*session_).stage.value_or(-1)); });
    new HoverRows(table_, session,
                  [](const QModelIndex& index) { return Selection::stage(index.row()); });
    connect(session, &Session::shownPlanChanged, refresh_, &WhenShown::request);
    connect(session, &Session::modelChanged, refresh_, &WhenShown::request);
    connect(session->selection(), &SelectionModel::changed, this, [this] {
        const auto facts = session_->facts();
        if (facts == nullptr || facts->plan == nullptr || session_->model() == nullptr)
            return;
        const auto& scopes = session_->model()->scopes;
        const SelectionPlace place = placeOf(session_->selection()->current(), *facts, scopes);
        if (place.stage)
            stage_->setCurrentIndex(*place.stage);
        chart_->setSelectedStages(placesOf(session_->selection()->all(), *facts, scopes).stages);
    });
}

void MemoryView::refresh()
{
    const auto facts = session_->facts();
    const bool hasPlan = facts != nullptr && facts->plan != nullptr;
    pages_->setCurrentIndex(hasPlan ? 1 : 0);
    chart_->setPlan(hasPlan ? facts->plan : nullptr);
    if (!hasPlan)
        return;
    const ParallelPlan& plan = *facts->plan;
    const Bytes limit = memoryLimit(plan);
    table_->setRowCount(0);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const StageMemory& memory = plan.stages[s].memory;
        setNumberRow(table_, int(s),
                     {QString::number(s), memoryText(memory.total()), memoryText(memory.parameters),
                      memoryText(memory.gradients), memoryText(memory.optimizerState),
                      memoryText(memory.activations * int64_t{memory.inFlight}),
                      memoryText(memory.waiting), memoryText(memory.transient)});
        setTips(int(s), memory, limit);
    }
    table_->setColumnHidden(kWaiting, std::ranges::all_of(plan.stages, [](const PlanStage& stage) {
                                return stage.memory.waiting.count == 0;
                            }));
    fitTableHeight(table_);
    const int kept = std::max(0, stage_->currentIndex());
    stage_->blockSignals(true);
    stage_->clear();
    for (size_t s = 0; s < plan.stages.size(); ++s)
        stage_->addItem(tr("Stage %1").arg(s));
    stage_->setCurrentIndex(std::min(kept, stage_->count() - 1));
    stage_->blockSignals(false);
    stage_->setVisible(plan.stages.size() > 1);
    showStage(stage_->currentIndex());
}

/// What each cell says, in words.
void MemoryView::setTips(int stage, const StageMemory& memory, Bytes limit)
{
    const std::vector<MemoryPart> parts = memoryParts(memory, themeOf(this));
    table_->item(stage, kStage)
        ->setToolTip(
            tr("Each device of stage %1 holds %2").arg(stage).arg(memoryText(memory.total())));
    for (size_t i = 0; i < parts.size(); ++i)
        table_->item(stage, kFirstPart + int(i))
            ->setToolTip(tr("%1 on each device of stage %2: %3")
                             .arg(parts[i].name)
                             .arg(stage)
                             .arg(memoryText(parts[i].bytes)));
    table_->item(stage, kActivations)
        ->setToolTip(tr("activations on each device of stage %1: %2 of each of %3 microbatches in "
                        "flight")
                         .arg(stage)
                         .arg(memoryText(memory.activations))
                         .arg(memory.inFlight));
    table_->item(stage, kTotal)
        ->setToolTip(tr("all on each device of stage %1: %2, %3 of the limit of %4")
                         .arg(stage)
                         .arg(memoryText(memory.total()), percentText(memory.total() / limit),
                              memoryText(limit)));
}

void MemoryView::showStage(int stage)
{
    const auto facts = session_->facts();
    if (stage < 0 || facts == nullptr || facts->plan == nullptr)
        return;
    curve_->setStage(facts->plan, stage);
    chart_->setSelectedStages({stage});
}

} // namespace alpa::app
