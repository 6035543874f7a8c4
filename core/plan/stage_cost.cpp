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

/// Of an op with fewer operands: nothing that matters.
const ShardingSpec& operandSpec(const OpSharding& sharding, size_t operand)
{
    static const ShardingSpec kNone{};
    return operand < sharding.operands.size() ? sharding.operands[operand] : kNone;
}

CostGroup computeGroup(Phase phase)
{
    return phase == Phase::kForward    ? CostGroup::kForwardCompute
           : phase == Phase::kBackward ? CostGroup::kBackwardCompute
                                       : CostGroup::kUpdate;
}

CostGroup communicationGroup(Phase phase)
{
    return phase == Phase::kForward    ? CostGroup::kForwardCommunication
           : phase == Phase::kBackward ? CostGroup::kBackwardCommunication
                                       : CostGroup::kGradientSync;
}

Seconds* totalOf(StageCost& cost, CostGroup group)
{
    switch (group) {
    case CostGroup::kForwardCompute:
        return &cost.forwardCompute;
    case CostGroup::kForwardCommunication:
        return &cost.forwardCommunication;
    case CostGroup::kBackwardCompute:
        return &cost.backwardCompute;
    case CostGroup::kBackwardCommunication:
        return &cost.backwardCommunication;
    case CostGroup::kGradientSync:
        return &cost.gradientSync;
    case CostGroup::kUpdate:
        break;
    }
    return &cost.update;
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

void forEachCostTerm(const LayeredGraph& layered, const PlanStage& stage, Resharder& resharder,
                     const std::function<void(const CostTerm&)>& visit)
{
    const Graph& graph = *layered.graph;
    const StageValues values(layered, stage);
    std::vector<int> axisSizes;
    for (const MeshAxis& axis : stage.mesh.axes)
        axisSizes.push_back(axis.size);
    // Programs share one resharding among the readers of a layer and phase.
    std::set<std::tuple<uint32_t, int, int, size_t>> counted;
    const ShardingSpecHash hash;
    const auto reshard = [&](const CostTerm& need, Phase phase, int sharedBy) {
        if (need.from == need.to || graph.type(need.value).rank() == 0 ||
            !counted.insert({need.value.number, sharedBy, static_cast<int>(phase), hash(need.to)})
                 .second)
            return;
        CostTerm term = need;
        term.group = communicationGroup(phase);
        term.time = resharder.time(graph.type(need.value), need.from, need.to);
        visit(term);
    };
    for (size_t i = 0; i < stage.ops.size(); ++i) {
        const OpId id = stage.ops[i];
        const Op& op = graph.op(id);
        const OpSharding& sharding = stage.shardings[i];
        const int layer = layered.layerOfOp[id.index()];
        const Seconds compute =
            layered.computeOn(id, shareOfWork(stage.mesh, sharding), operandSpec(sharding, 0),
                              operandSpec(sharding, 1), axisSizes);
        visit({.group = computeGroup(op.phase),
               .layer = layer,
               .op = id,
               .value = op.results[0],
               .from = sharding.results[0],
               .to = sharding.results[0],
               .time = compute});
        for (size_t o = 0; o < op.operands.size(); ++o)
            reshard({.group = {},
                     .layer = layer,
                     .op = id,
                     .value = op.operands[o],
                     .from = values.spec(op.operands[o], layer),
                     .to = sharding.operands[o],
                     .time = {}},
                    op.phase, layer);
        const FactorRule& rule =
            layered.rules.rules[static_cast<size_t>(layered.rules.ofOp[id.index()])];
        const ShardingSpec produced = producedSpec(rule, sharding);
        if (!(produced == sharding.results[0]))
            visit(
                {.group = op.phase == Phase::kBackward ? CostGroup::kBackwardCommunication
                                                       : CostGroup::kForwardCommunication,
                 .layer = layer,
                 .op = id,
                 .value = op.results[0],
                 .from = produced,
                 .to = sharding.results[0],
                 .time = resharder.time(graph.type(op.results[0]), produced, sharding.results[0])});
    }
    for (const PlannedInput& input : stage.inputs) {
        if (input.source != InputSource::kLocal)
            continue;
        const int source = layered.layerOfValue[input.value.index()];
        const OpId producer = graph.value(input.value).producer;
        const bool isUpdate = producer.isValid() && graph.op(producer).kind == OpKind::kAccumulate;
        reshard({.group = {},
                 .layer = input.layer,
                 .op = {},
                 .value = input.value,
                 .from = values.spec(input.value, source),
                 .to = input.spec,
                 .time = {}},
                isUpdate ? Phase::kUpdate : Phase::kForward, -1 - input.layer);
    }
    for (const GraphOutput& output : graph.outputs) {
        const OpId producer = graph.value(output.value).producer;
        if (output.role != OutputRole::kUpdatedParameter || !producer.isValid() ||
            values.sharding(producer) == nullptr)
            continue;
        const int layer = layered.layerOfValue[output.alias.index()];
        const ShardingSpec& from = values.spec(output.value, layer);
        const ShardingSpec& to = values.spec(output.alias, layer);
        visit({.group = CostGroup::kUpdate,
               .layer = layer,
               .op = {},
               .value = output.alias,
               .from = from,
               .to = to,
               .time = resharder.time(graph.type(output.alias), from, to)});
    }
}

void hideOverlapped(StageCost& cost, Seconds gathers, const DeviceKind& device)
{
    // Reductions begin with the last backward pass, so it bounds what it can hide.
    cost.hiddenReduction =
        std::min(cost.gradientSync * device.reductionOverlap, cost.backwardCompute);
    cost.hiddenGather = gathers * device.gatherOverlap;
}

StageCost countStageCost(const LayeredGraph& layered, const PlanStage& stage, Resharder& resharder)
{
    StageCost cost;
    Seconds gathers; // Of updated parameters.
    forEachCostTerm(layered, stage, resharder, [&](const CostTerm& term) {
        *totalOf(cost, term.group) += term.time;
        if (term.group == CostGroup::kUpdate && !term.op.isValid())
            gathers += term.time;
        const bool isBackward = term.group == CostGroup::kBackwardCompute ||
                                term.group == CostGroup::kBackwardCommunication;
        if (isBackward && term.op.isValid() && layered.isWeightGradient[term.op.index()])
            cost.weightGradient += term.time;
        if (stage.repeatsCheapOps && term.op.isValid() &&
            layered.selective.isRepeated[term.op.index()])
            cost.recomputation += term.time;
        const bool isForward = term.group == CostGroup::kForwardCompute ||
                               term.group == CostGroup::kForwardCommunication;
        if (isForward && stage.runsAgain(term.layer))
            cost.recomputation += term.time;
    });
    hideOverlapped(cost, gathers, layered.device);
    return cost;
}

namespace
{

/// Per value: does a weight gradient of the stage read it, itself or for what is not stored and
/// follows from it?
std::vector<uint8_t> findWeightInputs(const LayeredGraph& layered, const PlanStage& stage)
{
    std::vector<uint8_t> isRead(layered.graph->values.size(), 0);
    for (size_t i = stage.ops.size(); i-- > 0;) {
        const OpId id = stage.ops[i];
        const Op& op = layered.graph->op(id);
        const ValueId result = op.results[0];
        const bool isCarriedOn = op.phase != Phase::kUpdate && isRead[result.index()] != 0 &&
                                 layered.isStored[result.index()] == 0;
        if (layered.isWeightGradient[id.index()] || isCarriedOn) {
            for (const ValueId operand : op.operands)
                isRead[operand.index()] = 1;
        }
    }
    return isRead;
}

} // namespace

WeightInputs countWeightInputs(const LayeredGraph& layered, const PlanStage& stage)
{
    const Graph& graph = *layered.graph;
    const std::vector<uint8_t> isRead = findWeightInputs(layered, stage);
    const auto isReadLate = [&](ValueId value) { return isRead[value.index()] != 0; };
    WeightInputs inputs;
    for (const PlannedInput& input : stage.inputs) {
        const bool isBackward =
            graph.value(input.value).producer.isValid() &&
            graph.op(graph.value(input.value).producer).phase != Phase::kForward;
        if (input.source == InputSource::kReceived && isReadLate(input.value))
            (isBackward ? inputs.cotangents : inputs.activations) +=
                localBytes(graph, stage.mesh, input.value, input.spec);
    }
    for (size_t i = 0; i < stage.ops.size(); ++i) {
        const Op& op = graph.op(stage.ops[i]);
        const ValueId result = op.results[0];
        if (op.phase == Phase::kUpdate || layered.isWeightGradient[stage.ops[i].index()] ||
            layered.isStored[result.index()] == 0 || layered.isHeldOnce[result.index()] != 0 ||
            !isReadLate(result))
            continue;
        // What is computed again stays for the weight gradients, as cotangents do.
        const bool isKept =
            op.phase == Phase::kForward &&
            (!stage.runsAgain(layered.layerOfOp[stage.ops[i].index()]) ||
             layered.isCheckpoint(stage.ops[i], stage.firstLayer, stage.endLayer)) &&
            !(stage.repeatsCheapOps && layered.selective.isRepeated[stage.ops[i].index()]);
        (isKept ? inputs.activations : inputs.cotangents) +=
            localBytes(graph, stage.mesh, result, stage.shardings[i].results[0]);
    }
    return inputs;
}

void keepMicrobatches(StageMemory& memory, const WeightInputs& weights,
                      const KeptMicrobatches& kept)
{
    memory.inFlight = kept.inFlight;
    memory.waiting = Bytes(0);
    if (kept.deferred > 0)
        memory.waiting = weights.activations * static_cast<int64_t>(kept.held - kept.inFlight) +
                         weights.cotangents * static_cast<int64_t>(kept.deferred);
}

StageMemory countStageMemory(const LayeredGraph& layered, const PlanStage& stage,
                             const KeptMicrobatches& kept)
{
    const Graph& graph = *layered.graph;
    StageMemory memory;
    keepMicrobatches(memory, kept.deferred > 0 ? countWeightInputs(layered, stage) : WeightInputs(),
                     kept);
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
                stage.runsAgain(input.layer) ||
                        std::ranges::any_of(layered.users[input.value.index()],
                                            [&](OpId user) {
                                                return layered.layerOfOp[user.index()] ==
                                                           input.layer &&
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
        const std::vector<uint8_t>& isKept =
            stage.repeatsCheapOps ? layered.selective.isKept : layered.isSaved;
        if (layered.isHeldOnce[result.index()] != 0)
            memory.parameters += bytes;
        else if (stage.runsAgain(layered.layerOfOp[stage.ops[i].index()])
                     ? layered.isCheckpoint(stage.ops[i], stage.firstLayer, stage.endLayer)
                     : isKept[result.index()] != 0)
            memory.activations += bytes;
    }
    return memory;
}

} // namespace alpa
