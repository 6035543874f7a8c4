#include "core/lowering/lower_stage.h"

#include "core/lowering/local_op.h"
#include "core/sharding/produced_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace alpa
{
namespace
{

SegmentKind segmentOf(Phase phase)
{
    switch (phase) {
    case Phase::kForward:
        return SegmentKind::kForward;
    case Phase::kBackward:
        return SegmentKind::kBackward;
    case Phase::kUpdate:
        return SegmentKind::kUpdate;
    }
    return SegmentKind::kForward;
}

class StageLowering
{
public:
    StageLowering(const ParallelPlan& plan, int stage, const std::vector<Crossing>& crossings,
                  const GraphRules& rules)
        : plan_(plan)
        , graph_(*plan.graph)
        , stage_(plan.stages[static_cast<size_t>(stage)])
        , index_(stage)
        , crossings_(crossings)
        , rules_(rules)
        , resharder_(plan.cluster, stage_.mesh)
        , bufferOf_(graph_.values.size())
        , isReadBackward_(graph_.values.size(), false)
    {
        code_.program.mesh = stage_.mesh;
        code_.program.segments[0].name = "begin";
        code_.program.segments[1].name = "forward";
        code_.program.segments[2].name = "backward";
        code_.program.segments[3].name = "update";
    }

    Result<StageCode> run()
    {
        findBackwardReads();
        for (const PlannedInput& input : stage_.inputs)
            addInput(input);
        receiveScalars();
        exchangeSharedParameters();
        planStores();
        bool isForwardDone = false;
        for (size_t i = 0; i < stage_.ops.size(); ++i) {
            if (!isForwardDone && graph_.op(stage_.ops[i]).phase != Phase::kForward) {
                isForwardDone = true;
                finishLoss();
                if (stage_.recomputes)
                    RETURN_IF_ERROR(recomputeForward());
            }
            RETURN_IF_ERROR(lowerOp(i, segmentOf(graph_.op(stage_.ops[i]).phase)));
            storeUpdates(i);
        }
        if (!isForwardDone) // A stage without anything to train.
            finishLoss();
        sendAccumulated();
        return std::move(code_);
    }

private:
    // --- buffers
    // ---------------------------------------------------------------------------------------------

    BufferId addBuffer(const std::string& name, ValueId value, const TensorType& type,
                       const ShardingSpec& spec, BufferKind kind)
    {
        Buffer buffer;
        buffer.name = name;
        buffer.type = localType(type, spec, stage_.mesh);
        buffer.globalDims = type.dims;
        buffer.spec = spec;
        buffer.kind = kind;
        buffer.value = value;
        if (kind == BufferKind::kActivation ||
            (kind == BufferKind::kBatch && isReadBackward_[value.index()]))
            buffer.slots = stage_.memory.inFlight;
        code_.program.buffers.push_back(std::move(buffer));
        return BufferId(code_.program.buffers.size() - 1);
    }

    Buffer& buffer(BufferId id) { return code_.program.buffers[id.index()]; }
    std::vector<Instruction>& segment(SegmentKind kind)
    {
        return code_.program.segments[static_cast<size_t>(kind)].instructions;
    }

    void findBackwardReads()
    {
        for (const OpId id : stage_.ops) {
            if (graph_.op(id).phase != Phase::kBackward)
                continue;
            for (const ValueId operand : graph_.op(id).operands)
                isReadBackward_[operand.index()] = true;
        }
        // Running the forward pass again reads its inputs again.
        for (const PlannedInput& input : stage_.inputs) {
            if (stage_.recomputes && input.source == InputSource::kBatch)
                isReadBackward_[input.value.index()] = true;
        }
    }

    bool isReadBackwardIn(ValueId value, int layer) const
    {
        return std::ranges::any_of(stage_.ops, [&](OpId id) {
            const Op& op = graph_.op(id);
            return op.phase == Phase::kBackward && plan_.layerOfOp[id.index()] == layer &&
                   std::ranges::find(op.operands, value) != op.operands.end();
        });
    }

    void addInput(const PlannedInput& input)
    {
        const Value& value = graph_.value(input.value);
        const auto key = std::pair(input.value.number, input.layer);
        switch (input.source) {
        case InputSource::kOwned: {
            const bool isState = graph_.inputRole(input.value) == InputRole::kOptimizerState;
            bufferOf_[input.value.index()] =
                addBuffer(value.name, input.value, value.type, input.spec,
                          isState ? BufferKind::kState : BufferKind::kParameter);
            break;
        }
        case InputSource::kBatch:
            copyOf_[key] =
                addBuffer(value.name, input.value, value.type, input.spec, BufferKind::kBatch);
            break;
        case InputSource::kLocal:
            localSpec_[key] = input.spec;
            break;
        case InputSource::kReceived:
        case InputSource::kSharedCopy:
            addReceived(input, key);
            break;
        }
    }

    void addReceived(const PlannedInput& input, std::pair<uint32_t, int> key)
    {
        for (size_t t = 0; t < crossings_.size(); ++t) {
            const Crossing& crossing = crossings_[t];
            if (crossing.toStage != index_ || crossing.value != input.value ||
                crossing.layer != input.layer)
                continue;
            BufferKind kind = BufferKind::kTemporary;
            if (crossing.oncePerStep)
                kind = crossing.readIn == Phase::kUpdate ? BufferKind::kTemporary
                                                         : BufferKind::kParameter;
            else if (crossing.isReadBackward && crossing.readIn == Phase::kForward)
                kind = BufferKind::kActivation;
            // A shared parameter is not an input of this stage: the host must not fill it.
            if (kind == BufferKind::kParameter)
                kind = BufferKind::kActivation;
            const BufferId id = addBuffer(valueLabel(graph_, input.value), input.value,
                                          graph_.type(input.value), input.spec, kind);
            if (crossing.oncePerStep)
                buffer(id).slots = 1;
            copyOf_[key] = id;
            code_.receivedInto[static_cast<uint32_t>(t)] = id;
            const bool isParameter = crossing.oncePerStep && crossing.readIn != Phase::kUpdate;
            receive(t, id, isParameter ? SegmentKind::kBegin : segmentOf(crossing.readIn));
        }
    }

    void receive(size_t transfer, BufferId into, SegmentKind kind)
    {
        Instruction instruction;
        instruction.kind = InstructionKind::kReceive;
        instruction.outputs = {into};
        instruction.transfer = TransferId(transfer);
        segment(kind).push_back(std::move(instruction));
    }

    void receiveScalars()
    {
        for (size_t t = 0; t < crossings_.size(); ++t) {
            const Crossing& crossing = crossings_[t];
            if (crossing.toStage != index_ || crossing.layer >= 0)
                continue;
            const BufferKind kind = crossing.isReadBackward && crossing.readIn == Phase::kForward
                                        ? BufferKind::kActivation
                                        : BufferKind::kTemporary;
            const BufferId id = addBuffer(valueLabel(graph_, crossing.value), crossing.value,
                                          graph_.type(crossing.value), crossing.toSpec, kind);
            bufferOf_[crossing.value.index()] = id;
            code_.receivedInto[static_cast<uint32_t>(t)] = id;
            receive(t, id, segmentOf(crossing.readIn));
        }
    }

    // --- resharding
    // ------------------------------------------------------------------------------------------

    /// `from` under `to`, in `kind`; one copy for all readers of the segment that need the same.
    BufferId reshard(BufferId from, const ShardingSpec& to, SegmentKind kind, OpId reader)
    {
        const ShardingSpec spec = buffer(from).spec;
        if (spec == to)
            return from;
        const auto key = std::tuple(from.number, ShardingSpecHash{}(to), static_cast<int>(kind));
        if (const auto known = resharded_.find(key); known != resharded_.end())
            return known->second;
        TensorType type = buffer(from).type;
        type.dims = buffer(from).globalDims;
        const ReshardPath* path = resharder_.path(type, spec, to);
        if (path == nullptr) {
            problem_ = Error(ErrorCode::kUnsupported,
                             fmt::format("{}: no resharding from {} to {}", buffer(from).name,
                                         formatSpec(spec), formatSpec(to)));
            failed_ = true;
            return from;
        }
        BufferId current = from;
        for (const ReshardStep& step : path->steps)
            current = addStep(current, step, type, kind, reader);
        resharded_[key] = current;
        return current;
    }

    BufferId addStep(BufferId from, const ReshardStep& step, const TensorType& type,
                     SegmentKind kind, OpId reader)
    {
        const std::string name = buffer(from).name;
        const BufferId to = addBuffer(name, ValueId(), type, step.after, BufferKind::kTemporary);
        Instruction instruction;
        instruction.inputs = {from};
        instruction.outputs = {to};
        instruction.op = reader;
        instruction.predicted = step.time;
        instruction.axes = axisBit(step.axis);
        instruction.dim = step.dim;
        instruction.fromDim = step.fromDim;
        instruction.reduction = step.before.partialKind;
        instruction.kind = InstructionKind::kCollective;
        switch (step.kind) {
        case ReshardKind::kSlice:
            makeSlice(instruction, step);
            break;
        case ReshardKind::kAllGather:
            instruction.collective = CollectiveKind::kAllGather;
            break;
        case ReshardKind::kAllReduce:
            instruction.collective = CollectiveKind::kAllReduce;
            break;
        case ReshardKind::kReduceScatter:
            instruction.collective = CollectiveKind::kReduceScatter;
            break;
        case ReshardKind::kAllToAll:
            instruction.collective = CollectiveKind::kAllToAll;
            break;
        }
        segment(kind).push_back(std::move(instruction));
        return to;
    }

    void makeSlice(Instruction& instruction, const ReshardStep& step)
    {
        const std::vector<int64_t> sizes = buffer(instruction.outputs[0]).type.dims;
        SliceAttributes slice;
        slice.starts.assign(sizes.size(), 0);
        slice.limits = sizes;
        slice.strides.assign(sizes.size(), 1);
        instruction.kind = InstructionKind::kCompute;
        instruction.opKind = OpKind::kSlice;
        instruction.attributes = std::move(slice);
        instruction.axes = 0;
        instruction.offsets = {{.dim = step.dim,
                                .axes = axisBit(step.axis),
                                .stride = sizes[static_cast<size_t>(step.dim)]}};
    }

    /// Where an op of `layer` finds `value` in this stage, before its own resharding.
    std::optional<BufferId> find(ValueId value, int layer, SegmentKind kind, OpId reader)
    {
        const auto key = std::pair(value.number, layer);
        if (const auto copy = copyOf_.find(key); copy != copyOf_.end())
            return copy->second;
        const BufferId own = bufferOf_[value.index()];
        if (!own.isValid())
            return std::nullopt;
        const auto local = localSpec_.find(key);
        if (local == localSpec_.end() || local->second == buffer(own).spec)
            return own;
        // Parameters are resharded anew in every segment, activations once and kept if the backward
        // needs them.
        const BufferId copy = reshard(own, local->second, kind, reader);
        if (kind == SegmentKind::kForward && !stage_.recomputes &&
            graph_.value(value).producer.isValid() && isReadBackwardIn(value, layer)) {
            keep(copy);
            copyOf_[key] = copy;
        }
        return copy;
    }

    void keep(BufferId id)
    {
        if (buffer(id).kind != BufferKind::kTemporary)
            return;
        buffer(id).kind = BufferKind::kActivation;
        buffer(id).slots = stage_.memory.inFlight;
    }

    // --- ops
    // -------------------------------------------------------------------------------------------------

    /// The forward ops that the backward pass needs, once more, in the backward segment.
    Status recomputeForward()
    {
        std::vector<bool> isNeeded(graph_.ops.size(), false);
        for (size_t i = stage_.ops.size(); i-- > 0;) {
            const Op& op = graph_.op(stage_.ops[i]);
            if (op.phase == Phase::kUpdate ||
                (op.phase == Phase::kForward && !isNeeded[stage_.ops[i].index()]))
                continue;
            for (const ValueId operand : op.operands) {
                const OpId producer = graph_.value(operand).producer;
                if (producer.isValid() && graph_.op(producer).phase == Phase::kForward)
                    isNeeded[producer.index()] = true;
            }
        }
        for (size_t i = 0; i < stage_.ops.size(); ++i) {
            if (isNeeded[stage_.ops[i].index()])
                RETURN_IF_ERROR(lowerOp(i, SegmentKind::kBackward));
        }
        return {};
    }

    Status lowerOp(size_t position, SegmentKind kind)
    {
        const OpId id = stage_.ops[position];
        const Op& op = graph_.op(id);
        const OpSharding& sharding = stage_.shardings[position];
        const int layer = plan_.layerOfOp[id.index()];
        if (op.results.size() != 1 || op.kind == OpKind::kOpaque)
            return fail(
                Error(ErrorCode::kUnsupported, fmt::format("line {}: {} cannot be executed",
                                                           op.sourceLine, opKindName(op.kind))));
        Result<LocalOp> local = localOp(graph_, op, sharding, stage_.mesh);
        if (!local)
            return fail(local.error().in(fmt::format("line {}", op.sourceLine)));
        Instruction instruction;
        instruction.kind = InstructionKind::kCompute;
        instruction.op = id;
        instruction.opKind = op.kind;
        instruction.attributes = std::move(local->attributes);
        instruction.offsets = std::move(local->offsets);
        for (size_t o = 0; o < op.operands.size(); ++o) {
            const std::optional<BufferId> source = find(op.operands[o], layer, kind, id);
            if (!source)
                return fail(Error(ErrorCode::kUnsupported,
                                  fmt::format("stage {}: {} of layer {} is not there for {}",
                                              index_, valueLabel(graph_, op.operands[o]), layer,
                                              opKindName(op.kind))));
            instruction.inputs.push_back(reshard(*source, sharding.operands[o], kind, id));
        }
        if (failed_)
            return problem_;
        addResult(std::move(instruction), op, sharding, kind, id);
        return failed_ ? Status(problem_) : Status();
    }

    Status fail(Error error)
    {
        failed_ = true;
        problem_ = std::move(error);
        return problem_;
    }

    void addResult(Instruction instruction, const Op& op, const OpSharding& sharding,
                   SegmentKind kind, OpId id)
    {
        const ValueId result = op.results[0];
        const FactorRule& rule = rules_.rules[static_cast<size_t>(rules_.ofOp[id.index()])];
        const bool isAccumulator = op.kind == OpKind::kAccumulate;
        const ShardingSpec produced =
            isAccumulator ? sharding.results[0] : producedSpec(rule, sharding);
        const bool isSaved =
            kind == SegmentKind::kForward && !stage_.recomputes && isReadBackward_[result.index()];
        const bool isResolved = produced == sharding.results[0];
        BufferKind bufferKind =
            isSaved && isResolved ? BufferKind::kActivation : BufferKind::kTemporary;
        if (isAccumulator)
            bufferKind = BufferKind::kGradient;
        BufferId out = addBuffer(valueLabel(graph_, result), result, graph_.type(result), produced,
                                 bufferKind);
        instruction.outputs = {out};
        segment(kind).push_back(std::move(instruction));
        if (!isResolved) {
            out = reshard(out, sharding.results[0], kind, id);
            if (isSaved)
                keep(out);
        }
        bufferOf_[result.index()] = out;
        if (!isAccumulator && kind == segmentOf(op.phase))
            send(result, kind);
    }

    // --- sends
    // -----------------------------------------------------------------------------------------------

    void send(ValueId value, SegmentKind kind)
    {
        for (size_t t = 0; t < crossings_.size(); ++t) {
            const Crossing& crossing = crossings_[t];
            if (crossing.fromStage != index_ || crossing.value != value)
                continue;
            ShardingSpec whole = buffer(bufferOf_[value.index()]).spec;
            whole.partial = 0;
            whole.partialKind = ReduceKind::kAdd;
            const BufferId from = reshard(bufferOf_[value.index()], whole, kind, OpId());
            Instruction instruction;
            instruction.kind = InstructionKind::kSend;
            instruction.inputs = {from};
            instruction.transfer = TransferId(t);
            segment(kind).push_back(std::move(instruction));
            code_.sentFrom[static_cast<uint32_t>(t)] = from;
            code_.sentSpec[static_cast<uint32_t>(t)] = whole;
        }
    }

    void exchangeSharedParameters()
    {
        for (const PlannedInput& input : stage_.inputs) {
            if (input.source == InputSource::kOwned &&
                graph_.inputRole(input.value) == InputRole::kParameter)
                send(input.value, SegmentKind::kBegin);
        }
        // Sends before receives: with buffered sends no order of stages can then wait in a circle.
        std::ranges::stable_partition(segment(SegmentKind::kBegin),
                                      [](const Instruction& instruction) {
                                          return instruction.kind != InstructionKind::kReceive;
                                      });
    }

    /// Accumulated gradients for parameters of other stages leave at the start of the update.
    void sendAccumulated()
    {
        std::vector<Instruction> rest = std::move(segment(SegmentKind::kUpdate));
        segment(SegmentKind::kUpdate).clear();
        for (const OpId id : stage_.ops) {
            if (graph_.op(id).kind == OpKind::kAccumulate)
                send(graph_.op(id).results[0], SegmentKind::kUpdate);
        }
        auto& update = segment(SegmentKind::kUpdate);
        update.insert(update.end(), std::make_move_iterator(rest.begin()),
                      std::make_move_iterator(rest.end()));
    }

    // --- ends
    // ------------------------------------------------------------------------------------------------

    void finishLoss()
    {
        for (const GraphOutput& output : graph_.outputs) {
            const BufferId own = bufferOf_[output.value.index()];
            if (output.role != OutputRole::kLoss || !own.isValid() || !isProducedHere(output.value))
                continue;
            const BufferId loss =
                reshard(own, ShardingSpec::replicated(graph_.type(output.value).rank()),
                        SegmentKind::kForward, OpId());
            // Read by the host after the forward segment: it must outlive it.
            keep(loss);
            code_.program.loss = loss;
        }
    }

    bool isProducedHere(ValueId value) const
    {
        const OpId producer = graph_.value(value).producer;
        return producer.isValid() && std::ranges::find(stage_.ops, producer) != stage_.ops.end();
    }

    /// Positions of the ops after which an updated parameter or state may replace the old one: it
    /// is computed, and nothing reads the old one any more. Storing early frees the update's
    /// temporaries.
    void planStores()
    {
        std::vector<int> lastUse(graph_.values.size(), -1); // Of old values and of new ones.
        for (size_t i = 0; i < stage_.ops.size(); ++i) {
            const Op& op = graph_.op(stage_.ops[i]);
            for (const auto* side : {&op.operands, &op.results}) {
                for (const ValueId value : *side)
                    lastUse[value.index()] = static_cast<int>(i);
            }
        }
        for (const GraphOutput& output : graph_.outputs) {
            if (!output.alias.isValid() || output.value == output.alias ||
                !bufferOf_[output.alias.index()].isValid())
                continue;
            const OpId producer = graph_.value(output.value).producer;
            const auto computed = std::ranges::find(stage_.ops, producer);
            if (computed == stage_.ops.end())
                continue;
            const int after = std::max(lastUse[output.alias.index()],
                                       static_cast<int>(computed - stage_.ops.begin()));
            storesAfter_[after].push_back(&output);
        }
    }

    void storeUpdates(size_t position)
    {
        const auto due = storesAfter_.find(static_cast<int>(position));
        if (due == storesAfter_.end())
            return;
        for (const GraphOutput* output : due->second) {
            const BufferId stored = bufferOf_[output->alias.index()];
            const OpId producer = graph_.value(output->value).producer;
            Instruction store;
            store.kind = InstructionKind::kCompute;
            store.op = producer;
            store.opKind = OpKind::kConvert;
            store.inputs = {reshard(bufferOf_[output->value.index()], buffer(stored).spec,
                                    SegmentKind::kUpdate, producer)};
            store.outputs = {stored};
            segment(SegmentKind::kUpdate).push_back(std::move(store));
        }
    }

    const ParallelPlan& plan_;
    const Graph& graph_;
    const PlanStage& stage_;
    int index_;
    const std::vector<Crossing>& crossings_;
    const GraphRules& rules_;
    Resharder resharder_;
    StageCode code_;
    std::vector<BufferId> bufferOf_; ///< Per value: as computed or stored here.
    std::vector<bool> isReadBackward_;
    std::map<std::pair<uint32_t, int>, BufferId>
        copyOf_; ///< (value, layer): batch inputs, received and kept copies.
    std::map<std::pair<uint32_t, int>, ShardingSpec> localSpec_;
    std::map<std::tuple<uint32_t, size_t, int>, BufferId> resharded_; ///< (buffer, spec, segment)
    std::map<int, std::vector<const GraphOutput*>>
        storesAfter_; ///< By position in the stage's ops.
    bool failed_ = false;
    Error problem_{ErrorCode::kUnsupported, ""};
};

} // namespace

std::vector<Crossing> findCrossings(const ParallelPlan& plan)
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
                .readIn = Phase::kUpdate,
                .isReadBackward = false};
        }
        for (const OpId id : stage.ops) {
            const Op& op = graph.op(id);
            const bool isRunAgain = stage.recomputes && op.phase == Phase::kForward;
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
                                                      .readIn = Phase::kUpdate,
                                                      .isReadBackward = false})
                                .first;
                }
                if (place == incoming.end())
                    continue;
                place->second.readIn = std::min(place->second.readIn, op.phase);
                place->second.isReadBackward =
                    place->second.isReadBackward || isRunAgain || op.phase == Phase::kBackward;
            }
        }
        for (auto& [key, crossing] : incoming)
            crossings.push_back(std::move(crossing));
    }
    return crossings;
}

Result<StageCode> lowerStage(const ParallelPlan& plan, int stage,
                             const std::vector<Crossing>& crossings, const GraphRules& rules)
{
    return StageLowering(plan, stage, crossings, rules).run();
}

} // namespace alpa
