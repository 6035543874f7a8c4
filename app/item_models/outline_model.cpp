#include "app/item_models/outline_model.h"

#include "app/settings/qt_text.h"

#include <QFont>

namespace alpa::app
{

void OutlineModel::setModel(std::shared_ptr<const Model> model)
{
    beginResetModel();
    model_ = std::move(model);
    rowOf_.clear();
    if (model_ != nullptr) {
        rowOf_.assign(model_->scopes.nodes.size(), 0);
        for (const ScopeNode& node : model_->scopes.nodes) {
            for (size_t i = 0; i < node.children.size(); ++i)
                rowOf_[static_cast<size_t>(node.children[i])] = int(i);
        }
    }
    endResetModel();
}

QModelIndex OutlineModel::indexOf(int node) const
{
    if (model_ == nullptr || node < 0 || node >= int(rowOf_.size()))
        return {};
    return createIndex(rowOf_[static_cast<size_t>(node)], 0, static_cast<quintptr>(node));
}

QModelIndex OutlineModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    // The root scope is the only row at the top: it carries the totals.
    if (!parent.isValid())
        return createIndex(0, column, quintptr{0});
    return createIndex(
        row, column, static_cast<quintptr>(at(nodeOf(parent)).children[static_cast<size_t>(row)]));
}

QModelIndex OutlineModel::parent(const QModelIndex& child) const
{
    const int node = nodeOf(child);
    return node <= 0 ? QModelIndex() : indexOf(at(node).parent);
}

int OutlineModel::rowCount(const QModelIndex& parent) const
{
    if (model_ == nullptr || parent.column() > 0)
        return 0;
    return parent.isValid() ? int(at(nodeOf(parent)).children.size()) : 1;
}

QVariant OutlineModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const ScopeNode& node = at(nodeOf(index));
    const bool isParameter = node.parameter.isValid();
    if (role == Qt::DisplayRole) {
        if (index.column() == kName)
            return nodeOf(index) == 0 ? model_->name : toQt(node.name);
        if (index.column() == kOps)
            return isParameter ? QVariant() : QVariant(countText(node.ops));
        return node.parameters == 0 ? QVariant()
                                    : QVariant(shortCountText(double(node.parameters)));
    }
    if (role == Qt::TextAlignmentRole && index.column() != kName)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole) {
        if (isParameter)
            return toQt(node.name + ": " + formatType(model_->graph->type(node.parameter)));
        return tr("%1: %2 operations, %3 parameters")
            .arg(nodeOf(index) == 0 ? model_->name : toQt(node.path), countText(node.ops),
                 countText(node.parameters));
    }
    if (role == Qt::FontRole && isParameter) {
        QFont font;
        font.setItalic(true);
        return font;
    }
    return {};
}

QVariant OutlineModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole && section != kName)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role != Qt::DisplayRole)
        return {};
    return section == kName ? tr("Scope") : section == kOps ? tr("Ops") : tr("Params");
}

} // namespace alpa::app
