// The short list of plans: which is shown, which is the baseline, predicted step times.
#pragma once

#include "app/item_models/plans_model.h"
#include "app/session/session.h"

class QStackedLayout;
class QTableView;

namespace alpa::app
{

class PlansPanel : public QWidget
{
    Q_OBJECT

public:
    PlansPanel(Session* session, PlansModel* plans, QWidget* parent = nullptr);

Q_SIGNALS:
    void saveRequested(int planId);

private:
    void refresh();
    void showMenu(const QPoint& at);

    Session* session_;
    PlansModel* plans_;
    QStackedLayout* pages_;
    QTableView* table_;
};

} // namespace alpa::app
