// The line above the pages: what the search has found and how long it has been at it, or why what
// is in view is not the answer to what is asked.
#pragma once

#include "app/session/session.h"

#include <QFrame>
#include <QTimer>

class QLabel;
class QPushButton;

namespace alpa::app
{

/// Hidden while the shown plan answers what is asked of the real cluster.
class PlanBanner : public QFrame
{
    Q_OBJECT

public:
    explicit PlanBanner(Session* session, QWidget* parent = nullptr);
    void refresh();

Q_SIGNALS:
    void constraintsWanted(); ///< To see which of them clash.
    void realClusterWanted();

private:
    void act();
    void showPlanning();
    void showStale();

    Session* session_;
    QLabel* text_;
    QPushButton* use_;
    QPushButton* button_;
    QTimer second_; ///< The seconds go on while the search has nothing to say.
};

} // namespace alpa::app
