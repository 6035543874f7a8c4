// What judging a plan needs to know of a stage: its cost and memory, without the shardings of its
// ops. Equal stages, of one plan or of the next, are counted once.
#pragma once

#include "core/plan/assemble_plan.h"
#include "core/plan/stage_cost.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace alpa
{

struct StageFigures {
    StageCost cost;     ///< But for what it receives.
    StageMemory memory; ///< Of one microbatch in flight and none that waits.
    WeightInputs weights;
    std::shared_ptr<const StageMoment> fullest; ///< When memory.transient is held.
};

/// All that the figures of a stage depend on.
struct StageFiguresKey {
    std::shared_ptr<const StageSharder> sharder;
    std::vector<uint64_t> run; ///< Of layers, where their inputs come from, and recomputation.
    std::vector<int> choice;
    friend auto operator<=>(const StageFiguresKey&, const StageFiguresKey&) = default;
};

class PlanContext;

StageFigures countFigures(const LayeredGraph& layered, const Cluster& cluster,
                          const ChosenStage& chosen);
/// The same, counted when first asked for.
std::shared_ptr<const StageFigures> figuresOf(const ChosenStage& chosen, PlanContext& context);

/// The plan that assemblePlan would make, with cost, memory and step time but without timeline, the
/// stages' ops and inputs but those that other stages send. Not simulated, with a step time of
/// kForever, if it cannot be faster than `cutoff`. Fails as the simulation does.
Result<std::shared_ptr<const ParallelPlan>>
assessPlan(const AssemblyRequest& request, PlanContext& context, Seconds cutoff = kForever);

} // namespace alpa
