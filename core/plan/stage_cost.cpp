#include "core/plan/stage_cost.h"

#include "core/sharding/produced_spec.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace alpa
{
namespace
{

/// Which devices share an op's work: the axes that its factors split.
double shareOfWork(const DeviceMesh& mesh, const OpSharding& sharding)
{
    AxisSet axes = 0;
    for (const auto* side : {&sharding.operands, &sharding.results}) {
        for (const ShardingSpec& spec : *side)
            axes |= spec.splitAxes();
    }
    return 1.0 / mesh.groupSize(axes);
}

Bytes localBytes(const Graph& graph, const DeviceMesh& mesh, ValueId value,
                 const ShardingSpec& spec)
{
    return Bytes(graph.type(value).bytes().count / mesh.groupSize(spec.splitAxes()));
}

} // namespace

StageValues::StageValues(const LayeredGraph& layered, const PlanStage& stage)
    : layered_(layered)
    , stage_(stage)
    , indexOfOp_(layered.graph->ops.size(), -1)
{
    for (size_t i = 0; i < stage.ops.size(); ++i)
        indexOfOp_[stage.ops[i].index()] = static_cast<int>(i);
    for (const PlannedInput& input : stage.inputs)
        inputs_[{input.value.number, input.layer}] = &input.spec;
}

const OpSharding* StageValues::sharding(OpId op) const
{
    const int index = indexOfOp_[op.index()];
    return index < 0 ? nullptr : &stage_.shardings[static_cast<size_t>(index)];
}

const ShardingSpec& StageValues::spec(ValueId value, int layer) const
{
    static const ShardingSpec kScalar{};
    const auto input = inputs_.find({value.number, layer});
    if (input != inputs_.end())
        return *input->second;
    const OpId producer = layered_.graph->value(value).producer;
    if (!producer.isValid() || indexOfOp_[producer.index()] < 0)
        return kScalar; // Only scalars come without an input of the stage.
    const Op& op = layered_.graph->op(producer);
    for (size_t r = 0; r < op.results.size(); ++r) {
        if (op.results[r] == value)
            return sharding(producer)->results[r];
    }
    return kScalar;
}

StageCost countStageCost(const LayeredGraph& layered, const PlanStage& stage, Resharder& resharder)
{
    const Graph& graph = *layered.graph;
    const StageValues values(layered, stage);
    StageCost cost;
    // Programs share one resharding among the readers of a layer and phase.
    std::set<std::tuple<uint32_t, int, int, size_t>> counted;
    const ShardingSpecHash hash;
    const auto reshard = [&](ValueId value, const ShardingSpec& from, const ShardingSpec& to,
                             Phase phase, int layer) {
        if (from == to || graph.type(value).rank() == 0 ||
            !counted.insert({value.number, layer, static_cast<int>(phase), hash(to)}).second)
            return;
        const Seconds time = resharder.time(graph.type(value), from, to);
        switch (phase) {
        case Phase::kForward:
            cost.forwardCommunication += time;
            break;
        case Phase::kBackward:
            cost.backwardCommunication += time;
            break;
        case Phase::kUpdate:
            cost.gradientSync += time;
            break;
        }
    };
    for (size_t i = 0; i < stage.ops.size(); ++i) {
        const OpId id = stage.ops[i];
        const Op& op = graph.op(id);
        const OpSharding& sharding = stage.shardings[i];
        const int layer = layered.layerOfOp[id.index()];
        const Seconds compute = layered.work[id.index()] * shareOfWork(stage.mesh, sharding) +
                                layered.fixed[id.index()];
        switch (op.phase) {
        case Phase::kForward:
            cost.forwardCompute += compute;
            break;
        case Phase::kBackward:
            cost.backwardCompute += compute;
            break;
        case Phase::kUpdate:
            cost.update += compute;
            break;
        }
        for (size_t o = 0; o < op.operands.size(); ++o)
            reshard(op.operands[o], values.spec(op.operands[o], layer), sharding.operands[o],
                    op.phase, layer);
        const FactorRule& rule =
            layered.rules.rules[static_cast<size_t>(layered.rules.ofOp[id.index()])];
        const ShardingSpec produced = producedSpec(rule, sharding);
        if (!(produced == sharding.results[0])) {
            const Seconds time =
                resharder.time(graph.type(op.results[0]), produced, sharding.results[0]);
            (op.phase == Phase::kBackward ? cost.backwardCommunication
                                          : cost.forwardCommunication) += time;
        }
    }
    for (const PlannedInput& input : stage.inputs) {
        if (input.source != InputSource::kLocal)
            continue;
        const int source = layered.layerOfValue[input.value.index()];
        const OpId producer = graph.value(input.value).producer;
        const bool isUpdate = producer.isValid() && graph.op(producer).kind == OpKind::kAccumulate;
        reshard(input.value, values.spec(input.value, source), input.spec,
                isUpdate ? Phase::kUpdate : Phase::kForward, -1 - input.layer);
    }
    for (const GraphOutput& output : graph.outputs) {
        const OpId producer = graph.value(output.value).producer;
        if (output.role != OutputRole::kUpdatedParameter || !producer.isValid() ||
            values.sharding(producer) == nullptr)
            continue;
        const int layer = layered.layerOfValue[output.alias.index()];
        const Seconds gather =
            resharder.time(graph.type(output.alias), values.spec(output.value, layer),
                           values.spec(output.alias, layer));
        cost.update += gather;
    }
    if (stage.recomputes)
        cost.recomputation = cost.forward();
    return cost;
}

StageMemory countStageMemory(const LayeredGraph& layered, const PlanStage& stage, int inFlight)
{
    const Graph& graph = *layered.graph;
    StageMemory memory;
    memory.inFlight = inFlight;
    for (const PlannedInput& input : stage.inputs) {
        const Bytes bytes = localBytes(graph, stage.mesh, input.value, input.spec);
        const std::optional<InputRole> role = graph.inputRole(input.value);
        if (input.source == InputSource::kOwned)
            (role == InputRole::kOptimizerState ? memory.optimizerState : memory.parameters) +=
                bytes;
        else if (input.source == InputSource::kSharedCopy)
            (role == InputRole::kParameter ? memory.parameters : memory.gradients) += bytes;
        else if (input.source == InputSource::kReceived)
            memory.activations +=
                stage.recomputes || std::ranges::any_of(
                                        layered.users[input.value.index()],
                                        [&](OpId user) {
                                            return layered.layerOfOp[user.index()] == input.layer &&
                                                   graph.op(user).phase == Phase::kBackward;
                                        })
                    ? bytes
                    : Bytes(0);
    }
    for (size_t i = 0; i < stage.ops.size(); ++i) {
        const Op& op = graph.op(stage.ops[i]);
        const ValueId result = op.results[0];
        const Bytes bytes = localBytes(graph, stage.mesh, result, stage.shardings[i].results[0]);
        if (op.kind == OpKind::kAccumulate)
            memory.gradients += bytes;
        // Recomputed activations exist once, while a backward pass runs.
        if (layered.isSaved[result.index()] != 0)
            (stage.recomputes ? memory.transient : memory.activations) += bytes;
    }
    return memory;
}

} // namespace alpa
