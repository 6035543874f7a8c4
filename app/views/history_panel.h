// The history dock: every edit, oldest first; choosing one goes back or forth to it.
#pragma once

#include "app/session/session.h"

#include <QWidget>

class QStackedLayout;

namespace alpa::app
{

class HistoryPanel : public QWidget
{
    Q_OBJECT

public:
    explicit HistoryPanel(Session* session, QWidget* parent = nullptr);

Q_SIGNALS:
    void constraintsRequested(); ///< There is no edit yet, and the user wants to make one.

private:
    void refresh();

    Session* session_;
    QStackedLayout* pages_;
};

} // namespace alpa::app
