#include "app/views/constraints_table.h"

#include "app/settings/qt_text.h"
#include "app/widgets/cards.h"
#include "core/explain/explain_constraints.h"

#include <QHeaderView>
#include <QPointer>
#include <QShortcut>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kShownRows = 7;

} // namespace

ConstraintsTable::ConstraintsTable(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , model_(new ConstraintsModel(session, this))
    , table_(new QTableView)
    , note_(makeMuted({}))
    , remove_(makeIconButton(u"remove"_s, u"removeConstraint"_s,
                             tr("Remove the selected constraints (Del)")))
    , price_(new QToolButton)
{
    setObjectName(u"constraintsTable"_s);
    table_->setObjectName(u"constraintList"_s);
    table_->setAccessibleName(tr("Constraints in force"));
    table_->setModel(model_);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(24);
    table_->setShowGrid(false);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setStretchLastSection(true);
    note_->setObjectName(u"constraintNote"_s);
    price_->setObjectName(u"priceConstraints"_s);
    price_->setText(tr("What does each cost?"));
    price_->setToolTip(tr("Plans again without each constraint in turn"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(remove_);
    buttons->addWidget(price_);
    buttons->addStretch();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addWidget(table_);
    column->addLayout(buttons);
    column->addWidget(note_);
    connect(remove_, &QToolButton::clicked, this, &ConstraintsTable::removeSelected);
    auto* key =
        new QShortcut(QKeySequence(Qt::Key_Delete), table_, nullptr, nullptr, Qt::WidgetShortcut);
    connect(key, &QShortcut::activated, this, &ConstraintsTable::removeSelected);
    connect(price_, &QToolButton::clicked, this, &ConstraintsTable::price);
    connect(model_, &QAbstractItemModel::modelReset, this, &ConstraintsTable::refresh);
    connect(model_, &QAbstractItemModel::dataChanged, this, &ConstraintsTable::refresh);
    connect(model_, &ConstraintsModel::rejected, note_, &QLabel::setText);
    connect(session, &Session::shownPlanChanged, this, &ConstraintsTable::refresh);
    refresh();
}

void ConstraintsTable::refresh()
{
    const int rows = model_->rowCount();
    note_->setText(rows > 0 ? QString()
                            : tr("None: everything is searched. Limit something below, or by the "
                                 "context menu of an "
                                 "operation, layer, tensor or stage."));
    note_->setVisible(rows == 0);
    table_->setVisible(rows > 0);
    remove_->setVisible(rows > 0);
    const PlanEntry* shown = session_->shownPlan();
    price_->setVisible(rows > 0);
    price_->setEnabled(shown != nullptr && shown->plan() != nullptr && !session_->isStale());
    // Where all concern the whole plan, a column that says so only pushes the others out.
    const bool isSomeLocal = std::ranges::any_of(
        model_->rows(), [](const auto& row) { return !concernsWholePlan(row.item); });
    table_->setColumnHidden(ConstraintsModel::kScope, !isSomeLocal);
    table_->setColumnHidden(ConstraintsModel::kPrice, !model_->hasPrices());
    table_->setColumnHidden(ConstraintsModel::kAuthor, !model_->hasAuthors());
    const int header = table_->horizontalHeader()->sizeHint().height();
    const int rowHeight = table_->verticalHeader()->defaultSectionSize();
    table_->setFixedHeight(header + rowHeight * std::clamp(rows, 1, kShownRows) + 18);
}

void ConstraintsTable::removeSelected()
{
    std::vector<int> rows;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows())
        rows.push_back(index.row());
    model_->remove(rows);
}

void ConstraintsTable::price()
{
    const PlanEntry* shown = session_->shownPlan();
    if (shown == nullptr || shown->plan() == nullptr)
        return;
    price_->setEnabled(false);
    struct Answer {
        std::map<std::string, QString> prices;
        QString problem;
    };
    auto answer = std::make_shared<Answer>();
    PlanRequest request;
    request.model = session_->model()->graph;
    request.modelPath = fromQt(session_->model()->path);
    request.options = shown->setup.options;
    request.cluster = shown->plan()->cluster;
    auto work = [request, plan = shown->facts->plan, cache = session_->planCache(),
                 answer](const JobControl& control) {
        const Result<ConstraintPrices> found = priceConstraints(request, *plan, *cache, control);
        if (!found.ok()) {
            if (found.error().code != ErrorCode::kCancelled)
                answer->problem = toQt(found.error().message);
            return;
        }
        constexpr std::string_view kWithout = "without ";
        for (const ConstraintPrice& one : found->prices) {
            if (!one.edit.starts_with(kWithout))
                continue;
            const QString saved = one.plan == nullptr ? tr("no plan")
                                  : std::abs(one.saved.count) < 1e-9 * found->stepTime.count
                                      ? tr("nothing")
                                      : (one.saved.count > 0 ? u"+"_s : u"−"_s) +
                                            timeText(Seconds(std::abs(one.saved.count)));
            answer->prices[one.edit.substr(kWithout.size())] = saved;
        }
    };
    session_->jobs()->start(tr("Price the constraints"), work, [self = QPointer(this), answer] {
        if (self.isNull())
            return;
        self->model_->setPrices(std::move(answer->prices));
        self->price_->setEnabled(true);
        if (!answer->problem.isEmpty()) {
            self->note_->setText(answer->problem);
            self->note_->show();
        }
    });
}

} // namespace alpa::app
