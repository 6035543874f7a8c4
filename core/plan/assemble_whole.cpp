#include "core/plan/assemble_whole.h"

#include "core/plan/plan_context.h"
#include "core/plan/stage_figures.h"
#include "core/plan/team.h"

namespace alpa
{
namespace
{

/// What was proven of the stage, and how, is not part of it: prices without a limit are the same.
AssembledStageKey keyOf(const AssemblyRequest& request, size_t stage)
{
    const ChosenStage& chosen = request.stages[stage];
    const Submesh& place = chosen.submesh;
    const KeptMicrobatches kept = keptBy(request, static_cast<int>(stage));
    StageRequest asked = chosen.request;
    asked.memoryLimit.reset();
    asked.effort = StageEffort::kFull;
    std::vector<uint64_t> words = chosen.sharder->signature(asked);
    for (const int number : {asked.firstLayer, place.firstHost, place.hosts, place.firstDevice,
                             place.devicesPerHost, kept.inFlight, kept.held, kept.deferred})
        words.push_back(static_cast<uint64_t>(number));
    words.insert(words.end(), chosen.sharding.choice.begin(), chosen.sharding.choice.end());
    return {chosen.sharder, std::move(words)};
}

/// As assembleStage, with what was counted when the stage was judged.
AssembledStage assembleJudged(const AssemblyRequest& request, size_t stage, PlanContext& context)
{
    const ChosenStage& chosen = request.stages[stage];
    const auto figures = figuresOf(chosen, context);
    AssembledStage assembled{.stage = readStage(chosen.sharder->layered(), chosen),
                             .weights = figures->weights};
    assembled.stage.cost = figures->cost;
    assembled.stage.memory = figures->memory;
    keepMicrobatches(assembled.stage.memory, figures->weights,
                     keptBy(request, static_cast<int>(stage)));
    assembled.stage.decisions = decisionsOf(request, stage);
    return assembled;
}

} // namespace

Result<std::shared_ptr<const ParallelPlan>> assembleWhole(const AssemblyRequest& request,
                                                          PlanContext& context, Seconds bound)
{
    std::vector<AssembledStage> stages(request.stages.size());
    context.team().run(stages.size(), threadsFor(request.plan->options.threads), [&](size_t s) {
        stages[s] = *context.assembledStage(keyOf(request, s),
                                            [&] { return assembleJudged(request, s, context); });
        stages[s].stage.certificate = certificateOf(request.stages[s]);
    });
    ASSIGN_OR_RETURN(auto plan, assemblePlan(request, std::move(stages)));
    plan->stepBound = bound;
    return std::shared_ptr<const ParallelPlan>(std::move(plan));
}

} // namespace alpa
