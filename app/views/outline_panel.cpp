#include "app/views/outline_panel.h"

#include "app/session/selection_place.h"
#include "app/views/constraint_menu.h"
#include "app/widgets/cards.h"

#include <QHeaderView>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QStackedLayout>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

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
    connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &OutlinePanel::takeCurrent);
    tree_->setMouseTracking(true);
    connect(tree_, &QTreeView::entered, this, [this](const QModelIndex& index) {
        const int node = model_->nodeOf(filtered_->mapToSource(index));
        session_->selection()->hover(node < 0 ? Selection() : Selection::scope(node));
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

void OutlinePanel::takeSelection()
{
    const auto facts = session_->facts();
    const auto model = session_->model();
    const Selection selection = session_->selection()->current();
    if (facts == nullptr || model == nullptr || selection.kind == Selection::Kind::kScope)
        return;
    const std::optional<int> node =
        scopeNodeOf(placeOf(selection, *facts, model->scopes), *facts, model->scopes);
    // Shown, not chosen again: the selection stays what it is.
    const QSignalBlocker quiet(tree_->selectionModel());
    const QModelIndex index =
        node ? filtered_->mapFromSource(model_->indexOf(*node)) : QModelIndex();
    tree_->setCurrentIndex(index);
    if (index.isValid())
        tree_->scrollTo(index);
    tree_->viewport()->update();
}

void OutlinePanel::takeCurrent(const QModelIndex& current)
{
    const int node = model_->nodeOf(filtered_->mapToSource(current));
    if (node < 0)
        return;
    session_->selection()->select(Selection::scope(node));
}

} // namespace alpa::app
