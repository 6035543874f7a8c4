#include "app/views/plans_panel.h"

#include "app/views/plan_offer.h"
#include "app/widgets/cards.h"

#include <QHeaderView>
#include <QMenu>
#include <QStackedLayout>
#include <QTableView>

namespace alpa::app
{

using namespace Qt::StringLiterals;

PlansPanel::PlansPanel(Session* session, PlansModel* plans, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , plans_(plans)
    , pages_(new QStackedLayout(this))
    , table_(new QTableView)
{
    setObjectName(u"plansPanel"_s);
    table_->setObjectName(u"planList"_s);
    table_->setAccessibleName(tr("Plans"));
    table_->setModel(plans);
    for (int column = 0; column < PlansModel::kColumns; ++column)
        table_->setColumnHidden(column,
                                column != PlansModel::kBaseline && column != PlansModel::kName &&
                                    column != PlansModel::kStep && column != PlansModel::kChange);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(26);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(PlansModel::kName, QHeaderView::Stretch);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->setContextMenuPolicy(Qt::CustomContextMenu);
    auto* empty = new EmptyState(
        tr("No plans yet"), tr("Plan (F5) makes one; every change of a constraint adds another."));
    addPlanButton(empty, session);
    pages_->addWidget(empty);
    pages_->addWidget(table_);
    connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) {
        const int id = index.data(PlansModel::kPlanIdRole).toInt();
        if (index.column() == PlansModel::kBaseline)
            session_->setBaseline(id);
        else
            session_->showPlan(id);
    });
    connect(table_, &QTableView::customContextMenuRequested, this, &PlansPanel::showMenu);
    connect(plans, &QAbstractItemModel::modelReset, this, &PlansPanel::refresh);
    connect(session, &Session::shownPlanChanged, this, &PlansPanel::refresh);
    connect(session, &Session::plansChanged, this, &PlansPanel::refresh);
    refresh();
}

void PlansPanel::refresh()
{
    table_->setColumnHidden(PlansModel::kChange, session_->baseline() == nullptr);
    pages_->setCurrentIndex(plans_->rowCount() > 0 ? 1 : 0);
    const PlanEntry* shown = session_->shownPlan();
    if (shown != nullptr)
        table_->selectRow(plans_->rowOf(shown->id));
}

void PlansPanel::showMenu(const QPoint& at)
{
    const PlanEntry* entry = plans_->entryAt(table_->indexAt(at).row());
    if (entry == nullptr)
        return;
    const int id = entry->id;
    const PlanEntry* shown = session_->shownPlan();
    QMenu menu;
    menu.addAction(tr("Show"), this, [this, id] { session_->showPlan(id); });
    menu.addAction(tr("Compare others with it"), this, [this, id] { session_->setBaseline(id); });
    auto* save = menu.addAction(tr("Save plan…"), this, [this, id] { Q_EMIT saveRequested(id); });
    save->setEnabled(entry->plan() != nullptr);
    menu.addSeparator();
    auto* remove =
        menu.addAction(tr("Remove from the list"), this, [this, id] { session_->removePlan(id); });
    remove->setEnabled(shown == nullptr || shown->id != id);
    menu.exec(table_->viewport()->mapToGlobal(at));
}

} // namespace alpa::app
