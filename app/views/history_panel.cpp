#include "app/views/history_panel.h"

#include "app/widgets/cards.h"

#include <QStackedLayout>
#include <QUndoView>

namespace alpa::app
{

using namespace Qt::StringLiterals;

HistoryPanel::HistoryPanel(Session* session, QWidget* parent)
    : QWidget(parent)
    , session_(session)
    , pages_(new QStackedLayout(this))
{
    setObjectName(u"historyPanel"_s);
    auto* edits = new QUndoView(session->undoStack());
    edits->setObjectName(u"historyList"_s);
    edits->setAccessibleName(tr("History of edits"));
    edits->setEmptyLabel(tr("As opened"));
    auto* none = new EmptyState(
        tr("No edits yet"), tr("Every constraint that you set or change is kept here, and a click "
                               "goes back to before it, with its plan."));
    auto* limit = none->addButton(tr("Set a constraint"));
    limit->setObjectName(u"historyConstrain"_s);
    connect(limit, &QPushButton::clicked, this, &HistoryPanel::constraintsRequested);
    pages_->addWidget(none);
    pages_->addWidget(edits);
    connect(session->undoStack(), &QUndoStack::indexChanged, this, &HistoryPanel::refresh);
    connect(session, &Session::modelChanged, this, &HistoryPanel::refresh);
    refresh();
}

void HistoryPanel::refresh()
{
    pages_->setCurrentIndex(session_->undoStack()->count() > 0 ? 1 : 0);
}

} // namespace alpa::app
