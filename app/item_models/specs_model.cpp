#include "app/item_models/specs_model.h"

#include "app/settings/qt_text.h"

namespace alpa::app
{

void SpecsModel::setSpecs(const std::vector<SpecConstraint>& specs)
{
    if (specs == specs_)
        return;
    beginResetModel();
    specs_ = specs;
    endResetModel();
}

int SpecsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(specs_.size());
}
int SpecsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QVariant SpecsModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() ||
        (role != Qt::DisplayRole && role != Qt::EditRole && role != Qt::ToolTipRole))
        return {};
    const SpecConstraint& spec = specs_[static_cast<size_t>(index.row())];
    if (index.column() == kRule)
        return role == Qt::ToolTipRole ? tr("Double-click to change between pin and forbid")
               : spec.forbids          ? tr("forbid")
                                       : tr("pin");
    return toQt(index.column() == kPattern ? spec.pattern : formatSpec(spec.spec));
}

bool SpecsModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (!index.isValid() || role != Qt::EditRole)
        return false;
    std::vector<SpecConstraint> specs = specs_;
    SpecConstraint& spec = specs[static_cast<size_t>(index.row())];
    const std::string text = fromQt(value.toString().trimmed());
    if (index.column() == kRule) {
        spec.forbids = value.toString() == tr("forbid");
    } else if (index.column() == kPattern) {
        if (text.empty())
            return false;
        spec.pattern = text;
    } else {
        const Result<ShardingSpec> parsed = parseSpec(text);
        if (!parsed.ok()) {
            Q_EMIT rejected(toQt(parsed.error().message));
            return false;
        }
        spec.spec = *parsed;
    }
    if (specs == specs_)
        return false;
    Q_EMIT edited(specs);
    return true;
}

Qt::ItemFlags SpecsModel::flags(const QModelIndex& index) const
{
    const Qt::ItemFlags base = QAbstractTableModel::flags(index);
    // The rule is toggled by the view.
    return index.isValid() && index.column() != kRule ? base | Qt::ItemIsEditable : base;
}

QVariant SpecsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    return section == kRule ? tr("Rule") : section == kPattern ? tr("Tensors") : tr("Spec");
}

} // namespace alpa::app
