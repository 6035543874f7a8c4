// The constraints of a setup as a table: on or off, kind, scope, value, how the plan stands to it,
// and what it costs.
#pragma once

#include "app/session/constraint_items.h"
#include "app/session/session.h"

#include <QAbstractTableModel>

#include <map>

namespace alpa::app
{

class ConstraintsModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column {
        kKind,
        kScope,
        kValue,
        kState,
        kPrice,
        kAuthor,
        kColumns
    }; ///< The first has the box that switches it off.

    explicit ConstraintsModel(Session* session, QObject* parent = nullptr);
    struct Row {
        ConstraintItem item;
        bool isOn = true;
    };
    const std::vector<Row>& rows() const { return rows_; }
    /// Undoable: takes constraints out, on or off.
    void remove(const std::vector<int>& rows);
    /// By the planner's text of the constraint: "−3.1 ms". Kept until the setup changes.
    void setPrices(std::map<std::string, QString> prices);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    bool hasPrices() const { return !prices_.empty(); }
    /// Has anybody but the person at the window asked for something?
    bool hasAuthors() const;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    void rejected(const QString& message); ///< What was typed is no value of this constraint.

private:
    void reload();
    QString authorOf(const Row& row) const;
    ConstraintState stateOf(const Row& row) const;

    Session* session_;
    std::vector<Row> rows_;
    std::map<std::string, QString> prices_;
    std::map<std::string, QString> authors_;
    Setup setup_; ///< That rows_ and prices_ are of.
};

} // namespace alpa::app
