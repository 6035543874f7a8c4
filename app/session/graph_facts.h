// A graph with everything that views look up in it, computed once off the GUI thread: layers, users
// of values, and, when a plan belongs to it, specs, communication and decisions by op.
#pragma once

#include "app/session/plan_numbers.h"
#include "app/session/scope_tree.h"
#include "core/plan/parallel_plan.h"
#include "core/sharding/reshard.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace alpa::app
{

/// One place of a stage where a value must change its spec before an op can read it.
struct Communication {
    int stage = 0;
    OpId consumer;
    ValueId value;
    std::vector<ReshardStep> steps;
    Seconds time;
};

/// A value that crosses from one stage to another, every microbatch.
struct StageTransfer {
    int fromStage = 0;
    int toStage = 0;
    ValueId value;
    ShardingSpec spec; ///< As the receiver holds it.
};

struct LayerFacts {
    std::string name;
    int stage = -1; ///< -1 without a plan.
    int64_t parameters = 0;
    Flops flops;                  ///< Of one microbatch; zero without a plan.
    std::vector<ValueId> weights; ///< Parameters first read in this layer, largest first.
    ValueId output;               ///< The largest value that a later layer reads; invalid if none.
    int forwardOps = 0, backwardOps = 0, updateOps = 0;
    int collectives = 0;   ///< Within the stage, forward and backward.
    Seconds communication; ///< Their time.
    Seconds compute; ///< Of one device and microbatch, forward and backward; zero without a plan.
    int twin = 0;    ///< The first layer with the same ops, sizes, shardings and stage: this one if
                     ///< there is none before.
};

/// Where a decision stands: stage and index into its decisions.
struct DecisionPlace {
    int stage = -1;
    int index = -1;
    bool isValid() const { return stage >= 0; }
};

struct GraphFacts {
    std::shared_ptr<const Graph> graph;
    std::shared_ptr<const ParallelPlan> plan; ///< Null before planning.
    int dataParallel = 1, tensorParallel = 1; ///< Degrees of the plan, which takes O(ops) to tell.
    std::vector<LayerFacts> layers;
    std::vector<int> layerOfOp; ///< -1: in no layer.
    std::vector<std::vector<OpId>> users;
    std::vector<int> stageOfOp;                  ///< -1 without a plan, as in the following.
    std::vector<const OpSharding*> shardingOfOp; ///< Into the plan; null if none.
    std::vector<std::optional<ShardingSpec>> specOfValue; ///< As produced, or as stored.
    std::vector<int> stageOfValue;
    std::vector<Communication> communications;
    std::vector<std::vector<int>> communicationsOfOp;
    std::vector<StageTransfer> transfers;
    std::vector<DecisionPlace> decisionOfOp, decisionOfValue;
    PlanNumbers numbers;           ///< Zero without a plan.
    std::vector<Seconds> timeOfOp; ///< Compute of one device; empty without a plan.

    const Decision* decision(DecisionPlace place) const;
    /// That the value's sharding follows from: its own, else its producer's.
    DecisionPlace decisionBehind(ValueId id) const;
    /// "GPT/block_0/fc:dot", the label that pins match.
    std::string opLabel(OpId id) const;
};

std::shared_ptr<const GraphFacts> describeGraph(std::shared_ptr<const Graph> graph,
                                                const LayerGroups& layers);
/// O(ops + operands): up to 0.1 s for a model of 30,000 ops, so not for the GUI thread.
std::shared_ptr<const GraphFacts> describePlan(std::shared_ptr<const ParallelPlan> plan);

/// "AR y": the collective and its axis, as on the badges of the graph. Empty for local slices.
std::string reshardBadge(const std::vector<ReshardStep>& steps);
/// Letters of a mesh axis: "x".
char axisLetter(int axis);

} // namespace alpa::app
