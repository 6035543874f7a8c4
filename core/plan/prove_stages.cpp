#include "core/plan/prove_stages.h"

#include "core/plan/stage_figures.h"
#include "core/plan/team.h"

#include <algorithm>

namespace alpa
{

std::jthread proveAhead(const Attempt& best, int threads)
{
    if (threads < 2 || best.assembly.stages.size() != 1 ||
        !best.assembly.stages.front().request.memoryLimit)
        return {};
    ChosenStage stage = best.assembly.stages.front();
    stage.request.effort = StageEffort::kFull;
    return std::jthread([stage = std::move(stage)](std::stop_token stop) {
        (void)stage.sharder->solve(stage.request, {.stop = std::move(stop), .progress = {}});
    });
}

Status proveStages(Attempt& best, PlanContext& context, int threads, const JobControl& control)
{
    AssemblyRequest proven = best.assembly;
    bool isChanged = false;
    for (ChosenStage& stage : proven.stages) {
        isChanged |= stage.request.memoryLimit.has_value();
        stage.request.effort = StageEffort::kFull;
    }
    if (!isChanged)
        return {};
    control.report("proving the shardings of the stages", 0.95);
    context.team().run(proven.stages.size(), threads, [&](size_t s) {
        ChosenStage& stage = proven.stages[s];
        const StageShardingOutcome& outcome = stage.sharder->solve(stage.request, control);
        if (const auto* sharding = std::get_if<StageSharding>(&outcome))
            stage.sharding = *sharding;
    });
    if (control.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    ASSIGN_OR_RETURN(auto plan, assessPlan(proven, context));
    bool fits = true;
    for (size_t s = 0; s < plan->stages.size(); ++s) {
        const int kind = context.cluster().kindOfHost(plan->stages[s].submesh.firstHost);
        fits = fits && plan->deviceMemory(s) <=
                           memoryLimit(context.cluster(), proven.plan->options.constraints, kind);
    }
    if (fits && plan->stepTime <= best.plan->stepTime) {
        best.plan = std::move(plan);
        best.assembly = std::move(proven);
        return {};
    }
    // Its ops hold more for a moment, or the timeline gains nothing: the quick answers stay, and
    // are no worse than the bounds that were proven of the same programmes.
    for (size_t s = 0; s < proven.stages.size(); ++s) {
        StageSharding& kept = best.assembly.stages[s].sharding;
        const StageSharding& full = proven.stages[s].sharding;
        kept.lowerBound = std::min(kept.objective, std::max(kept.lowerBound, full.lowerBound));
        kept.isOptimal = full.isOptimal && kept.objective <= full.objective;
    }
    return {};
}

} // namespace alpa
