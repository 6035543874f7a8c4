// What the solver could have chosen for one decision, with what each would add to the step.
#pragma once

#include "app/session/graph_facts.h"
#include "core/explain/explain_decision.h"

#include <QAbstractTableModel>

#include <memory>

namespace alpa::app
{

class AlternativesModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { kStrategy, kResult, kDelta, kColumns };

    explicit AlternativesModel(QObject* parent = nullptr)
        : QAbstractTableModel(parent)
    {
    }
    /// No rows for an invalid place.
    void setDecision(std::shared_ptr<const GraphFacts> facts, DecisionPlace place);
    /// What each would add with all else chosen anew; null: it is not known, so the times are of
    /// each alone.
    void setExplanation(std::shared_ptr<const DecisionExplanation> explanation);
    bool isWeighed() const { return explanation_ != nullptr; }
    const Decision* decision() const
    {
        return facts_ == nullptr ? nullptr : facts_->decision(place_);
    }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    const StrategyTerms* termsOf(const Alternative& alternative) const;
    QString addedText(const Alternative& alternative) const;

    std::shared_ptr<const GraphFacts> facts_;
    DecisionPlace place_;
    std::shared_ptr<const DecisionExplanation> explanation_;
};

} // namespace alpa::app
