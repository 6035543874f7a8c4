#include "core/plan/assemble_plan.h"

#include "core/base/check.h"
#include "core/mesh/collective_time.h"
#include "core/plan/stage_cost.h"
#include "core/plan/strategy_text.h"
#include "core/plan/transient_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace alpa
{
namespace
{

/// Reads the choices of one stage back into specs.
class StageReader
{
public:
    StageReader(const LayeredGraph& layered, const ChosenStage& chosen)
        : layered_(layered)
        , graph_(*layered.graph)
        , chosen_(chosen)
        , problem_(chosen.sharder->problem())
        , tables_(chosen.sharder->tables())
        , nodes_(chosen.sharder->nodesOf(chosen.request.firstLayer, chosen.request.endLayer))
        , choice_(problem_.nodes.size(), -1)
    {
        for (size_t n = 0; n < nodes_.size(); ++n)
            choice_[static_cast<size_t>(nodes_[n])] = chosen.sharding.choice[n];
        findSharedOps();
    }

    PlanStage read()
    {
        PlanStage stage;
        stage.firstLayer = chosen_.request.firstLayer;
        stage.endLayer = chosen_.request.endLayer;
        stage.submesh = chosen_.submesh;
        stage.mesh = chosen_.mesh;
        stage.recomputes = chosen_.request.recomputes;
        stage.repeatsCheapOps = chosen_.request.repeatsCheapOps;
        stage.recomputedLayers = chosen_.request.recomputedLayers;
        readOps(stage);
        readInputs(stage);
        stage.certificate = certificateOf(chosen_);
        return stage;
    }

    /// Deltas with everything else as chosen: what switching one decision alone would add to a
    /// step.
    std::vector<Decision> decisions() const;

private:
    ShardingSpec specAt(SpecListId list, int node) const
    {
        const int k = node < 0 ? 0 : std::max(choice_[static_cast<size_t>(node)], 0);
        const auto& specs = tables_.list(list);
        return specs[std::min(static_cast<size_t>(k), specs.size() - 1)];
    }
    bool isInside(int layer) const
    {
        return layer >= chosen_.request.firstLayer && layer < chosen_.request.endLayer;
    }

    /// The step count is kept by every stage, so all of them advance it.
    void findSharedOps()
    {
        std::vector<ValueId> pending;
        for (const GraphOutput& output : graph_.outputs) {
            if (output.role == OutputRole::kUpdatedState && graph_.type(output.value).rank() == 0)
                pending.push_back(output.value);
        }
        std::set<OpId> found;
        while (!pending.empty()) {
            const OpId producer = graph_.value(pending.back()).producer;
            pending.pop_back();
            if (!producer.isValid() || !found.insert(producer).second)
                continue;
            const Op& op = graph_.op(producer);
            pending.insert(pending.end(), op.operands.begin(), op.operands.end());
        }
        sharedOps_.assign(found.begin(), found.end());
    }

    /// In graph order.
    std::vector<OpId> opsOfStage() const
    {
        std::vector<OpId> ops = sharedOps_;
        for (int layer = chosen_.request.firstLayer; layer < chosen_.request.endLayer; ++layer) {
            const auto& own = layered_.opsOfLayer[static_cast<size_t>(layer)];
            ops.insert(ops.end(), own.begin(), own.end());
        }
        std::ranges::sort(ops);
        const auto repeated = std::ranges::unique(ops);
        ops.erase(repeated.begin(), repeated.end());
        return ops;
    }

    void readOps(PlanStage& stage)
    {
        for (const OpId id : opsOfStage()) {
            const size_t index = id.index();
            const Op& op = graph_.ops[index];
            const OpDecision& decision = problem_.ops[index];
            OpSharding sharding;
            for (size_t o = 0; o < op.operands.size(); ++o) {
                sharding.operands.push_back(
                    o < decision.operands.size()
                        ? specAt(decision.operands[o], decision.node)
                        : ShardingSpec::replicated(graph_.type(op.operands[o]).rank()));
            }
            for (size_t r = 0; r < op.results.size(); ++r) {
                sharding.results.push_back(
                    r == 0 ? specAt(decision.result, decision.node)
                           : ShardingSpec::replicated(graph_.type(op.results[r]).rank()));
            }
            stage.ops.push_back(id);
            stage.shardings.push_back(std::move(sharding));
        }
    }

    void readInputs(PlanStage& stage)
    {
        for (const GraphInput& input : graph_.inputs) {
            const int layer = layered_.layerOfValue[input.value.index()];
            const bool isScalar = graph_.type(input.value).rank() == 0;
            if (input.role != InputRole::kBatch && (isInside(layer) || isScalar))
                stage.inputs.push_back({.value = input.value,
                                        .layer = isScalar ? chosen_.request.firstLayer : layer,
                                        .spec = specAt(problem_.listOfInput[input.value.index()],
                                                       problem_.nodeOfInput[input.value.index()]),
                                        .source = InputSource::kOwned});
        }
        for (const LayerCopy& copy :
             chosen_.sharder->copiesIn(chosen_.request.firstLayer, chosen_.request.endLayer)) {
            const int source = layered_.layerOfValue[copy.value.index()];
            const InputSource kind = source < 0         ? InputSource::kBatch
                                     : isInside(source) ? InputSource::kLocal
                                     : copy.isPerStep   ? InputSource::kSharedCopy
                                                        : InputSource::kReceived;
            stage.inputs.push_back(
                {.value = copy.value,
                 .layer = copy.layer,
                 .spec = specAt(problem_.nodes[static_cast<size_t>(copy.node)].specs, copy.node),
                 .source = kind});
        }
    }

    const LayeredGraph& layered_;
    const Graph& graph_;
    const ChosenStage& chosen_;
    const MeshProblem& problem_;
    const SpecTables& tables_;
    std::vector<int> nodes_;
    std::vector<int> choice_;
    std::vector<OpId> sharedOps_; ///< Scalar bookkeeping that every stage repeats.
};

std::vector<Decision> StageReader::decisions() const
{
    std::vector<Decision> all;
    const IlpProblem ilp = chosen_.sharder->ilp(chosen_.request);
    std::vector<std::vector<double>> cost;
    for (const IlpNode& node : ilp.nodes)
        cost.push_back(node.costs);
    for (const IlpEdge& edge : ilp.edges) {
        const IlpMatrix& matrix = ilp.matrices[static_cast<size_t>(edge.matrix)];
        const auto from = static_cast<size_t>(edge.from);
        const auto to = static_cast<size_t>(edge.to);
        for (int k = 0; k < matrix.rows; ++k)
            cost[from][static_cast<size_t>(k)] += matrix.at(k, chosen_.sharding.choice[to]);
        for (int k = 0; k < matrix.columns; ++k)
            cost[to][static_cast<size_t>(k)] += matrix.at(chosen_.sharding.choice[from], k);
    }
    for (size_t n = 0; n < nodes_.size(); ++n) {
        const MeshNode& node = problem_.nodes[static_cast<size_t>(nodes_[n])];
        if (node.perMicrobatch.size() < 2 || node.kind == DecisionKind::kCopy)
            continue;
        Decision decision;
        decision.label = decisionLabel(graph_, node);
        decision.op = node.op;
        decision.value = node.value;
        const auto chosen = static_cast<size_t>(chosen_.sharding.choice[n]);
        std::vector<std::pair<double, size_t>> order;
        for (size_t k = 0; k < node.perMicrobatch.size(); ++k) {
            const double delta = cost[n][k] - cost[n][chosen];
            if (k == chosen || delta < kForbidden)
                order.emplace_back(k == chosen ? 0.0 : delta, k);
        }
        std::ranges::stable_sort(order, {}, [](const auto& entry) { return entry.first; });
        for (const auto& [delta, k] : order) {
            if (k == chosen)
                decision.chosen = static_cast<int>(decision.alternatives.size());
            decision.alternatives.push_back(
                {.strategy =
                     strategyText(layered_, chosen_.mesh, node, tables_.list(node.specs)[k], k),
                 .result = tables_.list(node.specs)[k],
                 .delta = Seconds(delta)});
        }
        all.push_back(std::move(decision));
    }
    return all;
}

} // namespace

std::vector<StageLink> findLinks(const LayeredGraph& layered, const Cluster& cluster,
                                 const std::vector<PlanStage>& stages)
{
    std::vector<int> stageOfLayer(static_cast<size_t>(layered.layerCount), 0);
    for (size_t s = 0; s < stages.size(); ++s) {
        for (int layer = stages[s].firstLayer; layer < stages[s].endLayer; ++layer)
            stageOfLayer[static_cast<size_t>(layer)] = static_cast<int>(s);
    }
    std::map<std::pair<int, int>, std::pair<Bytes, Bytes>>
        bytes; // (earlier, later) -> forward, backward
    for (size_t s = 0; s < stages.size(); ++s) {
        for (const PlannedInput& input : stages[s].inputs) {
            if (input.source != InputSource::kReceived)
                continue;
            const int source =
                stageOfLayer[static_cast<size_t>(layered.layerOfValue[input.value.index()])];
            const int here = static_cast<int>(s);
            const Bytes size = layered.graph->type(input.value).bytes();
            auto& entry = bytes[{std::min(source, here), std::max(source, here)}];
            (source < here ? entry.first : entry.second) += size;
        }
    }
    // What leaves a host occupies its card's sending side and the other's receiving side.
    const auto cardsBetween = [](const DeviceMesh& from, const DeviceMesh& to) {
        std::set<int> cards;
        for (int sender = 0; sender < from.deviceCount(); ++sender)
            cards.insert(2 * from.hostOf(sender));
        for (int receiver = 0; receiver < to.deviceCount(); ++receiver) {
            if (cards.contains(2 * to.hostOf(receiver)))
                return std::vector<int>(); // Within a host.
        }
        for (int receiver = 0; receiver < to.deviceCount(); ++receiver)
            cards.insert(2 * to.hostOf(receiver) + 1);
        return std::vector<int>(cards.begin(), cards.end());
    };
    std::vector<StageLink> links;
    for (const auto& [ends, sizes] : bytes) {
        const DeviceMesh& from = stages[static_cast<size_t>(ends.first)].mesh;
        const DeviceMesh& to = stages[static_cast<size_t>(ends.second)].mesh;
        links.push_back({.from = ends.first,
                         .to = ends.second,
                         .forward = transferTime(cluster, from, to, sizes.first),
                         .backward = transferTime(cluster, to, from, sizes.second),
                         .forwardCards = cardsBetween(from, to),
                         .backwardCards = cardsBetween(to, from)});
    }
    return links;
}

Certificate certificateOf(const ChosenStage& chosen)
{
    const StageSharding& sharding = chosen.sharding;
    const double scalars = sharding.scalars.count;
    return {.cost = sharding.objective + scalars,
            .lowerBound = sharding.lowerBound + scalars,
            .isOptimal = sharding.isOptimal,
            .memoryBinds = chosen.request.memoryLimit.has_value(),
            .decisions = sharding.decisions,
            .strategies = sharding.strategies,
            .method = sharding.method};
}

PlanStage readStage(const LayeredGraph& layered, const ChosenStage& chosen)
{
    return StageReader(layered, chosen).read();
}

KeptMicrobatches keptBy(ScheduleKind schedule, int stages, int stage, int microbatches, int chunks)
{
    return {.inFlight = inFlightLimit(schedule, stages, stage, microbatches, chunks),
            .held = heldLimit(schedule, stages, stage, microbatches, chunks),
            .deferred = deferredLimit(schedule, stage, microbatches)};
}

KeptMicrobatches keptBy(const AssemblyRequest& request, int stage)
{
    return keptBy(request.schedule, static_cast<int>(request.stages.size()), stage,
                  request.microbatches, request.chunks);
}

StageLoad loadOf(const LayeredGraph& layered, const ParallelPlan& plan, const PlanStage& stage)
{
    const bool isZeroBubble = plan.schedule == ScheduleKind::kZeroBubble;
    return loadOf(plan, stage, isZeroBubble ? countWeightInputs(layered, stage) : WeightInputs());
}

StageLoad loadOf(const ParallelPlan& plan, const PlanStage& stage, const WeightInputs& weights)
{
    const StageMemory& memory = stage.memory;
    StageLoad load{.forward = stage.cost.forward(),
                   .backward = stage.cost.backward(),
                   .weightGradient = std::min(stage.cost.weightGradient, stage.cost.backward()),
                   .gradientSync = stage.cost.exposedSync(),
                   .update = stage.cost.exposedUpdate(),
                   .fixedMemory = memory.parameters + memory.gradients + memory.optimizerState,
                   .perInFlightMicrobatch = memory.activations,
                   .transient = memory.transient};
    if (plan.schedule == ScheduleKind::kZeroBubble)
        load.perDeferredMicrobatch = weights.activations + weights.cotangents;
    return load;
}

SimulationProblem simulationOf(ParallelPlan& plan, std::vector<StageLink> links,
                               const std::vector<WeightInputs>& weights)
{
    SimulationProblem simulation{.schedule = plan.schedule,
                                 .microbatches = plan.microbatches,
                                 .chunks = plan.chunks,
                                 .stages = {},
                                 .links = std::move(links)};
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        PlanStage& stage = plan.stages[s];
        for (const StageLink& link : simulation.links)
            stage.cost.receive += link.to == static_cast<int>(s) ? link.forward : Seconds(0);
        simulation.stages.push_back(loadOf(plan, stage, weights[s]));
    }
    return simulation;
}

AssembledStage assembleStage(const AssemblyRequest& request, size_t stage)
{
    const ChosenStage& chosen = request.stages[stage];
    const LayeredGraph& layered = chosen.sharder->layered(); // Of its kind of device.
    AssembledStage assembled{.stage = readStage(layered, chosen), .weights = {}};
    PlanStage& own = assembled.stage;
    Resharder resharder(request.plan->cluster, own.mesh);
    own.cost = countStageCost(layered, own, resharder);
    own.memory = countStageMemory(layered, own, keptBy(request, static_cast<int>(stage)));
    own.memory.transient = transientMemory(layered, own);
    assembled.weights = countWeightInputs(layered, own);
    return assembled;
}

Result<std::shared_ptr<ParallelPlan>> assemblePlan(const AssemblyRequest& request,
                                                   std::vector<AssembledStage> stages)
{
    const LayeredGraph& layered = *request.model->layered;
    auto plan = std::make_shared<ParallelPlan>();
    plan->modelName = request.plan->model->name;
    plan->modelPath = request.plan->modelPath;
    plan->cluster = request.plan->cluster;
    plan->options = request.plan->options;
    plan->graph = layered.graph;
    plan->views = request.model->views;
    plan->layers = request.model->layers;
    plan->layerOfOp = layered.layerOfOp;
    plan->schedule = request.schedule;
    plan->chunks = request.chunks;
    plan->microbatches = request.microbatches;
    plan->microbatchSize = request.model->microbatchSize;
    plan->modelFlops = request.model->flops * static_cast<double>(request.microbatches);
    std::vector<WeightInputs> weights;
    for (AssembledStage& assembled : stages) {
        plan->stages.push_back(std::move(assembled.stage));
        weights.push_back(assembled.weights);
    }
    ASSIGN_OR_RETURN(
        plan->timeline,
        simulate(simulationOf(*plan, findLinks(layered, plan->cluster, plan->stages), weights)));
    plan->stepTime = plan->timeline.stepTime;
    return plan;
}

Result<std::shared_ptr<ParallelPlan>> assemblePlan(const AssemblyRequest& request)
{
    std::vector<AssembledStage> stages;
    for (size_t s = 0; s < request.stages.size(); ++s)
        stages.push_back(assembleStage(request, s));
    return assemblePlan(request, std::move(stages));
}

std::vector<Decision> decisionsOf(const AssemblyRequest& request, size_t stage)
{
    return StageReader(*request.model->layered, request.stages[stage]).decisions();
}

} // namespace alpa
