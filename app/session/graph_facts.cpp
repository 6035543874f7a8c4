#include "app/session/graph_facts.h"

#include "core/cost/compute_time.h"
#include "core/plan/plan_figures.h"

#include <algorithm>
#include <map>

namespace alpa::app
{

namespace
{

std::string_view collectiveLetters(ReshardKind kind)
{
    switch (kind) {
    case ReshardKind::kSlice:
        return "";
    case ReshardKind::kAllGather:
        return "AG";
    case ReshardKind::kAllReduce:
        return "AR";
    case ReshardKind::kReduceScatter:
        return "RS";
    case ReshardKind::kAllToAll:
        return "A2A";
    }
    return "";
}

void countOps(GraphFacts& facts)
{
    for (size_t i = 0; i < facts.graph->ops.size(); ++i) {
        const int layer = facts.layerOfOp[i];
        if (layer < 0)
            continue;
        LayerFacts& layerFacts = facts.layers[static_cast<size_t>(layer)];
        const Phase phase = facts.graph->ops[i].phase;
        layerFacts.forwardOps += phase == Phase::kForward ? 1 : 0;
        layerFacts.backwardOps += phase == Phase::kBackward ? 1 : 0;
        layerFacts.updateOps += phase == Phase::kUpdate ? 1 : 0;
    }
}

void assignWeights(GraphFacts& facts)
{
    const Graph& graph = *facts.graph;
    for (const GraphInput& input : graph.inputs) {
        if (input.role != InputRole::kParameter || facts.users[input.value.index()].empty())
            continue;
        const int layer = facts.layerOfOp[facts.users[input.value.index()].front().index()];
        if (layer < 0)
            continue;
        LayerFacts& owner = facts.layers[static_cast<size_t>(layer)];
        owner.weights.push_back(input.value);
        owner.parameters += graph.type(input.value).elementCount();
    }
    for (LayerFacts& layer : facts.layers) {
        std::ranges::stable_sort(layer.weights, [&](ValueId a, ValueId b) {
            return graph.type(a).elementCount() > graph.type(b).elementCount();
        });
    }
}

/// A layer's output is the largest forward value that an op of a later layer reads.
void findOutputs(GraphFacts& facts)
{
    const Graph& graph = *facts.graph;
    for (size_t v = 0; v < graph.values.size(); ++v) {
        const OpId producer = graph.values[v].producer;
        if (!producer.isValid() || graph.op(producer).phase != Phase::kForward)
            continue;
        const int layer = facts.layerOfOp[producer.index()];
        if (layer < 0)
            continue;
        const bool leaves = std::ranges::any_of(facts.users[v], [&](OpId user) {
            return graph.op(user).phase == Phase::kForward && facts.layerOfOp[user.index()] > layer;
        });
        ValueId& output = facts.layers[static_cast<size_t>(layer)].output;
        if (leaves &&
            (!output.isValid() || graph.type(ValueId(v)).bytes() > graph.type(output).bytes()))
            output = ValueId(v);
    }
}

void finishLayers(GraphFacts& facts)
{
    countOps(facts);
    assignWeights(facts);
    findOutputs(facts);
}

/// Where each op and value lies, with its spec as produced or stored.
void placeStages(GraphFacts& facts)
{
    const Graph& graph = *facts.graph;
    facts.stageOfOp.assign(graph.ops.size(), -1);
    facts.shardingOfOp.assign(graph.ops.size(), nullptr);
    facts.specOfValue.resize(graph.values.size());
    facts.stageOfValue.assign(graph.values.size(), -1);
    facts.decisionOfOp.resize(graph.ops.size());
    facts.decisionOfValue.resize(graph.values.size());
    for (size_t s = 0; s < facts.plan->stages.size(); ++s) {
        const PlanStage& stage = facts.plan->stages[s];
        for (int layer = stage.firstLayer;
             layer < stage.endLayer && layer < int(facts.layers.size()); ++layer)
            facts.layers[static_cast<size_t>(layer)].stage = int(s);
        for (size_t i = 0; i < stage.ops.size() && i < stage.shardings.size(); ++i) {
            const Op& op = graph.op(stage.ops[i]);
            facts.stageOfOp[stage.ops[i].index()] = int(s);
            facts.shardingOfOp[stage.ops[i].index()] = &stage.shardings[i];
            for (size_t r = 0; r < op.results.size() && r < stage.shardings[i].results.size();
                 ++r) {
                facts.specOfValue[op.results[r].index()] = stage.shardings[i].results[r];
                facts.stageOfValue[op.results[r].index()] = int(s);
            }
        }
        for (const PlannedInput& input : stage.inputs) {
            const bool isElsewhere =
                input.source == InputSource::kReceived || input.source == InputSource::kSharedCopy;
            if (isElsewhere || facts.specOfValue[input.value.index()])
                continue;
            facts.specOfValue[input.value.index()] = input.spec;
            facts.stageOfValue[input.value.index()] = int(s);
        }
        for (size_t d = 0; d < stage.decisions.size(); ++d) {
            const Decision& decision = stage.decisions[d];
            const DecisionPlace place{int(s), int(d)};
            if (decision.op.isValid())
                facts.decisionOfOp[decision.op.index()] = place;
            // A parameter's own decision before that of its update.
            if (decision.value.isValid() &&
                (!facts.decisionOfValue[decision.value.index()].isValid() ||
                 decision.label == valueLabel(graph, decision.value)))
                facts.decisionOfValue[decision.value.index()] = place;
        }
    }
}

/// The spec in which `value` is present on `stage` before any op asks for another.
std::optional<ShardingSpec> specOnStage(const GraphFacts& facts,
                                        const std::vector<std::optional<ShardingSpec>>& received,
                                        ValueId value, int stage)
{
    if (received[value.index()])
        return received[value.index()];
    return facts.stageOfValue[value.index()] == stage ? facts.specOfValue[value.index()]
                                                      : std::nullopt;
}

void findCommunication(GraphFacts& facts, int number)
{
    const Graph& graph = *facts.graph;
    const PlanStage& stage = facts.plan->stages[static_cast<size_t>(number)];
    Resharder resharder(facts.plan->cluster, stage.mesh);
    std::vector<std::optional<ShardingSpec>> received(graph.values.size());
    for (const PlannedInput& input : stage.inputs) {
        received[input.value.index()] = input.spec;
        if (input.source == InputSource::kReceived)
            facts.transfers.push_back(
                {facts.stageOfValue[input.value.index()], number, input.value, input.spec});
    }
    for (size_t i = 0; i < stage.ops.size() && i < stage.shardings.size(); ++i) {
        const Op& op = graph.op(stage.ops[i]);
        for (size_t k = 0; k < op.operands.size() && k < stage.shardings[i].operands.size(); ++k) {
            const ValueId value = op.operands[k];
            const std::optional<ShardingSpec> from = specOnStage(facts, received, value, number);
            const ShardingSpec& to = stage.shardings[i].operands[k];
            if (!from || *from == to)
                continue;
            const ReshardPath* path = resharder.path(graph.type(value), *from, to);
            if (path == nullptr || path->steps.empty())
                continue;
            facts.communicationsOfOp[stage.ops[i].index()].push_back(
                int(facts.communications.size()));
            facts.communications.push_back({number, stage.ops[i], value, path->steps, path->time});
            const int layer = facts.layerOfOp[stage.ops[i].index()];
            if (layer >= 0 && op.phase != Phase::kUpdate && path->time.count > 0) {
                ++facts.layers[static_cast<size_t>(layer)].collectives;
                facts.layers[static_cast<size_t>(layer)].communication += path->time;
            }
        }
    }
}

/// What an op takes on one device, its work shared by as many devices as its result is split over.
void timeOps(GraphFacts& facts)
{
    const Graph& graph = *facts.graph;
    facts.timeOfOp.assign(graph.ops.size(), Seconds());
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        if (facts.stageOfOp[i] < 0 || op.results.empty())
            continue;
        const DeviceMesh& mesh = facts.plan->stages[static_cast<size_t>(facts.stageOfOp[i])].mesh;
        const auto& spec = facts.specOfValue[op.results[0].index()];
        const int parts = spec ? mesh.groupSize(spec->usedAxes()) : 1;
        facts.timeOfOp[i] = computeTime(graph, op, facts.plan->cluster.device).on(parts);
        if (facts.layerOfOp[i] >= 0 && op.phase != Phase::kUpdate)
            facts.layers[static_cast<size_t>(facts.layerOfOp[i])].compute += facts.timeOfOp[i];
    }
}

void addToHash(uint64_t& hash, uint64_t value)
{
    hash = (hash ^ value) * 0x100000001B3ull;
} // FNV-1a, by words

/// Two layers are twins when their ops, result types, specs and stage are the same in the same
/// order.
void findTwins(GraphFacts& facts)
{
    const Graph& graph = *facts.graph;
    std::vector<uint64_t> hashes(facts.layers.size(), 0xCBF29CE484222325ull);
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        if (facts.layerOfOp[i] < 0)
            continue;
        uint64_t& hash = hashes[static_cast<size_t>(facts.layerOfOp[i])];
        const Op& op = graph.ops[i];
        addToHash(hash, static_cast<uint64_t>(op.kind) * 8 + static_cast<uint64_t>(op.phase));
        for (const ValueId result : op.results) {
            const TensorType& type = graph.type(result);
            addToHash(hash, static_cast<uint64_t>(type.dtype));
            for (const int64_t dim : type.dims)
                addToHash(hash, static_cast<uint64_t>(dim));
            if (const auto& spec = facts.specOfValue[result.index()]) {
                for (size_t d = 0; d < spec->rank; ++d)
                    addToHash(hash, spec->dims[d]);
                addToHash(hash, spec->partial);
            }
        }
    }
    std::map<std::pair<uint64_t, int>, int> first;
    for (size_t layer = 0; layer < facts.layers.size(); ++layer) {
        const auto [place, isNew] =
            first.try_emplace({hashes[layer], facts.layers[layer].stage}, int(layer));
        facts.layers[layer].twin = place->second;
    }
}

} // namespace

DecisionPlace GraphFacts::decisionBehind(ValueId id) const
{
    const DecisionPlace stored = decisionOfValue[id.index()];
    const OpId producer = graph->value(id).producer;
    return stored.isValid() || !producer.isValid() ? stored : decisionOfOp[producer.index()];
}

const Decision* GraphFacts::decision(DecisionPlace place) const
{
    if (!place.isValid() || plan == nullptr)
        return nullptr;
    return &plan->stages[static_cast<size_t>(place.stage)]
                .decisions[static_cast<size_t>(place.index)];
}

std::string GraphFacts::opLabel(OpId id) const
{
    const Op& op = graph->op(id);
    return graph->scopePath(op.scope) + ":" + std::string(opKindName(op.kind));
}

std::shared_ptr<const GraphFacts> describeGraph(std::shared_ptr<const Graph> graph,
                                                const LayerGroups& layers)
{
    auto facts = std::make_shared<GraphFacts>();
    facts->graph = std::move(graph);
    facts->users = valueUsers(*facts->graph);
    facts->layerOfOp = layers.layerOfOp;
    for (const std::string& name : layers.names) {
        facts->layers.emplace_back();
        facts->layers.back().name = name;
    }
    finishLayers(*facts);
    facts->stageOfOp.assign(facts->graph->ops.size(), -1);
    facts->shardingOfOp.assign(facts->graph->ops.size(), nullptr);
    facts->specOfValue.resize(facts->graph->values.size());
    facts->stageOfValue.assign(facts->graph->values.size(), -1);
    facts->communicationsOfOp.resize(facts->graph->ops.size());
    facts->decisionOfOp.resize(facts->graph->ops.size());
    facts->decisionOfValue.resize(facts->graph->values.size());
    findTwins(*facts);
    return facts;
}

std::shared_ptr<const GraphFacts> describePlan(std::shared_ptr<const ParallelPlan> plan)
{
    auto facts = std::make_shared<GraphFacts>();
    facts->plan = std::move(plan);
    facts->graph = facts->plan->graph;
    const PlanFigures figures = measurePlan(*facts->plan);
    facts->dataParallel = figures.dp;
    facts->tensorParallel = figures.tp;
    facts->users = valueUsers(*facts->graph);
    facts->layerOfOp = facts->plan->layerOfOp;
    facts->layerOfOp.resize(facts->graph->ops.size(), -1);
    for (const PlannedLayer& layer : facts->plan->layers) {
        facts->layers.emplace_back();
        facts->layers.back().name = layer.name;
        facts->layers.back().flops = layer.flops;
    }
    finishLayers(*facts);
    placeStages(*facts);
    facts->communicationsOfOp.resize(facts->graph->ops.size());
    for (size_t s = 0; s < facts->plan->stages.size(); ++s)
        findCommunication(*facts, int(s));
    timeOps(*facts);
    findTwins(*facts);
    facts->numbers = planNumbers(*facts, figures);
    return facts;
}

std::string reshardBadge(const std::vector<ReshardStep>& steps)
{
    std::string badge;
    for (const ReshardStep& step : steps) {
        const std::string_view letters = collectiveLetters(step.kind);
        if (letters.empty())
            continue;
        if (!badge.empty())
            badge += ", ";
        badge += letters;
        badge += ' ';
        badge += axisLetter(step.axis);
    }
    return badge;
}

char axisLetter(int axis) { return "xyzw"[axis & 3]; }

} // namespace alpa::app
