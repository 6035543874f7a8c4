// The plans of a session as a table, one row a plan: the short list in the dock and the comparison
// read the same rows.
#pragma once

#include "app/session/session.h"

#include <QAbstractTableModel>

namespace alpa::app
{

class PlansModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column {
        kBaseline, ///< Star.
        kName,
        kStep,
        kChange,   ///< Against the baseline.
        kMeasured, ///< Median of the steps.
        kSpread,   ///< Its 95 % interval.
        kError,    ///< Of the prediction.
        kThroughput,
        kMemory,
        kDegrees,
        kMicrobatches,
        kUtilisation, ///< Of the devices by the model's FLOPs.
        kSent,
        kBubble,
        kProof,
        kPlanning, ///< What it took.
        kConstraints,
        kColumns
    };
    enum Role { kPlanIdRole = Qt::UserRole, kSortRole };

    explicit PlansModel(Session* session, QObject* parent = nullptr);
    const PlanEntry* entryAt(int row) const;
    int rowOf(int planId) const; ///< -1 if it is not listed.

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void reload();
    QVariant text(const PlanEntry& entry, int column) const;
    QVariant sortValue(const PlanEntry& entry, int column) const;
    QString tip(const PlanEntry& entry, int column) const;
    QString measuredTip(const PlanEntry& entry) const;

    Session* session_;
    std::vector<std::shared_ptr<const PlanEntry>> entries_;
};

/// The largest memory of a device, of all the stages that it holds.
Bytes peakMemory(const ParallelPlan& plan);
/// "DP 2 · TP 2 · PP 1".
QString degreesText(const GraphFacts& facts);
/// "optimal", "gap 0.4 %": of the stage that is proven least.
QString proofText(const ParallelPlan& plan);

} // namespace alpa::app
