// The mesh page: which device does what, what every link carries in a step, and the collectives
// behind it.
#pragma once

#include "app/item_models/collectives_model.h"
#include "app/session/session.h"
#include "app/widgets/mesh_chart.h"
#include "app/widgets/when_shown.h"

class QLabel;
class QStackedLayout;
class QTableView;
class QTableWidget;

namespace alpa::app
{

class MeshView : public QWidget
{
    Q_OBJECT

public:
    explicit MeshView(Session* session, QWidget* parent = nullptr);

private:
    void refresh();
    void takeSelection();

    Session* session_;
    QStackedLayout* pages_;
    QLabel* summary_;
    MeshChart* chart_;
    QTableWidget* links_;
    CollectivesModel* collectives_;
    QTableView* table_;
    QLabel* none_; ///< In place of an empty table.
    std::shared_ptr<const GraphFacts> facts_;
    LinkTraffic traffic_;
    WhenShown* refresh_;
};

} // namespace alpa::app
