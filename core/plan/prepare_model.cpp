#include "core/plan/prepare_model.h"

#include "core/graph/op_cost.h"
#include "core/inter_op/cluster_layers.h"
#include "core/training/rebatch.h"
#include "core/training/split_projections.h"
#include "core/training/training_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

namespace alpa
{
namespace
{

constexpr int kMostLayers =
    16; // As Alpa's largest runs; more seldom changes the plan and costs planning time.

/// A run of forward ops that is never cut: a block of the model, or a single op where there are no
/// blocks.
struct Unit {
    int begin = 0; ///< Into the list of forward ops.
    double flops = 0;
    std::string name;
};

bool isContraction(const Op& op)
{
    return op.kind == OpKind::kDot || op.kind == OpKind::kConvolution;
}

/// "GPT/block_3/ln1" gives "GPT/block_3": up to the first component that ends in a number.
std::string blockOf(const std::string& scope)
{
    size_t begin = 0;
    while (begin < scope.size()) {
        const size_t end = std::min(scope.find('/', begin), scope.size());
        if (end > begin && std::isdigit(static_cast<unsigned char>(scope[end - 1])) != 0 &&
            scope.substr(begin, end - begin).find_first_not_of("0123456789") != std::string::npos)
            return scope.substr(0, end);
        begin = end + 1;
    }
    return {};
}

std::vector<OpId> forwardOps(const Graph& graph)
{
    std::vector<OpId> ops;
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        if (graph.ops[index].phase == Phase::kForward)
            ops.push_back(OpId(index));
    }
    return ops;
}

/// Blocks in order of appearance; what stands before the first joins it, what stands after the last
/// is a unit.
std::vector<Unit> findBlocks(const Graph& graph, const std::vector<OpId>& ops)
{
    std::vector<Unit> units;
    std::map<std::string, int> lastOp;
    for (size_t i = 0; i < ops.size(); ++i) {
        const std::string block = blockOf(graph.scopePath(graph.op(ops[i]).scope));
        if (!block.empty())
            lastOp[block] = static_cast<int>(i);
    }
    std::string current;
    for (size_t i = 0; i < ops.size(); ++i) {
        const std::string block = blockOf(graph.scopePath(graph.op(ops[i]).scope));
        const bool beginsBlock = !block.empty() && block != current;
        const bool endsAll = block.empty() && !current.empty() &&
                             lastOp[current] < static_cast<int>(i) &&
                             std::ranges::all_of(lastOp, [&](const auto& entry) {
                                 return entry.second < static_cast<int>(i);
                             });
        if (units.empty() || (beginsBlock && !current.empty()) ||
            (endsAll && units.back().name != "head")) {
            units.push_back(
                {.begin = static_cast<int>(i), .flops = 0, .name = endsAll ? "head" : block});
        }
        if (beginsBlock) {
            current = block;
            if (units.back().name.empty())
                units.back().name = block;
        }
        if (isContraction(graph.op(ops[i])))
            units.back().flops += opFlops(graph, graph.op(ops[i])).count;
    }
    return units;
}

/// A unit for every contraction, the cheap ops before it included.
std::vector<Unit> findContractions(const Graph& graph, const std::vector<OpId>& ops)
{
    std::vector<Unit> units;
    bool isOpen = false;
    for (size_t i = 0; i < ops.size(); ++i) {
        const Op& op = graph.op(ops[i]);
        if (!isOpen) {
            units.push_back(
                {.begin = static_cast<int>(i), .flops = 0, .name = graph.scopePath(op.scope)});
            isOpen = true;
        }
        if (isContraction(op)) {
            units.back().flops += opFlops(graph, op).count;
            units.back().name = graph.scopePath(op.scope);
            isOpen = false;
        }
    }
    if (units.size() > 1 && units.back().flops == 0)
        units.pop_back(); // Cheap ops at the end belong to the last contraction.
    return units;
}

ClusteringProblem clusteringProblem(const Graph& graph, const std::vector<OpId>& ops,
                                    const std::vector<Unit>& units)
{
    ClusteringProblem problem;
    std::vector<int> unitOfOp(graph.ops.size(), -1);
    for (size_t u = 0; u < units.size(); ++u) {
        const int end = u + 1 < units.size() ? units[u + 1].begin : static_cast<int>(ops.size());
        for (int i = units[u].begin; i < end; ++i)
            unitOfOp[ops[static_cast<size_t>(i)].index()] = static_cast<int>(u);
        problem.cost.push_back(units[u].flops);
        problem.isHeavy.push_back(1);
    }
    const auto users = valueUsers(graph);
    for (const OpId id : ops) {
        for (const ValueId value : graph.op(id).results) {
            ClusteringValue crossing{.producer = unitOfOp[id.index()],
                                     .uses = {},
                                     .bytes = static_cast<double>(graph.type(value).bytes().count)};
            for (const OpId user : users[value.index()]) {
                const int unit = unitOfOp[user.index()];
                if (unit > crossing.producer &&
                    (crossing.uses.empty() || crossing.uses.back() < unit))
                    crossing.uses.push_back(unit);
            }
            if (!crossing.uses.empty())
                problem.values.push_back(std::move(crossing));
        }
    }
    return problem;
}

int defaultLayerCount(int units)
{
    if (units <= kMostLayers)
        return units;
    for (int count = kMostLayers; count >= kMostLayers / 2; --count) {
        if (units % count == 0)
            return count;
    }
    return kMostLayers;
}

struct ForwardLayers {
    std::vector<int> ofOp; ///< Per forward op.
    std::vector<std::string> names;
};

Result<ForwardLayers> clusterForward(const Graph& graph, const std::vector<OpId>& ops,
                                     std::optional<int> layerCount, const JobControl& control)
{
    std::vector<Unit> units = findBlocks(graph, ops);
    const bool hasHead = !units.empty() && units.back().name == "head";
    const int blocks = static_cast<int>(units.size()) - (hasHead ? 1 : 0);
    if (blocks < 2 || (layerCount && *layerCount > static_cast<int>(units.size())))
        units = findContractions(graph, ops);
    const int wanted = layerCount.value_or(
        defaultLayerCount(blocks < 2 ? static_cast<int>(units.size()) : blocks));
    if (wanted < 1 || wanted > static_cast<int>(units.size()))
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("{} layers asked, but the model has {} contractions", wanted,
                                 units.size()));
    ASSIGN_OR_RETURN(const LayerClustering clustering, [&]() -> Result<LayerClustering> {
        const ClusteringProblem problem = clusteringProblem(graph, ops, units);
        // A head of several blocks' cost can exceed Alpa's balance bound: widen it until a layering
        // exists.
        Result<LayerClustering> found = clusterLayers(problem, {wanted, 0.5}, control);
        for (double imbalance = 1.0; !found && imbalance <= 64; imbalance *= 2)
            found = clusterLayers(problem, {wanted, imbalance}, control);
        return found;
    }());
    ForwardLayers layers;
    layers.ofOp.resize(ops.size());
    for (size_t layer = 0; layer < clustering.begins.size(); ++layer) {
        const auto first = static_cast<size_t>(clustering.begins[layer]);
        const size_t last = static_cast<size_t>(clustering.end(static_cast<int>(layer),
                                                               static_cast<int>(units.size()))) -
                            1;
        const int end =
            last + 1 < units.size() ? units[last + 1].begin : static_cast<int>(ops.size());
        for (int i = units[first].begin; i < end; ++i)
            layers.ofOp[static_cast<size_t>(i)] = static_cast<int>(layer);
        layers.names.push_back(first == last ? units[first].name
                                             : units[first].name + " .. " + units[last].name);
    }
    return layers;
}

/// Layer of every op: forward ops as clustered, backward ops with their origin, update ops with the
/// first reader of their parameter; constants and the like with the op that reads them.
std::vector<int> spreadLayers(const Graph& graph, const std::vector<OpId>& forward,
                              const std::vector<int>& layerOfForward)
{
    std::vector<int> layers(graph.ops.size(), -1);
    for (size_t i = 0; i < forward.size(); ++i)
        layers[forward[i].index()] = layerOfForward[i];
    const auto users = valueUsers(graph);
    std::vector<uint8_t> isInvariant(graph.ops.size(),
                                     0); // Reads neither the batch nor a cotangent.
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        isInvariant[index] =
            op.phase != Phase::kUpdate && std::ranges::all_of(op.operands, [&](ValueId operand) {
                const OpId producer = graph.value(operand).producer;
                return producer.isValid() ? isInvariant[producer.index()] != 0
                                          : graph.inputRole(operand) != InputRole::kBatch;
            });
        if (op.phase == Phase::kForward)
            continue;
        if (op.origin.isValid() && op.phase == Phase::kBackward)
            layers[index] = layers[op.origin.index()];
        for (const ValueId operand : op.operands) {
            const OpId producer = graph.value(operand).producer;
            if (layers[index] < 0 && producer.isValid())
                layers[index] = layers[producer.index()];
        }
    }
    // Readers come later, so going backwards settles chains of invariants in one pass.
    for (size_t index = graph.ops.size(); index-- > 0;) {
        const Op& op = graph.ops[index];
        if (isInvariant[index] == 0 || op.results.empty() || users[op.results[0].index()].empty())
            continue;
        layers[index] = layers[users[op.results[0].index()].front().index()];
    }
    std::map<std::string, int> layerOfParameter;
    for (const GraphInput& input : graph.inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        int first = -1;
        for (const OpId user : users[input.value.index()]) {
            const int layer = layers[user.index()];
            if (graph.op(user).phase == Phase::kForward && layer >= 0 &&
                (first < 0 || layer < first))
                first = layer;
        }
        layerOfParameter[graph.value(input.value).name] = std::max(first, 0);
    }
    // Update ops: walk back from the outputs.
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        if (graph.ops[index].phase == Phase::kUpdate)
            layers[index] = -1;
    }
    std::vector<std::pair<OpId, int>> pending;
    for (const GraphOutput& output : graph.outputs) {
        if (!output.alias.isValid())
            continue;
        const OpId producer = graph.value(output.value).producer;
        // A state is called after its parameter: "NAME.m".
        const std::string& name = graph.value(output.alias).name;
        auto layer = layerOfParameter.find(name);
        if (layer == layerOfParameter.end())
            layer = layerOfParameter.find(name.substr(0, name.rfind('.')));
        if (producer.isValid() && layer != layerOfParameter.end())
            pending.emplace_back(producer, layer->second);
    }
    while (!pending.empty()) {
        const auto [id, layer] = pending.back();
        pending.pop_back();
        if (graph.op(id).phase != Phase::kUpdate || layers[id.index()] >= 0)
            continue;
        layers[id.index()] = layer;
        for (const ValueId operand : graph.op(id).operands) {
            if (graph.value(operand).producer.isValid())
                pending.emplace_back(graph.value(operand).producer, layer);
        }
    }
    for (int& layer : layers)
        layer = std::max(layer, 0);
    return layers;
}

} // namespace

Result<PreparedModel> prepareModel(const Graph& loss, int64_t microbatchSize,
                                   const OptimizerOptions& optimizer, std::optional<int> layerCount,
                                   const DeviceKind& device, const JobControl& control)
{
    ASSIGN_OR_RETURN(SplitModel split, splitFusedProjections(loss));
    ASSIGN_OR_RETURN(const Graph rebatched, rebatch(split.graph, microbatchSize));
    ASSIGN_OR_RETURN(TrainingStep step, makeTrainingStep(rebatched, optimizer));
    if (control.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    auto graph = std::make_shared<Graph>(cloneLazyOps(step.graph));
    const std::vector<OpId> forward = forwardOps(*graph);
    ASSIGN_OR_RETURN(const ForwardLayers layers,
                     clusterForward(*graph, forward, layerCount, control));
    PreparedModel model;
    model.views = std::move(split.views);
    model.microbatchSize = microbatchSize;
    for (const std::string& name : layers.names)
        model.layers.push_back({.name = name, .flops = Flops(0)});
    std::vector<int> layerOfOp = spreadLayers(*graph, forward, layers.ofOp);
    for (size_t index = 0; index < graph->ops.size(); ++index) {
        if (!isContraction(graph->ops[index]))
            continue;
        const Flops flops = opFlops(*graph, graph->ops[index]);
        model.layers[static_cast<size_t>(layerOfOp[index])].flops += flops;
        model.flops += flops;
    }
    model.layered = std::make_shared<const LayeredGraph>(analyseLayers(
        std::move(graph), std::move(layerOfOp), static_cast<int>(model.layers.size()), device));
    return model;
}

} // namespace alpa
