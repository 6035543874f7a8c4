#include "app/item_models/collectives_model.h"

#include "app/session/graph_words.h"
#include "app/session/link_traffic.h"
#include "app/settings/qt_text.h"

#include <algorithm>

namespace alpa::app
{

namespace
{

Bytes bytesOf(const Communication& communication)
{
    Bytes bytes;
    for (const ReshardStep& step : communication.steps) {
        if (step.kind != ReshardKind::kSlice)
            bytes += step.bytes;
    }
    return bytes;
}

} // namespace

void CollectivesModel::setFacts(std::shared_ptr<const GraphFacts> facts)
{
    beginResetModel();
    facts_ = std::move(facts);
    order_.clear();
    if (facts_ != nullptr) {
        for (size_t i = 0; i < facts_->communications.size(); ++i) {
            if (!reshardBadge(facts_->communications[i].steps).empty())
                order_.push_back(int(i));
        }
        const auto perStep = [this](int index) {
            const Communication& communication = facts_->communications[static_cast<size_t>(index)];
            return -communication.time.count * double(timesPerStep(*facts_, communication));
        };
        std::ranges::stable_sort(order_, {}, perStep);
    }
    endResetModel();
}

int CollectivesModel::rowOf(int communication) const
{
    const auto found = std::ranges::find(order_, communication);
    return found == order_.end() ? -1 : int(found - order_.begin());
}

QString CollectivesModel::text(int index, int column) const
{
    const Communication& communication = facts_->communications[static_cast<size_t>(index)];
    const int64_t times = timesPerStep(*facts_, communication);
    switch (column) {
    case kCollective:
        return toQt(reshardBadge(communication.steps));
    case kBytes:
        return bytesText(bytesOf(communication));
    case kTime:
        return timeText(communication.time);
    case kTimes:
        return u'×' + countText(times);
    case kPerStep:
        return timeText(communication.time * double(times));
    case kStage:
        return QString::number(communication.stage);
    default:
        return toQt(facts_->opLabel(communication.consumer));
    }
}

QVariant CollectivesModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || facts_ == nullptr)
        return {};
    const int communication = communicationAt(index.row());
    if (role == Qt::DisplayRole)
        return text(communication, index.column());
    if (role == Qt::ToolTipRole)
        return explainCommunication(*facts_,
                                    facts_->communications[static_cast<size_t>(communication)]);
    if (role == Qt::TextAlignmentRole && index.column() >= kBytes && index.column() <= kStage)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    return {};
}

QVariant CollectivesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole && section >= kBytes && section <= kStage)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role != Qt::DisplayRole)
        return {};
    const QString names[] = {tr("Collective"), tr("Bytes"), tr("Time"),  tr("In a step"),
                             tr("Together"),   tr("Stage"), tr("Before")};
    return names[section];
}

} // namespace alpa::app
