// "Why?": the strategies of one decision with their terms and what each would cost with all else
// chosen anew, and what the constraints of the plan cost. Texts and figures are the core's; this
// draws them.
#pragma once

#include "app/session/session.h"
#include "core/explain/explain_constraints.h"
#include "core/explain/explain_decision.h"

#include <QDialog>

#include <memory>

class QLabel;
class QTableWidget;

namespace alpa::app
{

class WhyDialog : public QDialog
{
    Q_OBJECT

public:
    /// `label`: of the decision in the shown plan.
    WhyDialog(Session* session, const QString& label, QWidget* parent = nullptr);

private:
    void explain();
    void price();
    void showDecision(const DecisionExplanation& explanation);
    void showPrices(const ConstraintPrices& prices);

    Session* session_;
    std::shared_ptr<const ParallelPlan> plan_;
    QString label_;
    QLabel* verdict_;
    QTableWidget* strategies_;
    QLabel* priced_;
    QTableWidget* prices_;
};

} // namespace alpa::app
