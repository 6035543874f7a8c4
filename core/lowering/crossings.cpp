#include "core/lowering/crossings.h"

#include <algorithm>
#include <map>
#include <set>

namespace alpa
{

std::vector<Crossing> findCrossings(const ParallelPlan& plan,
                                    const std::vector<SegmentKind>& segments)
{
    const Graph& graph = *plan.graph;
    std::vector<int> stageOfLayer(plan.layers.size(), 0);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        for (int layer = plan.stages[s].firstLayer; layer < plan.stages[s].endLayer; ++layer)
            stageOfLayer[static_cast<size_t>(layer)] = static_cast<int>(s);
    }
    std::vector<int> stageOfValue(graph.values.size(), -1);
    for (size_t s = plan.stages.size(); s-- > 0;) {
        for (const PlannedInput& input : plan.stages[s].inputs) {
            if (input.source == InputSource::kOwned)
                stageOfValue[input.value.index()] = static_cast<int>(s);
        }
        for (const OpId id : plan.stages[s].ops) {
            for (const ValueId result : graph.op(id).results)
                stageOfValue[result.index()] =
                    stageOfLayer[static_cast<size_t>(plan.layerOfOp[id.index()])];
        }
    }
    std::vector<Crossing> crossings;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        std::set<uint32_t> here;
        for (const OpId id : stage.ops) {
            for (const ValueId result : graph.op(id).results)
                here.insert(result.number);
        }
        std::map<std::pair<uint32_t, int>, Crossing> incoming;
        for (const PlannedInput& input : stage.inputs) {
            if (input.source != InputSource::kReceived && input.source != InputSource::kSharedCopy)
                continue;
            incoming[{input.value.number, input.layer}] = {
                .value = input.value,
                .fromStage = stageOfValue[input.value.index()],
                .toStage = static_cast<int>(s),
                .layer = input.layer,
                .toSpec = input.spec,
                .oncePerStep = input.source == InputSource::kSharedCopy,
                .readIn = SegmentKind::kUpdate};
        }
        for (const OpId id : stage.ops) {
            const Op& op = graph.op(id);
            for (const ValueId operand : op.operands) {
                auto place = incoming.find({operand.number, plan.layerOfOp[id.index()]});
                const bool isScalar = graph.type(operand).rank() == 0 &&
                                      graph.value(operand).producer.isValid() &&
                                      !here.contains(operand.number);
                if (place == incoming.end() && isScalar) {
                    place = incoming
                                .try_emplace({operand.number, -1},
                                             Crossing{.value = operand,
                                                      .fromStage = stageOfValue[operand.index()],
                                                      .toStage = static_cast<int>(s),
                                                      .layer = -1,
                                                      .toSpec = ShardingSpec::replicated(0),
                                                      .oncePerStep = false,
                                                      .readIn = SegmentKind::kUpdate})
                                .first;
                }
                if (place == incoming.end())
                    continue;
                place->second.readIn = std::min(place->second.readIn, segments[id.index()]);
            }
        }
        for (auto& [key, crossing] : incoming)
            crossings.push_back(std::move(crossing));
    }
    return crossings;
}

} // namespace alpa
