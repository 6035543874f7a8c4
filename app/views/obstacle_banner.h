// Why there is no plan: the constraints that clash, each with a button that relaxes it.
#pragma once

#include "app/session/session.h"

#include <QFrame>

class QVBoxLayout;

namespace alpa::app
{

/// Hidden while the setup has a plan or nobody knows.
class ObstacleBanner : public QFrame
{
    Q_OBJECT

public:
    explicit ObstacleBanner(Session* session, QWidget* parent = nullptr);

private:
    void refresh();
    void relax(const QString& constraint, const NoPlan& why);

    Session* session_;
    QVBoxLayout* rows_;
};

} // namespace alpa::app
