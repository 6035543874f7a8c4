#include "app/views/compare_view.h"

#include <algorithm>

#include "app/settings/qt_text.h"
#include "app/widgets/cards.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QScrollArea>
#include <QSortFilterProxyModel>
#include <QStackedLayout>
#include <QTableView>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

CompareView::CompareView(Session* session, PlansModel* plans, QWidget* parent)
    : QWidget(parent), session_(session), plans_(plans), sorted_(new QSortFilterProxyModel(this)),
      pages_(new QStackedLayout(this)), verdict_(makeMuted({})), planAll_(new QPushButton(tr("Plan all baselines"))),
      table_(new QTableView), chart_(new BarChart)
{
    setObjectName(u"compareView"_s);
    verdict_->setObjectName(u"compareVerdict"_s);
    planAll_->setObjectName(u"planBaselines"_s);
    planAll_->setToolTip(tr("Plan data parallel, ZeRO-2, ZeRO-3, the best Megatron grid and pipeline only, with the same "
                            "cluster, batch, optimizer and memory limit"));
    table_->setObjectName(u"compareTable"_s);
    table_->setAccessibleName(tr("Comparison of plans"));
    sorted_->setSourceModel(plans);
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
    table_->setMinimumHeight(200);

    auto* empty = new EmptyState(tr("Nothing to compare yet"), tr("Plans and baselines stand side by side here once there is a plan (F5)."));
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(20, 16, 20, 16);
    column->setSpacing(10);
    auto* top = new QHBoxLayout;
    top->addWidget(verdict_, 1);
    auto* copy = new QPushButton(tr("Copy table"));
    copy->setObjectName(u"copyComparison"_s);
    top->addWidget(copy);
    top->addWidget(planAll_);
    column->addLayout(top);
    column->addWidget(table_, 2);
    column->addWidget(makeHeading(tr("Step time")));
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(chart_);
    scroll->setMinimumHeight(160);
    column->addWidget(scroll, 2);
    pages_->addWidget(empty);
    pages_->addWidget(content);

    connect(planAll_, &QPushButton::clicked, session, &Session::planBaselines);
    connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) {
        const int id = index.data(PlansModel::kPlanIdRole).toInt();
        if (index.column() == PlansModel::kBaseline)
            session_->setBaseline(id);
    });
    connect(table_, &QTableView::doubleClicked, this, [this](const QModelIndex& index) {
        session_->showPlan(index.data(PlansModel::kPlanIdRole).toInt());
    });
    connect(copy, &QPushButton::clicked, this, [this] {
        QString text;
        for (int row = -1; row < sorted_->rowCount(); ++row) {
            QStringList cells;
            for (int columnIndex = PlansModel::kName; columnIndex < PlansModel::kColumns; ++columnIndex)
                cells << (row < 0 ? sorted_->headerData(columnIndex, Qt::Horizontal).toString()
                                  : sorted_->index(row, columnIndex).data().toString());
            text += cells.join(u'\t') + u'\n';
        }
        QApplication::clipboard()->setText(text);
    });
    connect(session, &Session::plansChanged, this, &CompareView::refresh);
    connect(session, &Session::shownPlanChanged, this, &CompareView::refresh);
    connect(session, &Session::planningChanged, this, [this] {
        planAll_->setEnabled(!session_->isPlanningBehind());
        planAll_->setText(session_->isPlanningBehind() ? tr("Planning baselines…") : tr("Plan all baselines"));
    });
    refresh();
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
        return tr("Plan the manual baselines to see what the planner gains over them. Double-click a row to show its plan.");
    if (shown->id == best->id)
        return tr("%1 is the fastest of the baselines.").arg(best->name);
    const double ratio = best->plan()->stepTime / shown->plan()->stepTime;
    if (ratio >= 1.001)
        return tr("%1 is predicted %2 faster than the best baseline that fits, %3.")
            .arg(shown->name, percentText(ratio - 1), best->name);
    if (ratio > 0.999)
        return tr("%1 is predicted as fast as the best baseline that fits, %2.").arg(shown->name, best->name);
    return tr("%1 is predicted %2 slower than the best baseline that fits, %3: its constraints exclude that plan.")
        .arg(shown->name, percentText(1 / ratio - 1), best->name);
}

void CompareView::refresh()
{
    pages_->setCurrentIndex(plans_->rowCount() > 0 ? 1 : 0);
    verdict_->setText(verdict());
    const PlanEntry* shown = session_->shownPlan();
    // Columns with nothing in them only push others out of view.
    table_->setColumnHidden(PlansModel::kChange, session_->baseline() == nullptr);
    const bool isMeasured = std::ranges::any_of(
        session_->entries(), [&](const auto& entry) { return session_->measuredStep(entry->id).has_value(); });
    table_->setColumnHidden(PlansModel::kMeasured, !isMeasured);
    std::vector<BarGroup> groups;
    for (const auto& entry : session_->entries()) {
        if (entry->plan() == nullptr && !entry->isBaseline())
            continue;
        BarGroup group;
        group.label = entry->name;
        group.problem = entry->problem();
        group.isEmphasized = shown != nullptr && shown->id == entry->id;
        if (entry->plan() != nullptr)
            group.predicted = entry->plan()->stepTime.count;
        if (const std::optional<Seconds> measured = session_->measuredStep(entry->id))
            group.measured = measured->count;
        groups.push_back(std::move(group));
    }
    std::ranges::stable_sort(groups, [](const BarGroup& a, const BarGroup& b) {
        return a.predicted.value_or(1e300) < b.predicted.value_or(1e300);
    });
    chart_->setGroups(std::move(groups));
    for (int row = 0; shown != nullptr && row < sorted_->rowCount(); ++row) {
        if (sorted_->index(row, 0).data(PlansModel::kPlanIdRole).toInt() == shown->id)
            table_->selectRow(row);
    }
}

} // namespace alpa::app
