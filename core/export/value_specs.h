// Where the values of a plan's graph live and how they are split, looked up by value rather than by
// stage: what every exporter starts from.
#pragma once

#include "core/plan/parallel_plan.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alpa
{

struct ValueSpecs {
    /// Per value: as stored (inputs) or as its op leaves it; nothing for values of no stage.
    std::vector<std::optional<ShardingSpec>> produced;
    std::vector<int> stageOfValue;       ///< -1: of no stage.
    std::vector<const OpSharding*> ofOp; ///< Per op of the graph; null: of no stage.
    std::vector<int> stageOfOp;          ///< -1: of no stage.

    const ShardingSpec* spec(ValueId value) const
    {
        const auto& known = produced[value.index()];
        return known ? &*known : nullptr;
    }
};

/// Assumes that `plan` outlives the result. A batch input that several layers read differently has
/// the spec of the first. Linear in the size of the graph.
ValueSpecs collectValueSpecs(const ParallelPlan& plan);

/// The pipeline rank of every stage: stages on the same devices (interleaved schedules) share one.
std::vector<int> ranksOfStages(const ParallelPlan& plan);

/// A refusal: "FORMAT cannot express this plan: REASON".
Error refusal(std::string_view format, std::string_view reason);

/// Refuses plans of several stages. `advice` completes the reason.
Status requireOneStage(const ParallelPlan& plan, std::string_view format, std::string_view advice);

/// Refuses plans whose devices are not 0, 1, 2, ... stage by stage, as ranks are counted.
Status requireDevicesInOrder(const ParallelPlan& plan, std::string_view format);
/// Refuses plans that leave devices of the cluster idle.
Status requireAllDevices(const ParallelPlan& plan, std::string_view format);

/// Is the update the planner's own, as the plan's options say, and not that of a file that holds a
/// whole training step?
bool hasPlannersOptimizer(const ParallelPlan& plan);

/// The stages, earlier and later, between which activations go, in the order in which the
/// timeline's transfers number their links.
std::vector<std::pair<int, int>> linksOfStages(const ParallelPlan& plan, const ValueSpecs& specs);

/// One line that says which plan a file was exported from.
std::string describePlan(const ParallelPlan& plan);

} // namespace alpa
