#include "core/plan/stage_figures.h"

#include "core/plan/plan_context.h"
#include "core/plan/team.h"
#include "core/plan/transient_memory.h"

namespace alpa
{
namespace
{

/// Where the copies of a stage's values come from. The counts below tell these apart.
InputSource sourceOf(const LayeredGraph& layered, const LayerCopy& copy, int firstLayer,
                     int endLayer)
{
    const int source = layered.layerOfValue[copy.value.index()];
    const bool isInside = source >= firstLayer && source < endLayer;
    return source < 0       ? InputSource::kBatch
           : isInside       ? InputSource::kLocal
           : copy.isPerStep ? InputSource::kSharedCopy
                            : InputSource::kReceived;
}

StageFiguresKey keyOf(const ChosenStage& chosen)
{
    const StageRequest& asked = chosen.request;
    StageFiguresKey key{.sharder = chosen.sharder,
                        .run = chosen.sharder->runSignature(asked.firstLayer, asked.endLayer),
                        .choice = chosen.sharding.choice};
    key.run.push_back((asked.recomputes ? 2u : 0u) + (asked.repeatsCheapOps ? 1u : 0u));
    key.run.push_back(static_cast<uint64_t>(asked.recomputedLayers));
    const LayeredGraph& layered = chosen.sharder->layered();
    for (const LayerCopy& copy : chosen.sharder->copiesIn(asked.firstLayer, asked.endLayer))
        key.run.push_back(
            static_cast<uint64_t>(sourceOf(layered, copy, asked.firstLayer, asked.endLayer)));
    return key;
}

/// What the other stages send.
std::vector<PlannedInput> receivedBy(const LayeredGraph& layered, const ChosenStage& chosen)
{
    const StageRequest& asked = chosen.request;
    std::vector<PlannedInput> inputs;
    for (const LayerCopy& copy : chosen.sharder->copiesIn(asked.firstLayer, asked.endLayer)) {
        if (sourceOf(layered, copy, asked.firstLayer, asked.endLayer) == InputSource::kReceived)
            inputs.push_back({.value = copy.value,
                              .layer = copy.layer,
                              .spec = {},
                              .source = InputSource::kReceived});
    }
    return inputs;
}

} // namespace

StageFigures countFigures(const LayeredGraph& layered, const Cluster& cluster,
                          const ChosenStage& chosen)
{
    const PlanStage stage = readStage(layered, chosen);
    Resharder resharder(cluster, stage.mesh);
    StageFigures figures{.cost = countStageCost(layered, stage, resharder),
                         .memory = countStageMemory(layered, stage, {}),
                         .weights = countWeightInputs(layered, stage),
                         .fullest = nullptr};
    const Moment fullest = fullestMoment(layered, stage);
    figures.memory.transient = fullest.bytes;
    figures.fullest = std::make_shared<const StageMoment>(
        chosen.sharder->momentOf(stage.firstLayer, stage.endLayer, fullest.values));
    return figures;
}

std::shared_ptr<const StageFigures> figuresOf(const ChosenStage& chosen, PlanContext& context)
{
    return *context.stageFigures(keyOf(chosen), [&] {
        return countFigures(chosen.sharder->layered(), context.cluster(), chosen);
    });
}

Result<std::shared_ptr<const ParallelPlan>> assessPlan(const AssemblyRequest& request,
                                                       PlanContext& context, Seconds cutoff)
{
    const LayeredGraph& layered = *request.model->layered;
    const Cluster& cluster = context.cluster();
    auto plan = std::make_shared<ParallelPlan>();
    plan->cluster = cluster;
    plan->schedule = request.schedule;
    plan->chunks = request.chunks;
    plan->microbatches = request.microbatches;
    plan->microbatchSize = request.model->microbatchSize;
    std::vector<std::shared_ptr<const StageFigures>> counted(request.stages.size());
    context.team().run(counted.size(), threadsFor(request.plan->options.threads),
                       [&](size_t s) { counted[s] = figuresOf(request.stages[s], context); });
    std::vector<WeightInputs> weights;
    const auto stages = static_cast<int>(request.stages.size());
    for (int s = 0; s < stages; ++s) {
        const ChosenStage& chosen = request.stages[static_cast<size_t>(s)];
        const auto& figures = counted[static_cast<size_t>(s)];
        PlanStage stage;
        stage.firstLayer = chosen.request.firstLayer;
        stage.endLayer = chosen.request.endLayer;
        stage.submesh = chosen.submesh;
        stage.mesh = chosen.mesh;
        stage.recomputes = chosen.request.recomputes;
        stage.repeatsCheapOps = chosen.request.repeatsCheapOps;
        stage.recomputedLayers = chosen.request.recomputedLayers;
        stage.inputs = receivedBy(layered, chosen);
        stage.cost = figures->cost;
        stage.memory = figures->memory;
        keepMicrobatches(stage.memory, figures->weights, keptBy(request, s));
        plan->stages.push_back(std::move(stage));
        weights.push_back(figures->weights);
    }
    const SimulationProblem simulation =
        simulationOf(*plan, findLinks(layered, cluster, plan->stages), weights);
    plan->stepTime = kForever;
    if (leastStepTime(simulation) < cutoff) {
        ASSIGN_OR_RETURN(plan->stepTime, context.stepTime(simulation));
    }
    return std::shared_ptr<const ParallelPlan>(std::move(plan));
}

} // namespace alpa
