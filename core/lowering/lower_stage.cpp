#include "core/lowering/lower_stage.h"

#include "core/lowering/local_op.h"
#include "core/lowering/op_segments.h"
#include "core/lowering/stage_writer.h"
#include "core/sharding/produced_spec.h"

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace alpa
{
namespace
{

SlotCounts slotCounts(const ParallelPlan& plan, int stage)
{
    const auto stages = static_cast<int>(plan.stages.size());
    return {.inFlight = inFlightLimit(plan.schedule, stages, stage, plan.microbatches, plan.chunks),
            .held = heldLimit(plan.schedule, stages, stage, plan.microbatches, plan.chunks),
            .deferred = std::max(1, deferredLimit(plan.schedule, stage, plan.microbatches))};
}

class StageLowering
{
public:
    StageLowering(const LoweringInput& input, int stage)
        : plan_(input.plan)
        , graph_(*input.plan.graph)
        , stage_(input.plan.stages[static_cast<size_t>(stage)])
        , index_(stage)
        , crossings_(input.crossings)
        , rules_(input.rules)
        , segments_(input.segments)
        , writer_(input.plan.cluster, stage_.mesh)
        , isRecomputed_(recomputedOps(input.plan, stage))
        , positionOf_(graph_.ops.size(), -1)
        , bufferOf_(graph_.values.size())
    {
        for (size_t i = 0; i < stage_.ops.size(); ++i)
            positionOf_[stage_.ops[i].index()] = static_cast<int>(i);
    }

    Result<StageCode> run()
    {
        for (const PlannedInput& input : stage_.inputs)
            addInput(input);
        receiveScalars();
        RETURN_IF_ERROR(exchangeSharedParameters());
        planStores();
        // Segment by segment: what an earlier one leaves can be read by all later ones.
        for (const SegmentKind kind : {SegmentKind::kForward, SegmentKind::kBackward,
                                       SegmentKind::kWeightGradient, SegmentKind::kUpdate}) {
            for (size_t i = 0; i < stage_.ops.size(); ++i) {
                if (segments_[stage_.ops[i].index()] != kind)
                    continue;
                RETURN_IF_ERROR(lowerOp(i, kind));
                RETURN_IF_ERROR(storeUpdates(i));
            }
            if (kind == SegmentKind::kForward)
                RETURN_IF_ERROR(finishLoss());
        }
        RETURN_IF_ERROR(sendAccumulated());
        return writer_.take(slotCounts(plan_, index_));
    }

private:
    // --- inputs
    // ----------------------------------------------------------------------------------------------

    void addInput(const PlannedInput& input)
    {
        const Value& value = graph_.value(input.value);
        const auto key = std::pair(input.value.number, input.layer);
        switch (input.source) {
        case InputSource::kOwned: {
            const bool isState = graph_.inputRole(input.value) == InputRole::kOptimizerState;
            bufferOf_[input.value.index()] =
                writer_.addBuffer(value.name, input.value, value.type, input.spec,
                                  isState ? BufferKind::kState : BufferKind::kParameter);
            break;
        }
        case InputSource::kBatch:
            copyOf_[key] = writer_.addBuffer(value.name, input.value, value.type, input.spec,
                                             BufferKind::kBatch);
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
            // A shared parameter is not an input of this stage: the host must not fill it.
            const BufferId id =
                writer_.addBuffer(valueLabel(graph_, input.value), input.value,
                                  graph_.type(input.value), input.spec, BufferKind::kTemporary);
            copyOf_[key] = id;
            const bool isParameter =
                crossing.oncePerStep && crossing.readIn != SegmentKind::kUpdate;
            writer_.receive(t, id, isParameter ? SegmentKind::kBegin : crossing.readIn);
        }
    }

    void receiveScalars()
    {
        for (size_t t = 0; t < crossings_.size(); ++t) {
            const Crossing& crossing = crossings_[t];
            if (crossing.toStage != index_ || crossing.layer >= 0)
                continue;
            const BufferId id = writer_.addBuffer(valueLabel(graph_, crossing.value),
                                                  crossing.value, graph_.type(crossing.value),
                                                  crossing.toSpec, BufferKind::kTemporary);
            bufferOf_[crossing.value.index()] = id;
            writer_.receive(t, id, crossing.readIn);
        }
    }

    // --- ops
    // -------------------------------------------------------------------------------------------------

    bool isRecomputed(ValueId value) const
    {
        const OpId producer = graph_.value(value).producer;
        return producer.isValid() && isRecomputed_[producer.index()];
    }

    /// Where an op of `layer` finds `value` in this stage, before its own resharding.
    Result<BufferId> find(ValueId value, int layer, SegmentKind kind, OpId reader)
    {
        const auto key = std::pair(value.number, layer);
        if (const auto copy = copyOf_.find(key); copy != copyOf_.end())
            return copy->second;
        const BufferId own = bufferOf_[value.index()];
        if (!own.isValid())
            return Error(ErrorCode::kUnsupported,
                         fmt::format("stage {}: {} of layer {} is not there for {}", index_,
                                     valueLabel(graph_, value), layer,
                                     opKindName(graph_.op(reader).kind)));
        const auto local = localSpec_.find(key);
        if (local == localSpec_.end() || local->second == writer_.buffer(own).spec)
            return own;
        ASSIGN_OR_RETURN(const BufferId copy, writer_.reshard(own, local->second, kind, reader));
        // Parameters are resharded anew in every segment, activations once.
        if (graph_.value(value).producer.isValid())
            copyOf_[key] = copy;
        return copy;
    }

    /// Runs the forward ops again whose results `op` reads and nobody has kept, those that they
    /// read first. What an op of the backward pass recomputes stays there for later ones.
    Status recomputeFor(OpId reader, SegmentKind kind)
    {
        std::vector<size_t> needed; // Positions in stage_.ops.
        std::vector<OpId> open{reader};
        while (!open.empty()) {
            const Op& op = graph_.op(open.back());
            open.pop_back();
            for (const ValueId operand : op.operands) {
                const OpId producer = graph_.value(operand).producer;
                if (!isRecomputed(operand) || positionOf_[producer.index()] < 0 ||
                    isRunAgain_[producer.index()])
                    continue;
                isRunAgain_[producer.index()] = true;
                needed.push_back(static_cast<size_t>(positionOf_[producer.index()]));
                open.push_back(producer);
            }
        }
        std::ranges::sort(needed);
        for (const size_t position : needed)
            forgetCopies(graph_.op(stage_.ops[position]).results[0]);
        for (const size_t position : needed)
            RETURN_IF_ERROR(lowerOp(position, kind));
        return {};
    }

    /// The forward pass's copies for other layers are not kept either.
    void forgetCopies(ValueId value)
    {
        copyOf_.erase(copyOf_.lower_bound({value.number, INT_MIN}),
                      copyOf_.upper_bound({value.number, INT_MAX}));
    }

    Status lowerOp(size_t position, SegmentKind kind)
    {
        const OpId id = stage_.ops[position];
        const Op& op = graph_.op(id);
        const OpSharding& sharding = stage_.shardings[position];
        const int layer = plan_.layerOfOp[id.index()];
        if (const auto* opaque = std::get_if<OpaqueAttributes>(&op.attributes))
            return Error(
                ErrorCode::kUnsupported,
                fmt::format(
                    "line {}: '{}' can be planned but not run: what it computes is not known",
                    op.sourceLine, opaque->name));
        if (op.results.size() != 1)
            return Error(ErrorCode::kUnsupported, fmt::format("line {}: {} cannot be executed",
                                                              op.sourceLine, opKindName(op.kind)));
        if (kind == SegmentKind::kBackward || kind == SegmentKind::kWeightGradient)
            RETURN_IF_ERROR(recomputeFor(id, kind));
        Result<LocalOp> local = localOp(graph_, op, sharding, stage_.mesh);
        if (!local)
            return local.error().in(fmt::format("line {}", op.sourceLine));
        Instruction instruction;
        instruction.kind = InstructionKind::kCompute;
        instruction.op = id;
        instruction.opKind = op.kind;
        instruction.attributes = std::move(local->attributes);
        instruction.offsets = std::move(local->offsets);
        for (size_t o = 0; o < op.operands.size(); ++o) {
            ASSIGN_OR_RETURN(const BufferId source, find(op.operands[o], layer, kind, id));
            ASSIGN_OR_RETURN(const BufferId operand,
                             writer_.reshard(source, sharding.operands[o], kind, id));
            instruction.inputs.push_back(operand);
        }
        return addResult(std::move(instruction), op, sharding, kind, id);
    }

    Status addResult(Instruction instruction, const Op& op, const OpSharding& sharding,
                     SegmentKind kind, OpId id)
    {
        const ValueId result = op.results[0];
        const FactorRule& rule = rules_.rules[static_cast<size_t>(rules_.ofOp[id.index()])];
        const bool isAccumulator = op.kind == OpKind::kAccumulate;
        const ShardingSpec produced =
            isAccumulator ? sharding.results[0] : producedSpec(rule, sharding);
        const BufferId out =
            writer_.addBuffer(valueLabel(graph_, result), result, graph_.type(result), produced,
                              isAccumulator ? BufferKind::kGradient : BufferKind::kTemporary);
        instruction.outputs = {out};
        writer_.segment(kind).push_back(std::move(instruction));
        ASSIGN_OR_RETURN(bufferOf_[result.index()],
                         writer_.reshard(out, sharding.results[0], kind, id));
        if (isAccumulator || kind != segments_[id.index()])
            return {};
        return send(result, kind);
    }

    // --- sends
    // -----------------------------------------------------------------------------------------------

    Status send(ValueId value, SegmentKind kind)
    {
        for (size_t t = 0; t < crossings_.size(); ++t) {
            const Crossing& crossing = crossings_[t];
            if (crossing.fromStage != index_ || crossing.value != value)
                continue;
            ShardingSpec whole = writer_.buffer(bufferOf_[value.index()]).spec;
            whole.partial = 0;
            whole.partialKind = ReduceKind::kAdd;
            ASSIGN_OR_RETURN(const BufferId from,
                             writer_.reshard(bufferOf_[value.index()], whole, kind, OpId()));
            writer_.send(t, from, whole, kind);
        }
        return {};
    }

    Status exchangeSharedParameters()
    {
        for (const PlannedInput& input : stage_.inputs) {
            if (input.source == InputSource::kOwned &&
                graph_.inputRole(input.value) == InputRole::kParameter)
                RETURN_IF_ERROR(send(input.value, SegmentKind::kBegin));
        }
        // Sends before receives: with buffered sends no order of stages can then wait in a circle.
        std::ranges::stable_partition(writer_.segment(SegmentKind::kBegin),
                                      [](const Instruction& instruction) {
                                          return instruction.kind != InstructionKind::kReceive;
                                      });
        return {};
    }

    /// Accumulated gradients for parameters of other stages leave at the start of the update.
    Status sendAccumulated()
    {
        std::vector<Instruction> rest = std::move(writer_.segment(SegmentKind::kUpdate));
        writer_.segment(SegmentKind::kUpdate).clear();
        for (const OpId id : stage_.ops) {
            if (graph_.op(id).kind == OpKind::kAccumulate)
                RETURN_IF_ERROR(send(graph_.op(id).results[0], SegmentKind::kUpdate));
        }
        auto& update = writer_.segment(SegmentKind::kUpdate);
        update.insert(update.end(), std::make_move_iterator(rest.begin()),
                      std::make_move_iterator(rest.end()));
        return {};
    }

    // --- ends
    // ------------------------------------------------------------------------------------------------

    Status finishLoss()
    {
        for (const GraphOutput& output : graph_.outputs) {
            const BufferId own = bufferOf_[output.value.index()];
            if (output.role != OutputRole::kLoss || !own.isValid() || !isProducedHere(output.value))
                continue;
            ASSIGN_OR_RETURN(
                const BufferId loss,
                writer_.reshard(own, ShardingSpec::replicated(graph_.type(output.value).rank()),
                                SegmentKind::kForward, OpId()));
            writer_.setLoss(loss);
        }
        return {};
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
        int last = 0;                                       // Of the update.
        std::vector<int> lastUse(graph_.values.size(), -1); // Of old values and of new ones.
        for (size_t i = 0; i < stage_.ops.size(); ++i) {
            const Op& op = graph_.op(stage_.ops[i]);
            for (const auto* side : {&op.operands, &op.results}) {
                for (const ValueId value : *side)
                    lastUse[value.index()] = static_cast<int>(i);
            }
            if (op.phase == Phase::kUpdate)
                last = static_cast<int>(i);
        }
        for (const GraphOutput& output : graph_.outputs) {
            if (!output.alias.isValid() || output.value == output.alias ||
                !bufferOf_[output.alias.index()].isValid())
                continue;
            const OpId producer = graph_.value(output.value).producer;
            const auto computed = std::ranges::find(stage_.ops, producer);
            if (computed == stage_.ops.end())
                continue;
            // What follows from a step count is computed again inside later updates: it is stored
            // last, where it takes nothing.
            const bool isScalar = graph_.type(output.value).rank() == 0;
            const int after = std::max({lastUse[output.alias.index()], isScalar ? last : 0,
                                        static_cast<int>(computed - stage_.ops.begin())});
            storesAfter_[after].push_back(&output);
        }
    }

    Status storeUpdates(size_t position)
    {
        const auto due = storesAfter_.find(static_cast<int>(position));
        if (due == storesAfter_.end())
            return {};
        for (const GraphOutput* output : due->second) {
            const BufferId stored = bufferOf_[output->alias.index()];
            const OpId producer = graph_.value(output->value).producer;
            ASSIGN_OR_RETURN(const BufferId updated,
                             writer_.reshard(bufferOf_[output->value.index()],
                                             writer_.buffer(stored).spec, SegmentKind::kUpdate,
                                             producer));
            Instruction store;
            store.kind = InstructionKind::kCompute;
            store.op = producer;
            store.opKind = OpKind::kConvert;
            store.inputs = {updated};
            store.outputs = {stored};
            writer_.segment(SegmentKind::kUpdate).push_back(std::move(store));
        }
        return {};
    }

    const ParallelPlan& plan_;
    const Graph& graph_;
    const PlanStage& stage_;
    int index_;
    const std::vector<Crossing>& crossings_;
    const GraphRules& rules_;
    const std::vector<SegmentKind>& segments_;
    StageWriter writer_;
    std::vector<bool> isRecomputed_; ///< Per op.
    std::vector<bool> isRunAgain_ = std::vector<bool>(graph_.ops.size(), false);
    std::vector<int> positionOf_;    ///< Per op, in stage_.ops; -1: of another stage.
    std::vector<BufferId> bufferOf_; ///< Per value: as computed or stored here.
    std::map<std::pair<uint32_t, int>, BufferId>
        copyOf_; ///< (value, layer): batch inputs, received and kept copies.
    std::map<std::pair<uint32_t, int>, ShardingSpec> localSpec_;
    std::map<int, std::vector<const GraphOutput*>>
        storesAfter_; ///< By position in the stage's ops.
};

} // namespace

Result<StageCode> lowerStage(const LoweringInput& input, int stage)
{
    return StageLowering(input, stage).run();
}

} // namespace alpa
