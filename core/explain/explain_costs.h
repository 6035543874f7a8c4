// Every term of a plan's predicted step, counted again from its shardings: what `alpa show PLAN
// costs` prints and the window draws. Sums of the terms are the totals of the plan.
#pragma once

#include "core/cost/compute_time.h"
#include "core/plan/stage_cost.h"

#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// "forward", "forward communication", "backward", ..., "gradient sync", "update".
std::string_view costGroupName(CostGroup group);
/// "all-gather".
std::string_view reshardName(ReshardKind kind);
/// Is the term paid once per step, and not for every microbatch?
bool isPerStep(CostGroup group);

/// One collective of a resharding: fixed + transfer + copies is its time.
struct CollectiveTerm {
    ReshardKind kind = ReshardKind::kAllReduce;
    std::string axis; ///< "x"
    int devices = 1;
    Bytes bytes;             ///< Of the full buffer.
    Seconds fixed;           ///< Launch and latency: what an empty buffer takes.
    Seconds transfer;        ///< What its bytes add.
    Seconds copies;          ///< Bringing the members' parts into order.
    bool isMeasured = false; ///< Interpolated from measurements rather than by alpha-beta.
    Seconds time() const { return fixed + transfer + copies; }
};

/// One addend of a stage's cost and what it is made of.
struct ExplainedTerm {
    CostTerm term;
    std::string label;                 ///< "GPT/block_0/fc:dot", or the value's name.
    std::optional<OpRoofline> compute; ///< For computing.
    std::vector<CollectiveTerm> steps; ///< For resharding; empty if it is local.
};

/// A transfer of activations (or their gradients) between stages, per microbatch.
struct TransferTerm {
    ValueId value;
    int fromStage = 0, toStage = 0;
    Bytes bytes;
    Seconds time; ///< The value's share of its link's time.
};

struct StageCosts {
    StageCost total;                  ///< Sum of `terms`; receive: sum of `received`.
    std::vector<StageCost> layers;    ///< By layer of the stage; without receive.
    std::vector<ExplainedTerm> terms; ///< In the order of the ops.
    std::vector<TransferTerm> received;
    Seconds busy; ///< Microbatches x their time, gradient sync and update.
    Seconds idle; ///< busy + idle is the step.
    StageMemory memory;
    Bytes margin; ///< The limit less the need.
};

/// What the step is made of along its critical path: the chain of tasks and transfers, each
/// beginning when the one before it ends, that leads to the end of the step.
struct CriticalTerm {
    std::string name; ///< "forward compute", "transfer between stages", ...
    Seconds time;
};

std::vector<CriticalTerm> criticalPath(const ParallelPlan& plan,
                                       const std::vector<StageLink>& links);

struct PlanCosts {
    std::vector<StageCosts> stages;
    std::vector<CriticalTerm> critical; ///< In a fixed order, without zeros; their sum is the step.
    Seconds stepTime;
};

/// Assumes a plan as makePlan or loadPlan gives it. O(ops of the graph).
PlanCosts explainCosts(const ParallelPlan& plan);

/// The plan's graph with its layers, as the planner saw it.
LayeredGraph layeredGraphOf(const ParallelPlan& plan, int kind = 0);

/// "all-reduce over y (4): 33.55 MB, 172.4 us = 18 us + 154.4 us (measured)".
std::string formatCollective(const CollectiveTerm& term);

/// Which part of the costs to print.
struct CostSelection {
    std::optional<int> stage;
    std::optional<int> layer; ///< All terms of this layer.
    int top = 12;             ///< Without a layer: so many of the largest terms of a stage.
};
std::string formatCosts(const ParallelPlan& plan, const PlanCosts& costs,
                        const CostSelection& selection);
/// Everything, as one JSON object.
std::string costsToJson(const ParallelPlan& plan, const PlanCosts& costs);

} // namespace alpa
