#include "app/views/hover_rows.h"

#include "app/session/hovered_place.h"
#include "app/settings/theme.h"

#include <QAbstractItemView>
#include <QEvent>
#include <QPainter>

namespace alpa::app
{

HoverRows::HoverRows(QAbstractItemView* view, Session* session, RowSelection selectionOf)
    : QStyledItemDelegate(view)
    , view_(view)
    , viewport_(view->viewport())
    , session_(session)
    , selectionOf_(std::move(selectionOf))
{
    view->setItemDelegate(this);
    view->setMouseTracking(true);
    view->viewport()->installEventFilter(this);
    connect(view, &QAbstractItemView::entered, this, [this](const QModelIndex& index) {
        session_->selection()->hover(selectionOf_(index));
    });
    connect(session->selection(), &SelectionModel::hoverChanged, this, &HoverRows::takeHover);
}

void HoverRows::takeHover()
{
    place_ = hoveredPlace(*session_);
    const auto facts = session_->facts();
    const Selection& hovered = session_->selection()->hovered();
    node_ = hovered.kind == Selection::Kind::kScope ? std::optional(hovered.index)
            : hovered.isNone() || facts == nullptr
                ? std::nullopt
                : scopeNodeOf(place_, *facts, session_->model()->scopes);
    view_->viewport()->update();
}

bool HoverRows::isHinted(const QModelIndex& index) const
{
    if (session_->selection()->hovered().isNone())
        return false;
    const Selection row = selectionOf_(index);
    return row.kind == Selection::Kind::kScope ? node_ == row.index : holds(row, place_);
}

void HoverRows::paint(QPainter* painter, const QStyleOptionViewItem& option,
                      const QModelIndex& index) const
{
    QStyledItemDelegate::paint(painter, option, index);
    if (!isHinted(index))
        return;
    // Over the row's own background, whichever it is, as the other views outline it.
    painter->save();
    painter->setPen(themeOf(view_).accent);
    painter->drawLine(option.rect.topLeft(), option.rect.topRight());
    painter->drawLine(option.rect.bottomLeft(), option.rect.bottomRight());
    painter->restore();
}

bool HoverRows::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != viewport_)
        return QStyledItemDelegate::eventFilter(watched, event);
    if (event->type() == QEvent::Leave)
        session_->selection()->hover({});
    return false;
}

} // namespace alpa::app
