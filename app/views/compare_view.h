// The comparison page: every plan in one table and one chart, the manual baselines among them,
// predicted beside measured.
#pragma once

#include "app/item_models/plans_model.h"
#include "app/session/session.h"
#include "app/widgets/scatter_chart.h"
#include "app/widgets/series_chart.h"
#include "app/widgets/when_shown.h"

#include <QAction>

class QComboBox;
class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QStackedLayout;
class QTableView;
class QTabWidget;

namespace alpa::app
{

class CompareSide;

class CompareView : public QWidget
{
    Q_OBJECT

public:
    CompareView(Session* session, PlansModel* plans, QWidget* parent = nullptr);
    int chosenPlan() const; ///< Id of the table's current row; 0 if there is none.
    /// To the next and the previous difference of the two plans side by side.
    QList<QAction*> differenceActions() const;

private:
    void makeTable();
    QWidget* makeOverview();
    QWidget* makeTradeOffs();
    void refresh();
    void refreshBars();
    void refreshTradeOffs();
    void refreshAccuracy();
    void saveTable();
    QString verdict() const;
    QString measuredVerdict() const;

    Session* session_;
    PlansModel* plans_;
    QSortFilterProxyModel* sorted_;
    QStackedLayout* pages_;
    QLabel* verdict_;
    QPushButton* planAll_;
    QTableView* table_;
    BarChart* chart_;
    QTabWidget* tabs_;
    CompareSide* side_ = nullptr;
    ScatterChart* tradeOffs_;
    QComboBox* against_; ///< What the trade-off plot has on its x axis.
    ScatterChart* accuracy_;
    QLabel* accuracyText_;
    WhenShown* refresh_; ///< Every plan made while another page is open would cost time here.
};

} // namespace alpa::app
