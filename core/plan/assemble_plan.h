// From chosen stages to a ParallelPlan: shardings read back, every cost term counted again op by
// op, memory and timeline predicted.
#pragma once

#include "core/plan/stage_candidates.h"
#include "core/plan/stage_cost.h"

namespace alpa
{

/// One stage as chosen: its layers, its mesh on concrete devices, and the sharder and solution that
/// it came from.
struct ChosenStage {
    Submesh submesh;
    DeviceMesh mesh;
    std::shared_ptr<StageSharder> sharder;
    StageRequest request;
    StageSharding sharding;
};

struct AssemblyRequest {
    const PlanRequest* plan = nullptr;
    std::shared_ptr<const PreparedModel> model;
    std::vector<ChosenStage> stages;
    ScheduleKind schedule = ScheduleKind::k1f1b;
    int chunks =
        1; ///< Of interleaved schedules; then stages[s] lies where stages[s mod groups] does.
    int microbatches = 1;
};

/// Shardings of the stage's ops and inputs, read back from the solution; nothing counted yet.
PlanStage readStage(const LayeredGraph& layered, const ChosenStage& chosen);
/// What the solver proved of the stage.
Certificate certificateOf(const ChosenStage& chosen);
/// What stage `stage` keeps at once.
KeptMicrobatches keptBy(const AssemblyRequest& request, int stage);
KeptMicrobatches keptBy(ScheduleKind schedule, int stages, int stage, int microbatches, int chunks);

/// What the simulation needs of a stage of the plan. `weights`: of zero-bubble schedules.
StageLoad loadOf(const ParallelPlan& plan, const PlanStage& stage, const WeightInputs& weights);
StageLoad loadOf(const LayeredGraph& layered, const ParallelPlan& plan, const PlanStage& stage);
/// Adds what stages receive to the plan; returns its step, to be simulated. `weights`: per stage.
SimulationProblem simulationOf(ParallelPlan& plan, std::vector<StageLink> links,
                               const std::vector<WeightInputs>& weights);

/// A stage of a plan, but for its decisions and what it receives.
struct AssembledStage {
    PlanStage stage;
    WeightInputs weights;
};
AssembledStage assembleStage(const AssemblyRequest& request, size_t stage);
/// What the solver decided and could have decided, with everything else as chosen.
std::vector<Decision> decisionsOf(const AssemblyRequest& request, size_t stage);
/// The plan made of all its stages.
Result<std::shared_ptr<ParallelPlan>> assemblePlan(const AssemblyRequest& request,
                                                   std::vector<AssembledStage> stages);
/// Everything but the stages' decisions, which only the plan that is shown needs.
Result<std::shared_ptr<ParallelPlan>> assemblePlan(const AssemblyRequest& request);

/// Values that cross from one stage to another every microbatch, as links of the simulation.
std::vector<StageLink> findLinks(const LayeredGraph& layered, const Cluster& cluster,
                                 const std::vector<PlanStage>& stages);

} // namespace alpa
