// The pinned and forbidden sharding specs of a setup as a table that can be edited in place.
#pragma once

#include "core/plan/plan_request.h"

#include <QAbstractTableModel>

#include <vector>

namespace alpa::app
{

class SpecsModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { kRule, kPattern, kSpec, kColumns };

    explicit SpecsModel(QObject* parent = nullptr)
        : QAbstractTableModel(parent)
    {
    }
    void setSpecs(const std::vector<SpecConstraint>& specs);
    const std::vector<SpecConstraint>& specs() const { return specs_; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    /// The user wants these instead; the model keeps showing the old ones until setSpecs.
    void edited(const std::vector<alpa::SpecConstraint>& specs);
    void rejected(const QString& message); ///< What was typed is no spec.

private:
    std::vector<SpecConstraint> specs_;
};

} // namespace alpa::app
