#include "core/explain/explain_costs.h"

#include "core/mesh/collective_time.h"
#include "core/plan/assemble_plan.h"
#include "core/plan/plan_figures.h"

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

std::string labelOf(const Graph& graph, const CostTerm& term)
{
    return term.op.isValid() ? opLabel(graph, graph.op(term.op)) : valueLabel(graph, term.value);
}

CollectiveTerm explainStep(const ReshardStep& step, const Cluster& cluster, const DeviceMesh& mesh)
{
    const MeshAxis& axis = mesh.axes[static_cast<size_t>(step.axis)];
    CollectiveTerm term{.kind = step.kind,
                        .axis = axis.name,
                        .devices = axis.size,
                        .bytes = step.bytes,
                        .fixed = {},
                        .transfer = {},
                        .copies = step.copies,
                        .isMeasured = false};
    std::optional<CollectiveKind> kind;
    switch (step.kind) {
    case ReshardKind::kSlice:
        break;
    case ReshardKind::kAllGather:
        kind = CollectiveKind::kAllGather;
        break;
    case ReshardKind::kAllReduce:
        kind = CollectiveKind::kAllReduce;
        break;
    case ReshardKind::kReduceScatter:
        kind = CollectiveKind::kReduceScatter;
        break;
    case ReshardKind::kAllToAll:
        kind = CollectiveKind::kAllToAll;
        break;
    }
    if (!kind)
        return term;
    const Seconds collective = step.time - step.copies;
    term.fixed = std::min(collective, collectiveTime(cluster, mesh, *kind, step.axis, Bytes(0)));
    term.transfer = collective - term.fixed;
    term.isMeasured = !axis.crossesHosts &&
                      std::ranges::any_of(cluster.measured,
                                          [&](const auto& point) { return point.kind == *kind; });
    return term;
}

/// The roofline of one device's part of the op; its time is the term's.
OpRoofline explainCompute(const LayeredGraph& layered, const DeviceMesh& mesh,
                          const OpSharding& sharding, const CostTerm& term)
{
    const Op& op = layered.graph->op(term.op);
    const int product = layered.productOf[term.op.index()];
    if (product >= 0) {
        std::vector<int> sizes;
        for (const MeshAxis& axis : mesh.axes)
            sizes.push_back(axis.size);
        const ProductWork& work = layered.products[static_cast<size_t>(product)];
        return rooflineOf(work, work.shape(sharding.operands[0], sharding.operands[1], sizes),
                          layered.device);
    }
    const Seconds whole = layered.work[term.op.index()];
    OpRoofline roofline = rooflineOf(*layered.graph, op, layered.device);
    const double share =
        whole.count > 0 ? (term.time - layered.fixed[term.op.index()]) / whole : 0.0;
    if (layered.device.fusesKernels) // Priced by launch: what it moves, or an attention's FLOP.
        roofline = {.flops = roofline.flops,
                    .bytes = whole.count * layered.device.memoryBandwidth,
                    .arithmetic = {},
                    .traffic = whole,
                    .launch = layered.fixed[term.op.index()]};
    else if (op.phase == Phase::kUpdate) // Updates are fused; only what crosses memory counts.
        roofline = {.flops = roofline.flops,
                    .bytes = whole.count * layered.device.memoryBandwidth,
                    .arithmetic = {},
                    .traffic = whole,
                    .launch = layered.fixed[term.op.index()]};
    roofline.flops = roofline.flops * share;
    roofline.bytes *= share;
    roofline.arithmetic = roofline.arithmetic * share;
    roofline.traffic = roofline.traffic * share;
    return roofline;
}

void add(StageCost& cost, const CostTerm& term)
{
    switch (term.group) {
    case CostGroup::kForwardCompute:
        cost.forwardCompute += term.time;
        break;
    case CostGroup::kForwardCommunication:
        cost.forwardCommunication += term.time;
        break;
    case CostGroup::kBackwardCompute:
        cost.backwardCompute += term.time;
        break;
    case CostGroup::kBackwardCommunication:
        cost.backwardCommunication += term.time;
        break;
    case CostGroup::kGradientSync:
        cost.gradientSync += term.time;
        break;
    case CostGroup::kUpdate:
        cost.update += term.time;
        break;
    }
}

StageCosts explainStage(const ParallelPlan& plan, const LayeredGraph& layered, size_t index)
{
    const PlanStage& stage = plan.stages[index];
    const StageValues values(layered, stage);
    Resharder resharder(plan.cluster, stage.mesh);
    StageCosts costs;
    Seconds gathers; // Of updated parameters.
    costs.layers.resize(static_cast<size_t>(stage.endLayer - stage.firstLayer));
    forEachCostTerm(layered, stage, resharder, [&](const CostTerm& term) {
        ExplainedTerm explained{
            .term = term, .label = labelOf(*plan.graph, term), .compute = {}, .steps = {}};
        const bool isCompute = term.from == term.to && term.op.isValid();
        if (isCompute) {
            explained.compute =
                explainCompute(layered, stage.mesh, *values.sharding(term.op), term);
        } else if (const ReshardPath* path =
                       resharder.path(plan.graph->type(term.value), term.from, term.to)) {
            for (const ReshardStep& step : path->steps)
                explained.steps.push_back(explainStep(step, plan.cluster, stage.mesh));
        }
        add(costs.total, term);
        if (term.group == CostGroup::kUpdate && !term.op.isValid())
            gathers += term.time;
        // Scalar bookkeeping that every stage repeats counts for its first layer.
        const int layer = std::clamp(term.layer, stage.firstLayer, stage.endLayer - 1);
        add(costs.layers[static_cast<size_t>(layer - stage.firstLayer)], term);
        costs.terms.push_back(std::move(explained));
    });
    // Whatever is recomputed is said by the plan as a whole; the layers that run again repeat their
    // forward share of it.
    costs.total.recomputation = stage.cost.recomputation;
    hideOverlapped(costs.total, gathers, layered.device);
    Seconds forward;
    const bool isPartly = !stage.recomputes && stage.recomputedLayers > 0;
    const auto repeats = [&](size_t layer) {
        return !isPartly || stage.runsAgain(stage.firstLayer + static_cast<int>(layer));
    };
    for (size_t layer = 0; layer < costs.layers.size(); ++layer)
        forward += repeats(layer) ? costs.layers[layer].forward() : Seconds(0);
    for (size_t layer = 0; layer < costs.layers.size() && forward.count > 0; ++layer) {
        if (repeats(layer))
            costs.layers[layer].recomputation =
                stage.cost.recomputation * (costs.layers[layer].forward() / forward);
    }
    costs.busy = costs.total.perMicrobatch() * static_cast<double>(plan.microbatches) +
                 costs.total.perStep();
    costs.idle = plan.stepTime - costs.busy;
    costs.memory = stage.memory;
    costs.margin = memoryLimit(plan.cluster, plan.options.constraints, plan.kindOf(stage)) -
                   stage.memory.total();
    return costs;
}

void explainTransfers(const ParallelPlan& plan, const LayeredGraph& layered,
                      const std::vector<StageLink>& links, PlanCosts& costs)
{
    std::vector<int> stageOfLayer(static_cast<size_t>(layered.layerCount), 0);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        for (int layer = plan.stages[s].firstLayer; layer < plan.stages[s].endLayer; ++layer)
            stageOfLayer[static_cast<size_t>(layer)] = static_cast<int>(s);
    }
    std::map<std::pair<int, int>, double> sums; // (from, to) -> bytes
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        for (const PlannedInput& input : plan.stages[s].inputs) {
            if (input.source != InputSource::kReceived)
                continue;
            const int from =
                stageOfLayer[static_cast<size_t>(layered.layerOfValue[input.value.index()])];
            const Bytes bytes = plan.graph->type(input.value).bytes();
            sums[{from, static_cast<int>(s)}] += static_cast<double>(bytes.count);
            costs.stages[s].received.push_back({.value = input.value,
                                                .fromStage = from,
                                                .toStage = static_cast<int>(s),
                                                .bytes = bytes,
                                                .time = {}});
        }
    }
    for (StageCosts& stage : costs.stages) {
        for (TransferTerm& term : stage.received) {
            const bool isForward = term.fromStage < term.toStage;
            for (const StageLink& link : links) {
                if (link.from != std::min(term.fromStage, term.toStage) ||
                    link.to != std::max(term.fromStage, term.toStage))
                    continue;
                const double share =
                    static_cast<double>(term.bytes.count) / sums[{term.fromStage, term.toStage}];
                term.time = (isForward ? link.forward : link.backward) * share;
            }
            if (isForward)
                stage.total.receive += term.time;
        }
    }
}

} // namespace

std::string_view costGroupName(CostGroup group)
{
    switch (group) {
    case CostGroup::kForwardCompute:
        return "forward";
    case CostGroup::kForwardCommunication:
        return "forward communication";
    case CostGroup::kBackwardCompute:
        return "backward";
    case CostGroup::kBackwardCommunication:
        return "backward communication";
    case CostGroup::kGradientSync:
        return "gradient sync";
    case CostGroup::kUpdate:
        return "update";
    }
    return "";
}

bool isPerStep(CostGroup group)
{
    return group == CostGroup::kGradientSync || group == CostGroup::kUpdate;
}

LayeredGraph layeredGraphOf(const ParallelPlan& plan, int kind)
{
    return analyseLayers(plan.graph, plan.layerOfOp, static_cast<int>(plan.layers.size()),
                         pricedCluster(plan.cluster, plan.options.constraints).deviceOf(kind));
}

PlanCosts explainCosts(const ParallelPlan& plan)
{
    const LayeredGraph layered = layeredGraphOf(plan);
    std::optional<LayeredGraph> second; // As devices of the second kind run it.
    if (plan.cluster.second)
        second = layeredGraphOf(plan, 1);
    PlanCosts costs;
    costs.stepTime = plan.stepTime;
    for (size_t s = 0; s < plan.stages.size(); ++s)
        costs.stages.push_back(
            explainStage(plan, plan.kindOf(plan.stages[s]) == 0 ? layered : second.value(), s));
    const std::vector<StageLink> links = findLinks(layered, plan.cluster, plan.stages);
    explainTransfers(plan, layered, links, costs);
    costs.critical = criticalPath(plan, links);
    return costs;
}

} // namespace alpa
