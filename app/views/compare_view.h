// The comparison page: every plan in one table and one chart, the manual baselines among them, predicted beside measured.
#pragma once

#include "app/item_models/plans_model.h"
#include "app/session/session.h"
#include "app/widgets/series_chart.h"

class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QStackedLayout;
class QTableView;

namespace alpa::app
{

class CompareView : public QWidget
{
    Q_OBJECT

public:
    CompareView(Session* session, PlansModel* plans, QWidget* parent = nullptr);

private:
    void refresh();
    QString verdict() const;

    Session* session_;
    PlansModel* plans_;
    QSortFilterProxyModel* sorted_;
    QStackedLayout* pages_;
    QLabel* verdict_;
    QPushButton* planAll_;
    QTableView* table_;
    BarChart* chart_;
};

} // namespace alpa::app
