#include "app/item_models/plans_model.h"

#include "app/settings/icons.h"
#include "app/settings/qt_text.h"

#include <QApplication>
#include <QFont>
#include <QPalette>

#include <algorithm>
#include <optional>

namespace alpa::app
{

using namespace Qt::StringLiterals;

Bytes peakMemory(const ParallelPlan& plan)
{
    Bytes most{};
    for (size_t stage = 0; stage < plan.stages.size(); ++stage)
        most = std::max(most, plan.deviceMemory(stage));
    return most;
}

QString degreesText(const GraphFacts& facts)
{
    return u"DP %1 · TP %2 · PP %3"_s.arg(facts.dataParallel)
        .arg(facts.tensorParallel)
        .arg(facts.plan->pipelineParallel());
}

QString proofText(const ParallelPlan& plan)
{
    bool isOptimal = true;
    double gap = 0;
    for (const PlanStage& stage : plan.stages) {
        isOptimal = isOptimal && stage.certificate.isOptimal;
        gap = std::max(gap, stage.certificate.gap());
    }
    if (isOptimal)
        return PlansModel::tr("optimal");
    return PlansModel::tr("gap %1").arg(percentText(gap));
}

namespace
{

bool isNumber(int column)
{
    return (column >= PlansModel::kStep && column <= PlansModel::kMemory) ||
           (column >= PlansModel::kUtilisation && column <= PlansModel::kBubble) ||
           column == PlansModel::kPlanning;
}

/// The number in a column that has its unit in the header; nothing for other columns.
std::optional<double> plainNumber(const PlanEntry& entry, int column)
{
    const PlanNumbers& numbers = entry.facts->numbers;
    switch (column) {
    case PlansModel::kUtilisation:
        return numbers.modelFlopsShare * 100;
    case PlansModel::kSent:
        return numbers.sent / kMiB;
    case PlansModel::kBubble:
        return numbers.bubble * 100;
    case PlansModel::kPlanning:
        return entry.planningTime.count;
    default:
        return std::nullopt;
    }
}

} // namespace

PlansModel::PlansModel(Session* session, QObject* parent)
    : QAbstractTableModel(parent)
    , session_(session)
{
    connect(session, &Session::plansChanged, this, &PlansModel::reload);
    connect(session, &Session::shownPlanChanged, this, [this] {
        if (!entries_.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
    });
    reload();
}

void PlansModel::reload()
{
    std::vector<std::shared_ptr<const PlanEntry>> entries;
    // Constraints that clash are told in the constraints panel; here only baselines without a plan
    // keep their row.
    for (const auto& entry : session_->entries()) {
        if (entry->facts != nullptr || entry->isBaseline())
            entries.push_back(entry);
    }
    if (entries == entries_) {
        if (!entries_.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
        return;
    }
    beginResetModel();
    entries_ = std::move(entries);
    endResetModel();
}

const PlanEntry* PlansModel::entryAt(int row) const
{
    return row < 0 || row >= int(entries_.size()) ? nullptr
                                                  : entries_[static_cast<size_t>(row)].get();
}

int PlansModel::rowOf(int planId) const
{
    const auto found =
        std::ranges::find_if(entries_, [&](const auto& entry) { return entry->id == planId; });
    return found == entries_.end() ? -1 : int(found - entries_.begin());
}

int PlansModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(entries_.size());
}
int PlansModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QVariant PlansModel::text(const PlanEntry& entry, int column) const
{
    const ParallelPlan* plan = entry.plan();
    if (column == kName)
        return entry.name;
    if (column == kConstraints)
        return plan == nullptr ? entry.problem() : describeSetup(entry.setup);
    if (column == kMeasured || column == kSpread || column == kError) {
        const std::optional<Measurement> measured = session_->measurement(entry.id);
        if (!measured)
            return {};
        if (column == kError)
            return plan == nullptr ? QString()
                                   : changeText(plan->stepTime.count, measured->median.count);
        return column == kMeasured
                   ? timeText(measured->median)
                   : tr("%1 to %2").arg(timeText(measured->low), timeText(measured->high));
    }
    if (plan == nullptr)
        return column == kStep ? QVariant(tr("no plan")) : QVariant();
    if (column == kPlanning && entry.planningTime == Seconds{})
        return tr("read");
    if (const std::optional<double> number = plainNumber(entry, column))
        return numberText(*number);
    const PlanEntry* baseline = session_->baseline();
    switch (column) {
    case kStep:
        return timeText(plan->stepTime);
    case kChange:
        if (baseline == nullptr || baseline->plan() == nullptr || baseline->id == entry.id)
            return {};
        return changeText(plan->stepTime.count, baseline->plan()->stepTime.count);
    case kThroughput:
        return tr("%1 /s").arg(numberText(plan->samplesPerSecond()));
    case kMemory:
        return memoryText(peakMemory(*plan));
    case kDegrees:
        return u"%1 · %2 · %3"_s.arg(entry.facts->dataParallel)
            .arg(entry.facts->tensorParallel)
            .arg(plan->pipelineParallel());
    case kMicrobatches:
        return tr("%1 × %2").arg(plan->microbatches).arg(plan->microbatchSize);
    case kProof:
        return proofText(*plan);
    default:
        return {};
    }
}

QVariant PlansModel::sortValue(const PlanEntry& entry, int column) const
{
    const ParallelPlan* plan = entry.plan();
    if (column == kName || column == kConstraints || column == kDegrees)
        return text(entry, column);
    if (column == kMeasured || column == kSpread || column == kError) {
        const std::optional<Measurement> measured = session_->measurement(entry.id);
        if (!measured || plan == nullptr)
            return std::numeric_limits<double>::infinity();
        return column == kMeasured ? measured->median.count
               : column == kSpread ? (measured->high - measured->low).count
                                   : plan->stepTime / measured->median;
    }
    if (plan == nullptr)
        return std::numeric_limits<double>::infinity();
    if (const std::optional<double> number = plainNumber(entry, column))
        return *number;
    if (column == kMemory)
        return double(peakMemory(*plan).count);
    if (column == kThroughput)
        return plan->samplesPerSecond();
    if (column == kMicrobatches)
        return plan->microbatches;
    return plan->stepTime.count;
}

/// What a cell says, in a sentence with its numbers.
QString PlansModel::tip(const PlanEntry& entry, int column) const
{
    if (column == kBaseline)
        return tr("Click to make this the plan that others are compared with");
    const ParallelPlan* plan = entry.plan();
    if (plan == nullptr)
        return entry.problem();
    const QString cell = text(entry, column).toString();
    switch (column) {
    case kStep:
    case kThroughput:
        return tr("%1 is predicted to take %2 a step, which is %3 samples a second")
            .arg(entry.name, timeText(plan->stepTime), numberText(plan->samplesPerSecond()));
    case kChange:
        return session_->baseline() == nullptr
                   ? QString()
                   : tr("The step against that of %1").arg(session_->baseline()->name);
    case kMeasured:
    case kSpread:
    case kError:
        return measuredTip(entry);
    case kMemory:
        return tr("At the peak of the step the fullest device holds %1").arg(cell);
    case kDegrees:
        return tr("The batch is split over %1, tensors over %2; the layers are cut into %3")
            .arg(counted(entry.facts->dataParallel, tr("device"), tr("devices")),
                 counted(entry.facts->tensorParallel, tr("device"), tr("devices")),
                 counted(plan->pipelineParallel(), tr("group"), tr("groups")));
    case kMicrobatches:
        return tr("The batch of %1 goes through in %2 of %3")
            .arg(plan->globalBatch())
            .arg(counted(plan->microbatches, tr("microbatch"), tr("microbatches")))
            .arg(counted(plan->microbatchSize, tr("sample"), tr("samples")));
    case kUtilisation:
        return tr("%1 %: the model's FLOPs against what all devices could do of its products in "
                  "the step, without recomputation")
            .arg(cell);
    case kSent:
        return tr("%1 MiB are sent by all devices in one step: collectives and transfers between "
                  "stages")
            .arg(cell);
    case kBubble:
        return tr("%1 % of the device time of a step is idle").arg(cell);
    case kProof:
        return tr("%1: whether the solver has proven the shardings of every stage to be the "
                  "cheapest")
            .arg(cell);
    case kPlanning:
        return entry.planningTime == Seconds{}
                   ? tr("The plan was read from a file")
                   : tr("Planning took %1").arg(timeText(entry.planningTime));
    default:
        return describeSetup(entry.setup);
    }
}

QString PlansModel::measuredTip(const PlanEntry& entry) const
{
    const std::optional<Measurement> measured = session_->measurement(entry.id);
    if (!measured)
        return tr("%1 has not been run yet (F6)").arg(entry.name);
    return tr("%1 of %2 were measured: their median is %3 and lies between %4 and %5 with 95 % "
              "confidence; the prediction is %6 from it")
        .arg(counted(measured->steps, tr("step"), tr("steps")),
             counted(measured->runs, tr("run"), tr("runs")), timeText(measured->median),
             timeText(measured->low), timeText(measured->high),
             changeText(entry.plan()->stepTime.count, measured->median.count));
}

QVariant PlansModel::data(const QModelIndex& index, int role) const
{
    const PlanEntry* entry = index.isValid() ? entryAt(index.row()) : nullptr;
    if (entry == nullptr)
        return {};
    const PlanEntry* shown = session_->shownPlan();
    if (role == Qt::DisplayRole)
        return text(*entry, index.column());
    if (role == kPlanIdRole)
        return entry->id;
    if (role == kSortRole)
        return sortValue(*entry, index.column());
    if (role == Qt::ToolTipRole)
        return tip(*entry, index.column());
    if (role == Qt::DecorationRole && index.column() == kBaseline) {
        const PlanEntry* baseline = session_->baseline();
        return themedIcon(baseline != nullptr && baseline->id == entry->id ? u"star-filled"_s
                                                                           : u"star"_s);
    }
    if (role == Qt::FontRole && shown != nullptr && shown->id == entry->id) {
        QFont font = QApplication::font();
        font.setBold(true);
        return font;
    }
    if (role == Qt::ForegroundRole && entry->plan() == nullptr)
        return QApplication::palette().brush(QPalette::Disabled, QPalette::Text);
    if (role == Qt::TextAlignmentRole && isNumber(index.column()))
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    return {};
}

QVariant PlansModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole && isNumber(section))
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role != Qt::DisplayRole)
        return {};
    const QString titles[kColumns] = {QString(),
                                      tr("Plan"),
                                      tr("Predicted"),
                                      tr("vs ★"),
                                      tr("Measured"),
                                      tr("95 %"),
                                      tr("Error"),
                                      tr("Samples"),
                                      tr("Memory"),
                                      tr("DP·TP·PP"),
                                      tr("Microbatch"),
                                      tr("MFU (%)"),
                                      tr("Sent a step (MiB)"),
                                      tr("Bubble (%)"),
                                      tr("Proof"),
                                      tr("Planning (s)"),
                                      tr("Asked for")};
    return titles[section];
}

} // namespace alpa::app
