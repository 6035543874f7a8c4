// The collectives of a plan as a table, those that take the most of a step first.
#pragma once

#include "app/session/graph_facts.h"

#include <QAbstractTableModel>

namespace alpa::app
{

class CollectivesModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { kCollective, kBytes, kTime, kTimes, kPerStep, kStage, kBefore, kColumns };

    explicit CollectivesModel(QObject* parent = nullptr)
        : QAbstractTableModel(parent)
    {
    }
    void setFacts(std::shared_ptr<const GraphFacts> facts); ///< Null: no rows.
    int communicationAt(int row) const { return order_[static_cast<size_t>(row)]; }
    int rowOf(int communication) const; ///< -1 if it is not listed: local slices move nothing.

    int rowCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : int(order_.size());
    }
    int columnCount(const QModelIndex& parent = {}) const override
    {
        return parent.isValid() ? 0 : int(kColumns);
    }
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(int communication, int column) const;

    std::shared_ptr<const GraphFacts> facts_;
    std::vector<int> order_;
};

} // namespace alpa::app
