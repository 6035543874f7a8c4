#include "app/item_models/constraints_model.h"

#include "app/session/setup_command.h"
#include "app/settings/icons.h"
#include "app/settings/qt_text.h"

#include <QApplication>
#include <QPalette>
#include <QTimer>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

ConstraintsModel::ConstraintsModel(Session* session, QObject* parent)
    : QAbstractTableModel(parent)
    , session_(session)
{
    connect(session, &Session::setupChanged, this, &ConstraintsModel::reload);
    const auto refresh = [this] {
        if (!rows_.empty())
            Q_EMIT dataChanged(index(0, kState), index(rowCount() - 1, kState));
    };
    connect(session, &Session::shownPlanChanged, this, refresh);
    connect(session, &Session::plansChanged, this, refresh);
    // An edit is on the stack only after the setup has changed.
    connect(session->undoStack(), &QUndoStack::indexChanged, this, [this] {
        authors_ = constraintAuthors(*session_->undoStack());
        if (!rows_.empty())
            Q_EMIT dataChanged(index(0, kAuthor), index(rowCount() - 1, kAuthor));
    });
    reload();
}

void ConstraintsModel::reload()
{
    const Setup& setup = session_->setup();
    if (setup == setup_ && !rows_.empty())
        return;
    beginResetModel();
    if (!asksTheSame(setup, setup_))
        prices_.clear();
    setup_ = setup;
    rows_.clear();
    for (ConstraintItem& item : constraintItems(setup.options.constraints))
        rows_.push_back({std::move(item), true});
    for (ConstraintItem& item : constraintItems(setup.parked))
        rows_.push_back({std::move(item), false});
    endResetModel();
}

QString ConstraintsModel::authorOf(const Row& row) const
{
    const auto author = authors_.find(row.item.text);
    if (author == authors_.end())
        return tr("from the start"); // of a plan file, a session, or the command line
    return author->second.isEmpty() ? tr("you") : author->second;
}

bool ConstraintsModel::hasAuthors() const
{
    return std::ranges::any_of(rows_, [this](const Row& row) {
        const auto author = authors_.find(row.item.text);
        return author == authors_.end() || !author->second.isEmpty();
    });
}

void ConstraintsModel::setPrices(std::map<std::string, QString> prices)
{
    prices_ = std::move(prices);
    if (!rows_.empty())
        Q_EMIT dataChanged(index(0, kPrice), index(rowCount() - 1, kPrice));
}

int ConstraintsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(rows_.size());
}
int ConstraintsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

ConstraintState ConstraintsModel::stateOf(const Row& row) const
{
    const PlanEntry* shown = session_->shownPlan();
    return constraintState(row.item, shown == nullptr ? nullptr : shown->facts.get(),
                           session_->obstacle());
}

QVariant ConstraintsModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const Row& row = rows_[static_cast<size_t>(index.row())];
    const int column = index.column();
    if (role == Qt::CheckStateRole && column == kKind)
        return row.isOn ? Qt::Checked : Qt::Unchecked;
    if (role == Qt::ForegroundRole && !row.isOn)
        return QApplication::palette().brush(QPalette::Disabled, QPalette::Text);
    const ConstraintState state = row.isOn ? stateOf(row) : ConstraintState::kUnknown;
    if (role == Qt::DecorationRole && column == kState && row.isOn) {
        if (state == ConstraintState::kConflicting || state == ConstraintState::kViolated)
            return themedIcon(u"error"_s);
        return state == ConstraintState::kBinding ? QVariant(themedIcon(u"warning"_s)) : QVariant();
    }
    if (role == Qt::ToolTipRole)
        return constraintSentence(row.item) + u' ' +
               (row.isOn ? constraintStateSentence(state)
                         : tr("It is switched off: the planner is not asked it."));
    if (role != Qt::DisplayRole && role != Qt::EditRole)
        return {};
    switch (column) {
    case kKind:
        return constraintTitle(row.item);
    case kScope:
        return row.item.scope;
    case kValue:
        return row.item.value;
    case kState:
        return row.isOn ? constraintStateText(state) : tr("off");
    case kPrice: {
        const auto price = prices_.find(row.item.text);
        return price == prices_.end() ? QString() : price->second;
    }
    case kAuthor:
        return authorOf(row);
    default:
        return {};
    }
}

bool ConstraintsModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (!index.isValid())
        return false;
    const Row& row = rows_[static_cast<size_t>(index.row())];
    Setup next = session_->setup();
    PlanConstraints& asked = next.options.constraints;
    QString text;
    if (role == Qt::CheckStateRole && index.column() == kKind) {
        const bool isOn = value.toInt() == Qt::Checked;
        if (isOn == row.isOn)
            return false;
        (row.isOn ? asked : next.parked) = row.item.without;
        PlanConstraints& target = isOn ? asked : next.parked;
        target = mergeConstraints(target, row.item.alone);
        text = isOn ? tr("%1 on").arg(toQt(row.item.text)) : tr("%1 off").arg(toQt(row.item.text));
    } else if (role == Qt::EditRole && index.column() == kValue) {
        PlanConstraints& target = row.isOn ? asked : next.parked;
        const std::optional<PlanConstraints> changed =
            withValue(row.item, target, value.toString());
        if (!changed) {
            Q_EMIT rejected(
                tr("%1 cannot be '%2'").arg(constraintTitle(row.item), value.toString()));
            return false;
        }
        target = *changed;
        text = tr("%1 %2").arg(constraintTitle(row.item), value.toString().trimmed());
    } else {
        return false;
    }
    // After the editor has closed: the edit resets this model.
    QTimer::singleShot(0, this, [this, next, text] { session_->editSetup(next, text); });
    return true;
}

void ConstraintsModel::remove(const std::vector<int>& rows)
{
    Setup next = session_->setup();
    next.options.constraints = {};
    next.options.constraints.mostMeshAxes = session_->setup().options.constraints.mostMeshAxes;
    next.parked = {};
    QStringList removed;
    for (int row = 0; row < rowCount(); ++row) {
        const Row& one = rows_[static_cast<size_t>(row)];
        if (std::ranges::find(rows, row) != rows.end()) {
            removed << toQt(one.item.text);
            continue;
        }
        PlanConstraints& target = one.isOn ? next.options.constraints : next.parked;
        target = mergeConstraints(target, one.item.alone);
    }
    if (!removed.isEmpty())
        session_->editSetup(next, tr("Remove %1").arg(removed.join(u", "_s)));
}

Qt::ItemFlags ConstraintsModel::flags(const QModelIndex& index) const
{
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.column() == kKind)
        flags |= Qt::ItemIsUserCheckable;
    if (!index.isValid() || index.column() != kValue)
        return flags;
    return hasTypedValue(rows_[static_cast<size_t>(index.row())].item) ? flags | Qt::ItemIsEditable
                                                                       : flags;
}

QVariant ConstraintsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::ToolTipRole && section == kPrice)
        return tr("Step time saved if the planner were not asked this");
    if (role == Qt::ToolTipRole && section == kAuthor)
        return tr("Who asked for it: you, or the file that it came with");
    if (role != Qt::DisplayRole)
        return {};
    const QString titles[kColumns] = {tr("Constraint"), tr("Scope"), tr("Value"),
                                      tr("State"),      tr("Price"), tr("Author")};
    return titles[section];
}

} // namespace alpa::app
