// Ties the rows of a list to what the mouse is over: a row under it is outlined by every view, and
// what it is over in another view tints its row here.
#pragma once

#include "app/session/selection_place.h"
#include "app/session/session.h"

#include <QStyledItemDelegate>

#include <functional>
#include <optional>

class QAbstractItemView;

namespace alpa::app
{

/// Paints the rows of a view, which owns it.
class HoverRows : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using RowSelection = std::function<Selection(const QModelIndex& index)>;
    /// `selectionOf`: what a row stands for; none for rows that stand for nothing.
    HoverRows(QAbstractItemView* view, Session* session, RowSelection selectionOf);
    /// The mouse is over what the row stands for, in this view or another.
    bool isHinted(const QModelIndex& index) const;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void takeHover();

    QAbstractItemView* view_;
    const QWidget* viewport_; ///< Told of its own end, when the view is one no longer.
    Session* session_;
    RowSelection selectionOf_;
    SelectionPlace place_;    ///< Of what the mouse is over.
    std::optional<int> node_; ///< Its node of the scope tree.
};

} // namespace alpa::app
