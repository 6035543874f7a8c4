// What one sharded stage costs and holds, counted op by op from the shardings alone: independent of
// the integer programme, which must agree.
#pragma once

#include "core/intra_op/layered_graph.h"
#include "core/plan/parallel_plan.h"
#include "core/sharding/reshard.h"

#include <functional>
#include <map>

namespace alpa
{

/// Which total of StageCost a term adds to.
enum class CostGroup {
    kForwardCompute,
    kForwardCommunication,
    kBackwardCompute,
    kBackwardCommunication,
    kGradientSync,
    kUpdate
};
/// One addend of a stage's cost: an op that computes, or a value that changes its sharding.
struct CostTerm {
    CostGroup group = CostGroup::kForwardCompute;
    int layer = 0;
    OpId op;       ///< That computes or needs the value; invalid for copies between layers and for
                   ///< updated parameters that go back to where they are stored.
    ValueId value; ///< The op's result, or what is resharded.
    ShardingSpec from, to; ///< Equal for computing.
    Seconds time;
};
/// Calls `visit` for every addend of the stage's cost, in the order in which countStageCost adds.
void forEachCostTerm(const LayeredGraph& layered, const PlanStage& stage, Resharder& resharder,
                     const std::function<void(const CostTerm&)>& visit);

/// Sets what computing hides of the reductions and of `gathers`, those of updated parameters.
void hideOverlapped(StageCost& cost, Seconds gathers, const DeviceKind& device);

/// Times of the stage with the given inputs, ops and shardings on `resharder`'s mesh.
StageCost countStageCost(const LayeredGraph& layered, const PlanStage& stage, Resharder& resharder);

/// How many microbatches a stage keeps something of at once, by its schedule; see
/// core/inter_op/schedule_kind.h.
struct KeptMicrobatches {
    int inFlight = 1;
    int held = 1;
    int deferred = 0; ///< 0: weight gradients do not wait.
};

/// Bytes per device, but for StageMemory::transient, which is transient_memory.h's.
StageMemory countStageMemory(const LayeredGraph& layered, const PlanStage& stage,
                             const KeptMicrobatches& kept);
/// What a microbatch whose weight gradients wait keeps until then: saved activations and cotangents
/// that they read.
struct WeightInputs {
    Bytes activations, cotangents;
};
WeightInputs countWeightInputs(const LayeredGraph& layered, const PlanStage& stage);
/// Makes a stage's memory that of `kept` microbatches.
void keepMicrobatches(StageMemory& memory, const WeightInputs& weights,
                      const KeptMicrobatches& kept);

/// Spec under which an op of `layer` finds `value` in the stage: of its producer or stored tensor
/// in the same layer, or of the copy that PlanStage::inputs holds for the layer.
class StageValues
{
public:
    StageValues(const LayeredGraph& layered, const PlanStage& stage);
    const ShardingSpec& spec(ValueId value, int layer) const;
    /// The sharding of an op of the stage; nullptr if it is not of the stage.
    const OpSharding* sharding(OpId op) const;

private:
    const LayeredGraph& layered_;
    const PlanStage& stage_;
    std::vector<int> indexOfOp_;
    std::map<std::pair<uint32_t, int>, const ShardingSpec*> inputs_;
};

} // namespace alpa
