#include "app/views/outline_panel.h"

#include "app/session/selection_place.h"
#include "app/views/constraint_menu.h"
#include "app/views/hover_rows.h"
#include "app/widgets/cards.h"

#include <QHeaderView>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QStackedLayout>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

OutlinePanel::OutlinePanel(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , model_(new OutlineModel(this))
    , filtered_(new QSortFilterProxyModel(this))
    , pages_(new QStackedLayout(this))
    , filter_(new QLineEdit)
    , tree_(new QTreeView)
{
    setObjectName(u"outlinePanel"_s);
    filtered_->setSourceModel(model_);
    filtered_->setRecursiveFilteringEnabled(true);
    filtered_->setFilterCaseSensitivity(Qt::CaseInsensitive);
    filter_->setObjectName(u"outlineFilter"_s);
    filter_->setAccessibleName(tr("Filter scopes and parameters"));
    filter_->setPlaceholderText(tr("Filter scopes and parameters"));
    filter_->setClearButtonEnabled(true);
    for (QToolButton* clear : filter_->findChildren<QToolButton*>())
        clear->setAccessibleName(tr("Clear"));
    tree_->setObjectName(u"outlineTree"_s);
    tree_->setAccessibleName(tr("Scopes of the model"));
    tree_->setModel(filtered_);
    tree_->setUniformRowHeights(true);
    tree_->setAlternatingRowColors(true);
    tree_->setRootIsDecorated(true);
    tree_->setIndentation(14);
    tree_->header()->setStretchLastSection(false);
    tree_->header()->setSectionResizeMode(OutlineModel::kName, QHeaderView::Stretch);
    tree_->header()->setSectionResizeMode(OutlineModel::kOps, QHeaderView::ResizeToContents);
    tree_->header()->setSectionResizeMode(OutlineModel::kParameters, QHeaderView::ResizeToContents);

    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* top = new QVBoxLayout;
    top->setContentsMargins(8, 8, 8, 8);
    top->addWidget(filter_);
    column->addLayout(top);
    column->addWidget(tree_);
    auto* empty = new EmptyState(tr("No model"), tr("Its scopes appear here: Open (Ctrl+O)."));
    connect(empty->addButton(tr("Open… (Ctrl+O)")), &QPushButton::clicked, this,
            &OutlinePanel::openRequested);
    pages_->addWidget(empty);
    pages_->addWidget(content);
    connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
        filtered_->setFilterFixedString(text);
        if (!text.isEmpty())
            tree_->expandAll();
    });
    tree_->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(tree_, &QWidget::customContextMenuRequested, this, [this](const QPoint& at) {
        openConstraintMenu(session_, session_->selection()->current(),
                           tree_->viewport()->mapToGlobal(at));
    });
    tree_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    connect(tree_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &OutlinePanel::takeRows);
    new HoverRows(tree_, session, [this](const QModelIndex& index) {
        return nodeAt(index) < 0 ? Selection() : Selection::scope(nodeAt(index));
    });
    connect(session, &Session::modelChanged, this, &OutlinePanel::refresh);
    connect(session->selection(), &SelectionModel::changed, this, &OutlinePanel::takeSelection);
}

void OutlinePanel::refresh()
{
    const auto model = session_->model();
    pages_->setCurrentIndex(model == nullptr ? 0 : 1);
    filter_->clear();
    model_->setModel(model);
    tree_->expandToDepth(1);
}

int OutlinePanel::nodeAt(const QModelIndex& index) const
{
    return model_->nodeOf(filtered_->mapToSource(index));
}

void OutlinePanel::takeSelection()
{
    const auto facts = session_->facts();
    const auto model = session_->model();
    if (facts == nullptr || model == nullptr)
        return;
    QItemSelection rows;
    QModelIndex newest;
    for (const Selection& one : session_->selection()->all()) {
        const std::optional<int> node =
            one.kind == Selection::Kind::kScope
                ? std::optional(one.index)
                : scopeNodeOf(placeOf(one, *facts, model->scopes), *facts, model->scopes);
        newest = node ? filtered_->mapFromSource(model_->indexOf(*node)) : QModelIndex();
        if (newest.isValid())
            rows.select(newest, newest.siblingAtColumn(OutlineModel::kColumns - 1));
    }
    // Shown, not chosen again: the selection stays what it is.
    const QSignalBlocker quiet(tree_->selectionModel());
    tree_->selectionModel()->setCurrentIndex(newest, QItemSelectionModel::NoUpdate);
    tree_->selectionModel()->select(rows, QItemSelectionModel::ClearAndSelect);
    if (newest.isValid())
        tree_->scrollTo(newest);
    tree_->viewport()->update();
}

void OutlinePanel::takeRows()
{
    std::vector<Selection> scopes;
    const QModelIndex current = tree_->currentIndex();
    for (const QModelIndex& row : tree_->selectionModel()->selectedRows()) {
        if (nodeAt(row) >= 0)
            scopes.push_back(Selection::scope(nodeAt(row)));
    }
    if (scopes.empty())
        return;
    // The newest comes last.
    std::ranges::stable_partition(
        scopes, [&](const Selection& one) { return one.index != nodeAt(current); });
    session_->selection()->selectAll(std::move(scopes));
}

} // namespace alpa::app
