// Shardings that are pinned or forbidden, by pattern: rows to edit, add and remove.
#pragma once

#include "app/item_models/specs_model.h"
#include "app/session/session.h"

#include <QWidget>

class QLabel;
class QTableView;

namespace alpa::app
{

class PinsTable : public QWidget
{
    Q_OBJECT

public:
    explicit PinsTable(Session* session, QWidget* parent = nullptr);

private:
    void add();
    void removeSelected();
    void changeRule(const QModelIndex& index);
    void apply(const std::vector<SpecConstraint>& specs, const QString& text);

    Session* session_;
    SpecsModel* specs_;
    QTableView* table_;
    QLabel* note_; ///< Why what was typed is no spec.
};

} // namespace alpa::app
