#include "app/views/plan_offer.h"

#include <QCoreApplication>

namespace alpa::app
{

QPushButton* addPlanButton(EmptyState* place, Session* session)
{
    QPushButton* button = place->addButton({});
    button->setObjectName(QStringLiteral("offerPlan"));
    const auto refresh = [button, session] {
        const auto& model = session->model();
        button->setText(session->isPlanning()
                            ? QCoreApplication::translate("PlanOffer", "Stop planning (Esc)")
                            : QCoreApplication::translate("PlanOffer", "Plan (F5)"));
        button->setEnabled(model != nullptr && !model->graph->ops.empty());
    };
    QObject::connect(session, &Session::modelChanged, button, refresh);
    QObject::connect(session, &Session::planningChanged, button, refresh);
    QObject::connect(button, &QPushButton::clicked, session, [session] {
        if (session->isPlanning())
            session->cancelPlanning();
        else
            session->planNow();
    });
    refresh();
    return button;
}

} // namespace alpa::app
