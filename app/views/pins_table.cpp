#include "app/views/pins_table.h"

#include "app/widgets/cards.h"

#include <QHeaderView>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

PinsTable::PinsTable(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , specs_(new SpecsModel(this))
    , table_(new QTableView)
    , note_(makeMuted({}))
{
    table_->setObjectName(u"pins"_s);
    table_->setAccessibleName(tr("Pinned and forbidden shardings"));
    table_->setModel(specs_);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(24);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(SpecsModel::kPattern, QHeaderView::Stretch);
    table_->setMinimumHeight(96);
    table_->setMaximumHeight(180);
    auto* addButton = makeIconButton(u"add"_s, u"addPin"_s, tr("Add a pin"));
    auto* removeButton =
        makeIconButton(u"remove"_s, u"removePin"_s, tr("Remove the selected pins"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(addButton);
    buttons->addWidget(removeButton);
    buttons->addStretch();
    auto* rows = new QVBoxLayout(this);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->addWidget(makeMuted(tr("Tensors by pattern (block_*.fc.kernel, *fc:dot), specs like {-, "
                                 "y} over data axis x and tensor axis y.")));
    rows->addWidget(table_);
    rows->addLayout(buttons);
    rows->addWidget(note_);
    note_->hide();
    connect(addButton, &QToolButton::clicked, this, &PinsTable::add);
    connect(removeButton, &QToolButton::clicked, this, &PinsTable::removeSelected);
    connect(table_, &QTableView::doubleClicked, this, &PinsTable::changeRule);
    connect(specs_, &SpecsModel::edited, this, [this](const std::vector<SpecConstraint>& specs) {
        // After the editor has closed: taking the setup resets the model.
        QTimer::singleShot(0, this, [this, specs] { apply(specs, tr("Change a pin")); });
    });
    connect(specs_, &SpecsModel::rejected, this, [this](const QString& message) {
        note_->setText(message);
        note_->show();
    });
    connect(session, &Session::setupChanged, this, [this] {
        specs_->setSpecs(session_->setup().options.constraints.specs);
        note_->hide();
    });
    specs_->setSpecs(session->setup().options.constraints.specs);
}

void PinsTable::add()
{
    std::vector<SpecConstraint> specs = specs_->specs();
    // A pattern that matches nothing until it is edited: adding a row alone changes no plan.
    SpecConstraint spec;
    spec.pattern = "name.of.parameter";
    spec.spec = ShardingSpec::replicated(2);
    specs.push_back(spec);
    apply(specs, tr("Add a pin"));
    table_->edit(specs_->index(int(specs.size()) - 1, SpecsModel::kPattern));
}

void PinsTable::removeSelected()
{
    std::vector<SpecConstraint> kept;
    for (size_t i = 0; i < specs_->specs().size(); ++i) {
        if (!table_->selectionModel()->isRowSelected(int(i)))
            kept.push_back(specs_->specs()[i]);
    }
    apply(kept, tr("Remove pins"));
}

void PinsTable::changeRule(const QModelIndex& index)
{
    if (index.column() != SpecsModel::kRule)
        return;
    std::vector<SpecConstraint> specs = specs_->specs();
    SpecConstraint& spec = specs[static_cast<size_t>(index.row())];
    spec.forbids = !spec.forbids;
    apply(specs, tr("Change a pin"));
}

void PinsTable::apply(const std::vector<SpecConstraint>& specs, const QString& text)
{
    Setup next = session_->setup();
    next.options.constraints.specs = specs;
    session_->editSetup(next, text);
}

} // namespace alpa::app
