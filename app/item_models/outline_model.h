// The scopes of the model as a tree of three columns: name, operations, parameters.
#pragma once

#include "app/session/model.h"

#include <QAbstractItemModel>

#include <memory>

namespace alpa::app
{

class OutlineModel : public QAbstractItemModel
{
    Q_OBJECT

public:
    enum Column { kName, kOps, kParameters, kColumns };

    explicit OutlineModel(QObject* parent = nullptr)
        : QAbstractItemModel(parent)
    {
    }
    void setModel(std::shared_ptr<const Model> model);
    /// Index into the scope tree; -1 for an invalid index.
    int nodeOf(const QModelIndex& index) const
    {
        return index.isValid() ? int(index.internalId()) : -1;
    }
    QModelIndex indexOf(int node) const;

    QModelIndex index(int row, int column, const QModelIndex& parent) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent) const override;
    int columnCount(const QModelIndex&) const override { return kColumns; }
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    const ScopeNode& at(int node) const { return model_->scopes.nodes[static_cast<size_t>(node)]; }
    std::shared_ptr<const Model> model_; ///< Null: no rows.
    std::vector<int> rowOf_;             ///< Per node, its place among its parent's children.
};

} // namespace alpa::app
