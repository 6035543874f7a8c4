// "Why?": the strategies of one decision with their terms and what each would cost with all else
// chosen anew, and what the constraints of the plan cost. Texts and figures are the core's; this
// draws them.
#pragma once

#include "app/session/session.h"
#include "core/explain/explain_constraints.h"
#include "core/explain/explain_decision.h"

#include <QDialog>

#include <memory>
#include <vector>

class QLabel;
class QPushButton;
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
    /// Pins the result of the strategy in the current row and plans again.
    void tryStrategy();
    bool mayTry() const;
    void showDecision(const DecisionExplanation& explanation);
    void showPrices(const ConstraintPrices& prices);

    Session* session_;
    std::shared_ptr<const ParallelPlan> plan_;
    QString label_;
    bool mayPin_ = false;  ///< A constraint can name the decision.
    std::string decision_; ///< The label that pins match; empty before the explanation.
    QLabel* verdict_;
    QTableWidget* strategies_;
    QPushButton* try_;
    std::vector<ShardingSpec> results_; ///< One a row of strategies_, as they can be pinned.
    QLabel* priced_;
    QTableWidget* prices_;
};

} // namespace alpa::app
