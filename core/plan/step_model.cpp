#include "core/plan/step_model.h"

#include "core/plan/assemble_plan.h"
#include "core/schedule/step_time.h"

#include <algorithm>
#include <cmath>

namespace alpa
{

SimulationProblem simulationOf(const ParallelPlan& plan, const LayeredGraph& layered)
{
    SimulationProblem problem{.schedule = plan.schedule,
                              .microbatches = plan.microbatches,
                              .chunks = plan.chunks,
                              .stages = {},
                              .links = findLinks(layered, plan.cluster, plan.stages)};
    for (const PlanStage& stage : plan.stages)
        problem.stages.push_back(loadOf(layered, plan, stage));
    return problem;
}

StepModel::StepModel(const ParallelPlan& plan, const LayeredGraph& layered)
    : problem_(simulationOf(plan, layered))
    , base_(plan.stepTime)
{
    const Result<Seconds> again = simulateStepTime(problem_);
    isFaithful_ = again.ok() && std::abs(*again / base_ - 1) < 1e-9;
}

Seconds StepModel::added(size_t stage, Seconds more) const
{
    if (!std::isfinite(more.count))
        return more;
    SimulationProblem slower = problem_;
    StageLoad& load = slower.stages[stage];
    const double whole = (load.forward + load.backward).count;
    if (isFaithful_ && whole > 0) {
        const double factor = std::max(0.0, 1 + more.count / whole);
        load.forward = load.forward * factor;
        load.backward = load.backward * factor;
        load.weightGradient = load.weightGradient * factor;
        if (const Result<Seconds> time = simulateStepTime(slower); time.ok())
            return *time - base_;
    }
    return more * static_cast<double>(problem_.microbatches);
}

} // namespace alpa
