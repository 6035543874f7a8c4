#include "core/plan/check_plan.h"

#include <fmt/format.h>

#include <set>

namespace alpa
{
namespace
{

Error broken(const std::string& place, const std::string& what)
{
    return {ErrorCode::kInvalidInput, fmt::format("{}: {}", place, what)};
}

/// Only scalars may be computed by stages other than their layer's: each stage keeps its own step
/// count.
bool isScalarOp(const Graph& graph, const Op& op)
{
    for (const ValueId result : op.results) {
        if (graph.type(result).rank() != 0)
            return false;
    }
    return true;
}

class StageChecker
{
public:
    StageChecker(const ParallelPlan& plan, size_t index)
        : plan_(plan)
        , graph_(*plan.graph)
        , stage_(plan.stages[index])
        , place_(fmt::format("stages[{}]", index))
    {
        for (const MeshAxis& axis : stage_.mesh.axes)
            axisSizes_.push_back(axis.size);
    }

    Status check() const
    {
        RETURN_IF_ERROR(checkOps());
        RETURN_IF_ERROR(checkInputs());
        if (stage_.memory.inFlight > plan_.microbatches)
            return broken(place_ + ".memory.inFlight",
                          fmt::format("{} microbatches in flight of {}", stage_.memory.inFlight,
                                      plan_.microbatches));
        return {};
    }

private:
    Status checkSpec(const std::string& place, const ShardingSpec& spec, ValueId value) const
    {
        const TensorType& type = graph_.type(value);
        if (spec.rank != type.rank())
            return broken(place, fmt::format("{} for {} of type {}", formatSpec(spec),
                                             valueLabel(graph_, value), formatType(type)));
        if ((spec.usedAxes() >> axisSizes_.size()) != 0)
            return broken(place, fmt::format("{} uses an axis that the mesh of {} axes lacks",
                                             formatSpec(spec), axisSizes_.size()));
        if (!dividesEvenly(spec, type.dims, axisSizes_))
            return broken(place,
                          fmt::format("{} does not divide {} of type {} evenly", formatSpec(spec),
                                      valueLabel(graph_, value), formatType(type)));
        return {};
    }

    Status checkOps() const
    {
        const std::string place = place_ + ".ops";
        if (stage_.ops.size() != stage_.shardings.size())
            return broken(place, "not one sharding per op");
        for (size_t i = 0; i < stage_.ops.size(); ++i) {
            const OpId id = stage_.ops[i];
            if (i > 0 && id <= stage_.ops[i - 1])
                return broken(place, fmt::format("op {} does not come after op {}", id.number,
                                                 stage_.ops[i - 1].number));
            const Op& op = graph_.op(id);
            const int layer = plan_.layerOfOp[id.index()];
            const bool isInside = layer >= stage_.firstLayer && layer < stage_.endLayer;
            if (!isInside && !isScalarOp(graph_, op))
                return broken(place, fmt::format("op {} is of layer {}, the stage of layers {}-{}",
                                                 id.number, layer, stage_.firstLayer,
                                                 stage_.endLayer - 1));
            const OpSharding& sharding = stage_.shardings[i];
            if (sharding.operands.size() != op.operands.size() ||
                sharding.results.size() != op.results.size())
                return broken(place, fmt::format("op {}: wrong number of specs", id.number));
            for (size_t o = 0; o < op.operands.size(); ++o)
                RETURN_IF_ERROR(checkSpec(place, sharding.operands[o], op.operands[o]));
            for (size_t r = 0; r < op.results.size(); ++r)
                RETURN_IF_ERROR(checkSpec(place, sharding.results[r], op.results[r]));
        }
        return {};
    }

    Status checkInputs() const
    {
        std::set<std::pair<uint32_t, int>> seen;
        for (size_t i = 0; i < stage_.inputs.size(); ++i) {
            const PlannedInput& input = stage_.inputs[i];
            const std::string place = fmt::format("{}.inputs[{}]", place_, i);
            if (input.layer < stage_.firstLayer || input.layer >= stage_.endLayer)
                return broken(place, fmt::format("layer {} is not of the stage", input.layer));
            RETURN_IF_ERROR(checkSpec(place, input.spec, input.value));
            if (!seen.emplace(input.value.number, input.layer).second)
                return broken(place, fmt::format("{} is there twice for layer {}",
                                                 valueLabel(graph_, input.value), input.layer));
            const std::optional<InputRole> role = graph_.inputRole(input.value);
            const bool isBatch = role == InputRole::kBatch;
            if ((input.source == InputSource::kBatch) != isBatch ||
                (input.source == InputSource::kOwned && !role))
                return broken(place, fmt::format("{} cannot come from there",
                                                 valueLabel(graph_, input.value)));
        }
        return {};
    }

    const ParallelPlan& plan_;
    const Graph& graph_;
    const PlanStage& stage_;
    std::string place_;
    std::vector<int> axisSizes_;
};

Status checkCover(const ParallelPlan& plan)
{
    if (const Status fits = isSchedulable(plan.schedule, static_cast<int>(plan.stages.size()),
                                          plan.microbatches, plan.chunks);
        !fits.ok())
        return broken("schedule", fits.error().message);
    std::set<uint32_t> devices;
    int next = 0;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        const std::string place = fmt::format("stages[{}]", s);
        if (stage.firstLayer != next || stage.endLayer <= stage.firstLayer)
            return broken(place, fmt::format("layers {} to {} do not follow layer {}",
                                             stage.firstLayer, stage.endLayer - 1, next - 1));
        next = stage.endLayer;
        const auto groups = static_cast<size_t>(plan.deviceGroups());
        if (s >= groups) { // Another chunk of layers on the devices of an earlier stage.
            if (stage.submesh != plan.stages[s % groups].submesh)
                return broken(
                    place + ".submesh",
                    fmt::format("is not that of stage {}, whose devices it shares", s % groups));
            continue;
        }
        for (const DeviceId device : stage.mesh.devices) {
            if (!devices.insert(device.number).second)
                return broken(place + ".submesh",
                              fmt::format("device {} is of another stage too", device.number));
        }
    }
    if (next != static_cast<int>(plan.layers.size()))
        return broken("stages", fmt::format("cover {} of {} layers", next, plan.layers.size()));
    return {};
}

/// Per value the stage that stores or computes it, -1 for batch inputs. Scalars may have several.
Result<std::vector<int>> findHomes(const ParallelPlan& plan)
{
    const Graph& graph = *plan.graph;
    std::vector<int> homes(graph.values.size(), -1);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        for (const OpId id : stage.ops) {
            const int layer = plan.layerOfOp[id.index()];
            if (layer < stage.firstLayer || layer >= stage.endLayer)
                continue;
            for (const ValueId result : graph.op(id).results)
                homes[result.index()] = static_cast<int>(s);
        }
        for (const PlannedInput& input : stage.inputs) {
            if (input.source != InputSource::kOwned)
                continue;
            int& home = homes[input.value.index()];
            if (home >= 0 && graph.type(input.value).rank() > 0)
                return broken(fmt::format("stages[{}].inputs", s),
                              fmt::format("{} is stored twice", valueLabel(graph, input.value)));
            home = static_cast<int>(s);
        }
    }
    return homes;
}

/// Does what a stage gets come from where it is said to?
Status checkSources(const ParallelPlan& plan)
{
    ASSIGN_OR_RETURN(const std::vector<int> homes, findHomes(plan));
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        for (const PlannedInput& input : plan.stages[s].inputs) {
            const int home = homes[input.value.index()];
            const bool isHere = home == static_cast<int>(s);
            const bool isFromElsewhere =
                input.source == InputSource::kReceived || input.source == InputSource::kSharedCopy;
            const bool isWrong = (isFromElsewhere && (isHere || home < 0)) ||
                                 (input.source == InputSource::kLocal && !isHere);
            if (isWrong)
                return broken(fmt::format("stages[{}].inputs", s),
                              fmt::format("{} is of stage {}, which is not where it is said to "
                                          "come from",
                                          valueLabel(*plan.graph, input.value), home));
        }
    }
    return {};
}

} // namespace

Status checkPlan(const ParallelPlan& plan)
{
    RETURN_IF_ERROR(checkCover(plan));
    std::vector<size_t> opsOfLayer(plan.layers.size(), 0);
    for (const int layer : plan.layerOfOp)
        ++opsOfLayer[static_cast<size_t>(layer)];
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        RETURN_IF_ERROR(StageChecker(plan, s).check());
        const PlanStage& stage = plan.stages[s];
        size_t missing = 0;
        for (int layer = stage.firstLayer; layer < stage.endLayer; ++layer)
            missing += opsOfLayer[static_cast<size_t>(layer)];
        for (const OpId id : stage.ops) {
            const int layer = plan.layerOfOp[id.index()];
            missing -= layer >= stage.firstLayer && layer < stage.endLayer ? 1u : 0u;
        }
        if (missing != 0)
            return broken(fmt::format("stages[{}].ops", s),
                          fmt::format("{} ops of the stage's layers are missing", missing));
    }
    return checkSources(plan);
}

} // namespace alpa
