#include "app/session/link_traffic.h"

#include <map>

namespace alpa::app
{

Bytes ringBytes(ReshardKind kind, int groupSize, Bytes bytes)
{
    if (groupSize < 2)
        return {};
    // Each device passes on n-1 of n parts; a reduction goes round twice.
    const int64_t once = bytes.count / groupSize * (groupSize - 1);
    switch (kind) {
    case ReshardKind::kSlice:
        return {};
    case ReshardKind::kAllReduce:
        return Bytes(2 * once);
    case ReshardKind::kAllGather:
    case ReshardKind::kReduceScatter:
    case ReshardKind::kAllToAll:
        return Bytes(once);
    }
    return {};
}

int64_t timesPerStep(const GraphFacts& facts, const Communication& communication)
{
    const bool isOnce = facts.graph->op(communication.consumer).phase == Phase::kUpdate;
    return isOnce ? 1 : facts.plan->microbatches;
}

LinkTraffic linkTraffic(const GraphFacts& facts)
{
    LinkTraffic traffic;
    if (facts.plan == nullptr)
        return traffic;
    std::map<std::pair<int, int>, AxisTraffic> axes;
    for (const Communication& communication : facts.communications) {
        const DeviceMesh& mesh = facts.plan->stages[static_cast<size_t>(communication.stage)].mesh;
        const int64_t times = timesPerStep(facts, communication);
        for (const ReshardStep& step : communication.steps) {
            const MeshAxis& axis = mesh.axes[static_cast<size_t>(step.axis)];
            if (step.kind == ReshardKind::kSlice || axis.size < 2)
                continue;
            AxisTraffic& entry = axes[{communication.stage, step.axis}];
            entry.stage = communication.stage;
            entry.axis = step.axis;
            entry.groupSize = axis.size;
            entry.crossesHosts = axis.crossesHosts;
            entry.collectives += times;
            entry.sent += times * ringBytes(step.kind, axis.size, step.bytes);
            entry.time += step.time * double(times);
        }
    }
    for (auto& [place, entry] : axes) {
        const double bandwidth = facts.plan->stages[static_cast<size_t>(entry.stage)]
                                     .mesh.axes[static_cast<size_t>(entry.axis)]
                                     .link.bandwidth;
        if (entry.time.count > 0 && bandwidth > 0)
            entry.utilisation = double(entry.sent.count) / entry.time.count / bandwidth;
        traffic.axes.push_back(entry);
    }
    std::map<std::pair<int, int>, StageTraffic> stages;
    for (const StageTransfer& transfer : facts.transfers) {
        if (transfer.fromStage < 0 || transfer.fromStage == transfer.toStage)
            continue;
        StageTraffic& entry = stages[{transfer.fromStage, transfer.toStage}];
        entry.fromStage = transfer.fromStage;
        entry.toStage = transfer.toStage;
        entry.transfers += facts.plan->microbatches;
        entry.bytes +=
            int64_t{facts.plan->microbatches} * facts.graph->type(transfer.value).bytes();
    }
    for (const auto& [ends, entry] : stages)
        traffic.stages.push_back(entry);
    return traffic;
}

} // namespace alpa::app
