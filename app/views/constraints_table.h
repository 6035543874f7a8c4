// The constraints in force, one a row: switched on and off, edited in place, removed, and priced.
#pragma once

#include "app/item_models/constraints_model.h"

class QLabel;
class QTableView;
class QToolButton;

namespace alpa::app
{

class ConstraintsTable : public QWidget
{
    Q_OBJECT

public:
    explicit ConstraintsTable(Session* session, QWidget* parent = nullptr);

private:
    void refresh();
    void removeSelected();
    /// Plans again without each constraint, in the background, and shows what each costs.
    void price();

    Session* session_;
    ConstraintsModel* model_;
    QTableView* table_;
    QLabel* note_;
    QToolButton* remove_;
    QToolButton* price_;
};

} // namespace alpa::app
