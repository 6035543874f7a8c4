#include "app/views/inspector.h"

#include "app/session/pin_sharding.h"
#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"
#include "app/widgets/cards.h"
#include "app/widgets/sharding_strip.h"

#include <QGridLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QScrollArea>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

Inspector::Inspector(Session* session, RegretFinder* regrets, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , regrets_(regrets)
    , kind_(makeMuted({}))
    , title_(new QLabel)
    , rows_(new QVBoxLayout)
    , find_(new QPushButton(tr("Find something to select (Ctrl+F)")))
    , pin_(new QPushButton(tr("Pin")))
    , forbid_(new QPushButton(tr("Forbid")))
    , decision_(new QWidget)
    , decisionText_(makeMuted({}))
    , alternatives_(new AlternativesModel(this))
    , table_(new QTableView)
{
    setObjectName(u"inspector"_s);
    title_->setObjectName(u"inspectorTitle"_s);
    title_->setProperty("heading", true);
    title_->setWordWrap(true);
    title_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    table_->setObjectName(u"alternatives"_s);
    table_->setAccessibleName(tr("Alternatives of the decision"));
    table_->setModel(alternatives_);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(24);
    table_->setShowGrid(false);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->horizontalHeader()->setSectionResizeMode(AlternativesModel::kStrategy,
                                                     QHeaderView::Stretch);
    table_->setMinimumHeight(170);

    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(12, 10, 12, 12);
    column->setSpacing(4);
    column->addWidget(kind_);
    column->addWidget(title_);
    rows_->setSpacing(4);
    column->addLayout(rows_);
    auto* decision = new QVBoxLayout(decision_);
    decision->setContentsMargins(0, 8, 0, 0);
    decision->addWidget(makeHeading(tr("Why this sharding")));
    decision->addWidget(decisionText_);
    decision->addWidget(table_);
    auto* buttons = new QHBoxLayout;
    pin_->setObjectName(u"pinAlternative"_s);
    forbid_->setObjectName(u"forbidAlternative"_s);
    auto* why = new QPushButton(tr("Why?"));
    why->setObjectName(u"whyDecision"_s);
    why->setToolTip(tr(
        "Every strategy with its terms, and what the step would take with all else chosen anew"));
    buttons->addWidget(why);
    buttons->addWidget(pin_);
    buttons->addWidget(forbid_);
    buttons->addStretch();
    decision->addLayout(buttons);
    column->addWidget(find_, 0, Qt::AlignLeft);
    column->addWidget(decision_);
    column->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(content); // names have no breaks: where letters are large they need scrolling
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);
    find_->setObjectName(u"inspectorFind"_s);
    connect(find_, &QPushButton::clicked, this, &Inspector::findRequested);
    connect(why, &QPushButton::clicked, this, &Inspector::askWhy);
    connect(pin_, &QPushButton::clicked, this, [this] { pinCurrent(false); });
    connect(forbid_, &QPushButton::clicked, this, [this] { pinCurrent(true); });
    connect(regrets, &RegretFinder::found, this, [this](int stage, int index) {
        if (stage != place_.stage || index != place_.index)
            return;
        alternatives_->setExplanation(regrets_->known(place_));
        describeDecision();
    });
    connect(session->selection(), &SelectionModel::changed, this, &Inspector::refresh);
    connect(session, &Session::shownPlanChanged, this, &Inspector::refresh);
    connect(session, &Session::modelChanged, this, &Inspector::refresh);
    refresh();
}

void Inspector::clear()
{
    while (QLayoutItem* item = rows_->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    decision_->hide();
    place_ = {};
    alternatives_->setDecision(nullptr, {});
}

void Inspector::setTitle(const QString& kind, const QString& title)
{
    kind_->setText(kind);
    title_->setText(title);
}

void Inspector::addHeading(const QString& text)
{
    auto* heading = makeHeading(text);
    heading->setContentsMargins(0, 8, 0, 0);
    rows_->addWidget(heading);
}

void Inspector::addNote(const QString& text) { rows_->addWidget(makeMuted(text)); }

void Inspector::addRow(const QString& name, const QString& value)
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    auto* label = makeMuted(name);
    auto* text = new QLabel(value);
    text->setWordWrap(true);
    text->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout->addWidget(label, 1);
    layout->addWidget(text, 1);
    rows_->addWidget(row);
}

void Inspector::addTensor(const QString& name, ValueId value,
                          const std::optional<ShardingSpec>& spec, bool isEditable)
{
    auto* row = new QWidget;
    auto* grid = new QGridLayout(row);
    grid->setContentsMargins(0, 2, 0, 2);
    grid->setVerticalSpacing(1);
    auto* label = new QLabel(name);
    label->setWordWrap(true);
    grid->addWidget(label, 0, 0);
    const TensorType& type = facts_->graph->type(value);
    auto* below = makeMuted(u"%1 · %2"_s.arg(typeText(type), bytesText(type.bytes())));
    grid->addWidget(below, 1, 0);
    grid->setColumnStretch(0, 1);
    if (spec) {
        auto* strip = new ShardingStrip;
        strip->setSpec(*spec);
        const int stage = facts_->stageOfValue[value.index()];
        strip->setToolTip(describeSharding(
            *spec, type,
            stage < 0 ? nullptr : &facts_->plan->stages[static_cast<size_t>(stage)].mesh));
        const Decision* decision = isEditable ? decisionOf(value) : nullptr;
        if (decision != nullptr && stage >= 0 && mayPin(*facts_->graph, *decision)) {
            const auto& mesh = facts_->plan->stages[static_cast<size_t>(stage)].mesh;
            strip->setObjectName(u"strip_"_s + toQt(decision->label));
            strip->setEditable(int(mesh.axes.size()));
            strip->setToolTip(
                strip->toolTip() + u'\n' +
                tr("Drag an axis to another dimension, or out, to pin that sharding"));
            connect(strip, &ShardingStrip::specWanted, this,
                    [this, label = decision->label](const ShardingSpec& wanted) {
                        pinSharding(session_, label, wanted, false);
                    });
        }
        grid->addWidget(strip, 0, 1, Qt::AlignRight | Qt::AlignVCenter);
        auto* text = makeMuted(toQt(formatSpec(*spec)));
        text->setWordWrap(false);
        grid->addWidget(text, 1, 1, Qt::AlignRight);
    }
    rows_->addWidget(row);
}

const Decision* Inspector::decisionOf(ValueId id) const
{
    return facts_->plan == nullptr ? nullptr : facts_->decision(facts_->decisionBehind(id));
}

void Inspector::refresh()
{
    clear();
    facts_ = session_->facts();
    find_->setVisible(facts_ != nullptr && session_->selection()->current().isNone());
    if (facts_ == nullptr) {
        setTitle(tr("Nothing selected"), {});
        addNote(tr("Select a layer, operation, tensor or stage to see its shardings and why they "
                   "were chosen."));
        return;
    }
    if (session_->selection()->all().size() > 1) {
        showMany(session_->selection()->all());
        return;
    }
    const Selection selection = session_->selection()->current();
    const auto index = static_cast<size_t>(std::max(selection.index, 0));
    // What was selected in another plan's graph may not exist in this one.
    if (selection.kind == Selection::Kind::kOp && index < facts_->graph->ops.size())
        showOp(OpId(index));
    else if (selection.kind == Selection::Kind::kValue && index < facts_->graph->values.size())
        showValue(ValueId(index));
    else if (selection.kind == Selection::Kind::kLayer && index < facts_->layers.size())
        showLayer(selection.index);
    else if (selection.kind == Selection::Kind::kStage && facts_->plan != nullptr &&
             index < facts_->plan->stages.size())
        showStage(selection.index);
    else if (selection.kind == Selection::Kind::kScope &&
             index < session_->model()->scopes.nodes.size())
        showScope(selection.index);
    else if (selection.kind == Selection::Kind::kDevice && facts_->plan != nullptr &&
             selection.index < facts_->plan->cluster.deviceCount())
        showDevice(selection.index);
    else if (selection.kind == Selection::Kind::kCollective &&
             index < facts_->communications.size())
        showCollective(selection.index);
    else
        showModel();
}

void Inspector::showDecision(DecisionPlace place)
{
    const Decision* decision = facts_->decision(place);
    if (decision == nullptr) {
        if (facts_->plan != nullptr)
            addNote(tr("Its sharding follows from a neighbour's; there was nothing to decide."));
        return;
    }
    place_ = place;
    alternatives_->setDecision(facts_, place);
    alternatives_->setExplanation(regrets_->known(place));
    regrets_->want(place);
    decision_->show();
    const bool isNamed = mayPin(*facts_->graph, *decision);
    const QString why = tr("No constraint names this decision: it follows from a parameter or an "
                           "operation, or from how the optimizer's state is kept");
    pin_->setEnabled(isNamed);
    pin_->setToolTip(isNamed ? tr("Keep the selected sharding in every following plan") : why);
    forbid_->setEnabled(isNamed);
    forbid_->setToolTip(isNamed ? tr("Never take the selected sharding in following plans") : why);
    describeDecision();
    table_->selectRow(decision->chosen);
}

void Inspector::describeDecision()
{
    const Decision& decision = *alternatives_->decision();
    const Certificate& proof = facts_->plan->stages[static_cast<size_t>(place_.stage)].certificate;
    const QString added =
        alternatives_->isWeighed()
            ? tr("The times are what the step would take longer with all else chosen anew.")
            : tr("The times are what the step would take longer if only this decision changed.");
    decisionText_->setText(tr("%1: %2. %3 %4")
                               .arg(toQt(decision.label),
                                    counted(int64_t(decision.alternatives.size()),
                                            tr("possible sharding"), tr("possible shardings")),
                                    added,
                                    proof.memoryBinds ? tr("Memory binds on this stage.")
                                                      : tr("Memory does not bind on this stage.")));
}

bool Inspector::askWhy()
{
    const Decision* decision = alternatives_->decision();
    if (decision == nullptr)
        return false;
    Q_EMIT whyRequested(toQt(decision->label));
    return true;
}

bool Inspector::pinChosen()
{
    const Decision* decision = alternatives_->decision();
    if (decision == nullptr || !mayPin(*facts_->graph, *decision))
        return false;
    pinSharding(session_, decision->label,
                decision->alternatives[static_cast<size_t>(decision->chosen)].result, false);
    return true;
}

void Inspector::pinCurrent(bool forbids)
{
    const Decision* decision = alternatives_->decision();
    const QModelIndex current = table_->currentIndex();
    if (decision == nullptr || !current.isValid())
        return;
    const Alternative& alternative = decision->alternatives[static_cast<size_t>(current.row())];
    pinSharding(session_, decision->label, alternative.result, forbids);
}

} // namespace alpa::app
