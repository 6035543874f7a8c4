#include "core/plan/assemble_whole.h"

#include "core/plan/plan_context.h"
#include "core/plan/team.h"

#include <bit>

namespace alpa
{
namespace
{

AssembledStageKey keyOf(const AssemblyRequest& request, size_t stage)
{
    const ChosenStage& chosen = request.stages[stage];
    const StageSharding& sharding = chosen.sharding;
    const Submesh& place = chosen.submesh;
    const KeptMicrobatches kept = keptBy(request, static_cast<int>(stage));
    std::vector<uint64_t> words = chosen.sharder->signature(chosen.request);
    for (const int number :
         {chosen.request.firstLayer, place.firstHost, place.hosts, place.firstDevice,
          place.devicesPerHost, kept.inFlight, kept.held, kept.deferred, sharding.decisions,
          sharding.strategies, sharding.isOptimal ? 1 : 0})
        words.push_back(static_cast<uint64_t>(number));
    for (const double number : {sharding.objective, sharding.lowerBound, sharding.scalars.count})
        words.push_back(std::bit_cast<uint64_t>(number));
    words.insert(words.end(), sharding.choice.begin(), sharding.choice.end());
    words.insert(words.end(), sharding.method.begin(), sharding.method.end());
    return {chosen.sharder, std::move(words)};
}

} // namespace

Result<std::shared_ptr<const ParallelPlan>> assembleWhole(const AssemblyRequest& request,
                                                          PlanContext& context, Seconds bound)
{
    std::vector<AssembledStage> stages(request.stages.size());
    context.team().run(stages.size(), threadsFor(request.plan->options.threads), [&](size_t s) {
        stages[s] = *context.assembledStage(keyOf(request, s), [&] {
            AssembledStage assembled = assembleStage(request, s);
            assembled.stage.decisions = decisionsOf(request, s);
            return assembled;
        });
    });
    ASSIGN_OR_RETURN(auto plan, assemblePlan(request, std::move(stages)));
    plan->stepBound = bound;
    return std::shared_ptr<const ParallelPlan>(std::move(plan));
}

} // namespace alpa
