// The inspector: whatever is selected, with its shardings, the chosen strategy and what else could
// have been chosen.
#pragma once

#include "app/item_models/alternatives_model.h"
#include "app/session/regret_finder.h"
#include "app/session/session.h"

class QLabel;
class QPushButton;
class QTableView;
class QVBoxLayout;

namespace alpa::app
{

class Inspector : public QWidget
{
    Q_OBJECT

public:
    Inspector(Session* session, RegretFinder* regrets, QWidget* parent = nullptr);
    /// Of the decision in view. False if there is none.
    bool askWhy();
    /// Pins what was chosen for the decision in view. False if there is none.
    bool pinChosen();

Q_SIGNALS:
    /// All strategies of the decision with this label, compared in full.
    void whyRequested(const QString& label);
    /// Nothing is selected, and the user wants to find something to select.
    void findRequested();

private:
    void refresh();
    void showModel();
    void showMany(const std::vector<Selection>& selections);
    void showOp(OpId op);
    void showValue(ValueId value);
    void showLayer(int layer);
    void showStage(int stage);
    void showScope(int node);
    void showDevice(int device);
    void showCollective(int communication);
    void showDecision(DecisionPlace place);
    void describeDecision();
    void clear();
    void setTitle(const QString& kind, const QString& title);
    void addHeading(const QString& text);
    void addRow(const QString& name, const QString& value);
    void addTensor(const QString& name, ValueId value, const std::optional<ShardingSpec>& spec,
                   bool isEditable = false);
    void addNote(const QString& text);
    void pinCurrent(bool forbids);
    const Decision* decisionOf(ValueId id) const;

    Session* session_;
    RegretFinder* regrets_;
    DecisionPlace place_; ///< Of the decision in view.
    std::shared_ptr<const GraphFacts> facts_;
    QLabel* kind_;
    QLabel* title_;
    QVBoxLayout* rows_;
    QPushButton* find_; ///< While nothing is selected.
    QPushButton* pin_;
    QPushButton* forbid_;
    QWidget* decision_;
    QLabel* decisionText_;
    AlternativesModel* alternatives_;
    QTableView* table_;
};

} // namespace alpa::app
