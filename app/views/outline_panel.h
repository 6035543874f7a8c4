// The outline: the model's scopes with a filter.
#pragma once

#include "app/item_models/outline_model.h"
#include "app/session/session.h"

class QLineEdit;
class QSortFilterProxyModel;
class QStackedLayout;
class QTreeView;

namespace alpa::app
{

class OutlinePanel : public QWidget
{
    Q_OBJECT

public:
    explicit OutlinePanel(Session* session, QWidget* parent = nullptr);

Q_SIGNALS:
    void openRequested();

private:
    void refresh();
    void takeSelection();
    void takeRows();
    int nodeAt(const QModelIndex& index) const; ///< Of the scope tree; -1 for none.

    Session* session_;
    OutlineModel* model_;
    QSortFilterProxyModel* filtered_;
    QStackedLayout* pages_;
    QLineEdit* filter_;
    QTreeView* tree_;
};

} // namespace alpa::app
