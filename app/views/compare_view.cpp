#include "app/views/compare_view.h"

#include "app/settings/qt_text.h"
#include "app/views/compare_side.h"
#include "app/views/plan_offer.h"
#include "app/widgets/cards.h"
#include "app/widgets/table_text.h"
#include "core/base/files.h"

#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QHeaderView>
#include <QScrollArea>
#include <QSortFilterProxyModel>
#include <QStackedLayout>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

CompareView::CompareView(Session* session, PlansModel* plans, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , plans_(plans)
    , sorted_(new QSortFilterProxyModel(this))
    , pages_(new QStackedLayout(this))
    , verdict_(makeMuted({}))
    , planAll_(new QPushButton(tr("Plan all baselines")))
    , table_(new QTableView)
    , chart_(new BarChart)
    , tabs_(new QTabWidget)
    , tradeOffs_(new ScatterChart(u"tradeOffChart"_s, tr("Trade-offs between plans")))
    , against_(new QComboBox)
    , accuracy_(new ScatterChart(u"accuracyChart"_s, tr("Predicted against measured steps")))
    , accuracyText_(makeMuted({}))
    , refresh_(new WhenShown(this, [this] { refresh(); }))
{
    setObjectName(u"compareView"_s);
    verdict_->setObjectName(u"compareVerdict"_s);
    planAll_->setObjectName(u"planBaselines"_s);
    planAll_->setToolTip(tr("Plan data parallel, ZeRO-2, ZeRO-3, the best Megatron grid and "
                            "pipeline only, with the same "
                            "cluster, batch, optimizer and memory limit"));
    makeTable();
    tabs_->setObjectName(u"compareTabs"_s);
    tabs_->setDocumentMode(true);
    tabs_->addTab(makeOverview(), tr("Table"));
    tabs_->addTab(makeTradeOffs(), tr("Trade-offs"));
    auto* measured = new QWidget;
    auto* measuredColumn = new QVBoxLayout(measured);
    measuredColumn->setContentsMargins(0, 10, 0, 0);
    accuracyText_->setObjectName(u"accuracyText"_s);
    measuredColumn->addWidget(accuracyText_);
    measuredColumn->addWidget(accuracy_, 1);
    tabs_->addTab(measured, tr("Accuracy"));
    side_ = new CompareSide(session);
    tabs_->addTab(side_, tr("Side by side"));
    accuracy_->setShowsDiagonal(true);
    accuracy_->setEmptyText(tr("Nothing has been measured yet: run a plan (F6)."));
    const auto time = [](double seconds) { return timeText(Seconds(seconds)); };
    accuracy_->setAxes(tr("predicted step"), time, tr("measured step (median, 95 % interval)"),
                       time);

    auto* empty = new EmptyState(
        tr("Nothing to compare yet"),
        tr("Plans and baselines stand side by side here once there is a plan (F5)."));
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(20, 12, 20, 12);
    column->setSpacing(8);
    column->addWidget(verdict_);
    column->addWidget(tabs_, 1);
    addPlanButton(empty, session);
    pages_->addWidget(empty);
    pages_->addWidget(content);

    connect(planAll_, &QPushButton::clicked, session, &Session::planBaselines);
    for (ScatterChart* chart : {tradeOffs_, accuracy_})
        connect(chart, &ScatterChart::pointClicked, session, &Session::showPlan);
    connect(against_, &QComboBox::currentIndexChanged, this, &CompareView::refreshTradeOffs);
    connect(session, &Session::plansChanged, refresh_, &WhenShown::request);
    connect(session, &Session::shownPlanChanged, refresh_, &WhenShown::request);
    connect(session, &Session::planningChanged, this, [this] {
        planAll_->setEnabled(!session_->isPlanningBehind());
        planAll_->setText(session_->isPlanningBehind() ? tr("Planning baselines…")
                                                       : tr("Plan all baselines"));
    });
    refresh_->request();
}

void CompareView::makeTable()
{
    table_->setObjectName(u"compareTable"_s);
    table_->setAccessibleName(tr("Comparison of plans"));
    sorted_->setSourceModel(plans_);
    sorted_->setSortRole(PlansModel::kSortRole);
    table_->setModel(sorted_);
    table_->setSortingEnabled(true);
    table_->sortByColumn(PlansModel::kStep, Qt::AscendingOrder);
    table_->verticalHeader()->hide();
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setStretchLastSection(true);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->setMinimumHeight(160);
    connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) {
        const int id = index.data(PlansModel::kPlanIdRole).toInt();
        if (index.column() == PlansModel::kBaseline)
            session_->setBaseline(id);
    });
    connect(table_, &QTableView::activated, this, [this](const QModelIndex& index) {
        if (index.column() != PlansModel::kBaseline)
            session_->showPlan(index.data(PlansModel::kPlanIdRole).toInt());
    });
}

int CompareView::chosenPlan() const
{
    return table_->currentIndex().data(PlansModel::kPlanIdRole).toInt();
}

QList<QAction*> CompareView::differenceActions() const { return side_->differenceActions(); }

QWidget* CompareView::makeOverview()
{
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 10, 0, 0);
    column->setSpacing(8);
    auto* buttons = new QHBoxLayout;
    auto* copy = new QPushButton(tr("Copy table"));
    copy->setObjectName(u"copyComparison"_s);
    auto* save = new QPushButton(tr("Save as CSV…"));
    save->setObjectName(u"saveComparison"_s);
    buttons->addWidget(planAll_);
    buttons->addStretch();
    buttons->addWidget(copy);
    buttons->addWidget(save);
    column->addLayout(buttons);
    column->addWidget(table_, 2);
    column->addWidget(makeHeading(tr("Step time")));
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(chart_);
    scroll->setMinimumHeight(140);
    column->addWidget(scroll, 2);
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(separatedText(tableText(*table_), u'\t'));
    });
    connect(save, &QPushButton::clicked, this, &CompareView::saveTable);
    return page;
}

QWidget* CompareView::makeTradeOffs()
{
    against_->setObjectName(u"tradeOffAgainst"_s);
    against_->setAccessibleName(tr("Step time against"));
    against_->addItem(tr("memory per device"));
    against_->addItem(tr("devices"));
    against_->addItem(tr("device seconds a step"));
    tradeOffs_->setShowsFrontier(true);
    tradeOffs_->setEmptyText(
        tr("Plans with and without constraints, on several clusters, spread out here."));
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 10, 0, 0);
    auto* row = new QHBoxLayout;
    row->addWidget(new QLabel(tr("Step time against")));
    row->addWidget(against_);
    row->addStretch();
    column->addLayout(row);
    column->addWidget(makeMuted(tr("Dotted: no plan is better in both. Shapes: DP ●, TP ■, PP ▲, "
                                   "mixed ◆. Click shows a plan.")));
    column->addWidget(tradeOffs_, 1);
    return page;
}

void CompareView::saveTable()
{
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Save the comparison"),
                                     session_->model()->name + u"-plans.csv"_s, tr("CSV (*.csv)"));
    if (path.isEmpty())
        return;
    const Status saved =
        writeFileAtomically(fromQt(path), fromQt(separatedText(tableText(*table_), u',')));
    verdict_->setText(saved.ok() ? tr("Saved %1").arg(path)
                                 : tr("Not saved: %1").arg(toQt(saved.error().message)));
}

QString CompareView::verdict() const
{
    const PlanEntry* best = nullptr;
    const PlanEntry* shown = session_->shownPlan();
    for (const auto& entry : session_->entries()) {
        if (entry->plan() != nullptr && entry->isBaseline() &&
            (best == nullptr || entry->plan()->stepTime < best->plan()->stepTime))
            best = entry.get();
    }
    if (shown == nullptr || shown->plan() == nullptr)
        return {};
    if (best == nullptr)
        return tr("Plan the manual baselines to see what the planner gains over them. Double-click "
                  "a row to show its plan.");
    if (shown->id == best->id)
        return tr("%1 is the fastest of the baselines.").arg(best->name);
    const double ratio = best->plan()->stepTime / shown->plan()->stepTime;
    if (ratio >= 1.001)
        return tr("%1 is predicted %2 faster than the best baseline that fits, %3.")
            .arg(shown->name, percentText(ratio - 1), best->name);
    if (ratio > 0.999)
        return tr("%1 is predicted as fast as the best baseline that fits, %2.")
            .arg(shown->name, best->name);
    // Within slack the search takes the first good plan; what it was not asked to exclude, it has
    // missed.
    if (formatConstraints(shown->setup.options.constraints) == "none" && !shown->isBaseline())
        return tr("%1 is predicted %2 slower than the best baseline that fits, %3, which the "
                  "search has missed.")
            .arg(shown->name, percentText(1 / ratio - 1), best->name);
    return tr("%1 is predicted %2 slower than the best baseline that fits, %3: its constraints "
              "exclude that plan.")
        .arg(shown->name, percentText(1 / ratio - 1), best->name);
}

/// What was measured of the shown plan and the starred one, else the best other one that ran.
QString CompareView::measuredVerdict() const
{
    const PlanEntry* shown = session_->shownPlan();
    if (shown == nullptr)
        return {};
    const std::optional<Measurement> mine = session_->measurement(shown->id);
    if (!mine)
        return {};
    const PlanEntry* other = nullptr;
    std::optional<Measurement> theirs;
    for (const auto& entry : session_->entries()) {
        const std::optional<Measurement> measured =
            entry->id == shown->id ? std::nullopt : session_->measurement(entry->id);
        if (!measured)
            continue;
        const bool isStarred =
            session_->baseline() != nullptr && session_->baseline()->id == entry->id;
        if (other == nullptr || isStarred || measured->median < theirs->median) {
            other = entry.get();
            theirs = measured;
            if (isStarred)
                break;
        }
    }
    return other == nullptr
               ? QString()
               : tr("Measured: %1.").arg(verdictText(shown->name, *mine, other->name, *theirs));
}

void CompareView::refresh()
{
    pages_->setCurrentIndex(plans_->rowCount() > 0 ? 1 : 0);
    verdict_->setText(QStringList{measuredVerdict(), verdict()}.join(u' ').trimmed());
    // Columns with nothing in them only push others out of view.
    table_->setColumnHidden(PlansModel::kChange, session_->baseline() == nullptr);
    const bool isMeasured = std::ranges::any_of(session_->entries(), [&](const auto& entry) {
        return session_->measuredStep(entry->id).has_value();
    });
    for (const int column : {PlansModel::kMeasured, PlansModel::kSpread, PlansModel::kError})
        table_->setColumnHidden(column, !isMeasured);
    refreshBars();
    refreshTradeOffs();
    refreshAccuracy();
}

} // namespace alpa::app
