// The charts of the comparison page: bars of step times, trade-offs, and how far predictions lie
// from what was measured.
#include "app/settings/qt_text.h"
#include "app/views/compare_view.h"
#include "app/widgets/memory_chart.h"

#include <QComboBox>
#include <QLabel>
#include <QSortFilterProxyModel>
#include <QTableView>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void CompareView::refreshBars()
{
    const PlanEntry* shown = session_->shownPlan();
    std::vector<BarGroup> groups;
    for (const auto& entry : session_->entries()) {
        if (entry->plan() == nullptr && !entry->isBaseline())
            continue;
        BarGroup group;
        group.label = entry->name;
        group.problem = entry->problem();
        group.isEmphasized = shown != nullptr && shown->id == entry->id;
        if (entry->plan() != nullptr)
            group.predicted = entry->plan()->stepTime.count;
        if (const std::optional<Measurement> measured = session_->measurement(entry->id)) {
            group.measured = measured->median.count;
            group.spread = {measured->lowQuartile.count, measured->highQuartile.count};
        }
        groups.push_back(std::move(group));
    }
    std::ranges::stable_sort(groups, [](const BarGroup& a, const BarGroup& b) {
        return a.predicted.value_or(1e300) < b.predicted.value_or(1e300);
    });
    chart_->setGroups(std::move(groups));
    for (int row = 0; shown != nullptr && row < sorted_->rowCount(); ++row) {
        if (sorted_->index(row, 0).data(PlansModel::kPlanIdRole).toInt() == shown->id)
            table_->selectRow(row);
    }
}

void CompareView::refreshTradeOffs()
{
    enum Against { kMemory, kDevices, kDeviceSeconds };
    const int against = against_->currentIndex();
    const PlanEntry* shown = session_->shownPlan();
    const PlanEntry* baseline = session_->baseline();
    std::vector<ScatterPoint> points;
    for (const auto& entry : session_->entries()) {
        const ParallelPlan* plan = entry->plan();
        if (plan == nullptr)
            continue;
        ScatterPoint point;
        point.id = entry->id;
        point.label = entry->name;
        const int devices = plan->cluster.deviceCount();
        point.x = against == kMemory    ? peakMemory(*plan) / kGiB
                  : against == kDevices ? devices
                                        : devices * plan->stepTime.count;
        point.y = plan->stepTime.count;
        const bool isData = entry->facts->dataParallel > 1,
                   isTensor = entry->facts->tensorParallel > 1;
        const int split =
            (isData ? 1 : 0) + (isTensor ? 1 : 0) + (plan->pipelineParallel() > 1 ? 1 : 0);
        point.group = split != 1 ? 3 : isData ? 0 : isTensor ? 1 : 2;
        point.isEmphasized = shown != nullptr && shown->id == entry->id;
        point.isStarred = baseline != nullptr && baseline->id == entry->id;
        point.tip = tr("%1: step %2, %3 a device, %4 devices, %5")
                        .arg(entry->name, timeText(plan->stepTime), memoryText(peakMemory(*plan)))
                        .arg(devices)
                        .arg(degreesText(*entry->facts));
        points.push_back(std::move(point));
    }
    const auto time = [](double seconds) { return timeText(Seconds(seconds)); };
    const auto memory = [](double gib) { return tr("%1 GiB").arg(gib, 0, 'g', 4); };
    const auto count = [](double number) { return QString::number(number, 'g', 4); };
    if (against == kMemory)
        tradeOffs_->setAxes(tr("peak memory per device"), memory, tr("predicted step"), time);
    else if (against == kDevices)
        tradeOffs_->setAxes(tr("devices"), count, tr("predicted step"), time);
    else
        tradeOffs_->setAxes(tr("device seconds a step"), time, tr("predicted step"), time);
    tradeOffs_->setPoints(std::move(points));
}

void CompareView::refreshAccuracy()
{
    std::vector<ScatterPoint> points;
    QStringList errors;
    for (const auto& entry : session_->entries()) {
        const std::optional<Measurement> measured = session_->measurement(entry->id);
        if (entry->plan() == nullptr || !measured)
            continue;
        const double predicted = entry->plan()->stepTime.count;
        const QString error = changeText(predicted, measured->median.count);
        ScatterPoint point;
        point.id = entry->id;
        point.label = tr("%1 (%2)").arg(entry->name, error);
        point.x = predicted;
        point.y = measured->median.count;
        point.low = measured->low.count;
        point.high = measured->high.count;
        point.isEmphasized =
            session_->shownPlan() != nullptr && session_->shownPlan()->id == entry->id;
        point.tip =
            tr("%1: predicted %2, measured %3 (%4 to %5) over %6 steps of %7")
                .arg(entry->name, timeText(entry->plan()->stepTime), timeText(measured->median),
                     timeText(measured->low), timeText(measured->high))
                .arg(measured->steps)
                .arg(counted(measured->runs, tr("run"), tr("runs")));
        points.push_back(std::move(point));
        errors << tr("%1: %2").arg(entry->name, error);
    }
    accuracyText_->setText(errors.isEmpty() ? QString()
                                            : tr("Error of the prediction: %1. Below the dashed "
                                                 "line a plan ran faster than predicted.")
                                                  .arg(errors.join(u", "_s)));
    accuracy_->setPoints(std::move(points));
}

} // namespace alpa::app
