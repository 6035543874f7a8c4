#include "core/plan/prepare_model.h"

#include "core/graph/op_cost.h"
#include "core/training/rebatch.h"
#include "core/training/split_step.h"
#include "core/training/training_step.h"

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

/// Layer of every forward op. Nothing if the graph has other units than were layered.
std::optional<std::vector<int>> applyLayering(const Graph& graph, const std::vector<OpId>& forward,
                                              const Layering& layering)
{
    const std::vector<ModelUnit> units =
        layering.isOfBlocks ? findBlocks(graph, forward) : findContractions(graph, forward);
    if (static_cast<int>(units.size()) != layering.begins.back())
        return std::nullopt;
    std::vector<int> ofOp(forward.size());
    for (size_t layer = 0; layer < layering.names.size(); ++layer) {
        const auto endUnit = static_cast<size_t>(layering.begins[layer + 1]);
        const int end =
            endUnit < units.size() ? units[endUnit].begin : static_cast<int>(forward.size());
        for (int i = units[static_cast<size_t>(layering.begins[layer])].begin; i < end; ++i)
            ofOp[static_cast<size_t>(i)] = static_cast<int>(layer);
    }
    return ofOp;
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

Result<std::shared_ptr<const Graph>> prepareStep(const SplitModel& model, int64_t microbatchSize,
                                                 const OptimizerOptions& optimizer,
                                                 const JobControl& control)
{
    ASSIGN_OR_RETURN(const Graph rebatched, rebatch(model.graph, microbatchSize));
    TrainingStep step;
    if (isTrainingStep(rebatched)) { // The file's own passes and update.
        ASSIGN_OR_RETURN(step.graph, splitTrainingStep(rebatched));
    } else {
        ASSIGN_OR_RETURN(step, makeTrainingStep(rebatched, optimizer));
    }
    if (control.isCancelled())
        return Error(ErrorCode::kCancelled, "cancelled");
    return std::make_shared<const Graph>(cloneLazyOps(step.graph));
}

Result<PreparedModel> prepareModel(const SplitModel& model,
                                   const std::shared_ptr<const Graph>& graph,
                                   int64_t microbatchSize, const Layering& layering,
                                   const DeviceKind& device, const JobControl& control)
{
    const std::vector<OpId> forward = forwardOps(*graph);
    std::optional<std::vector<int>> ofForward = applyLayering(*graph, forward, layering);
    PreparedModel prepared;
    prepared.isLayeredAsAsked = ofForward.has_value();
    Layering own = layering;
    if (!ofForward) {
        // This batch size simplifies to other units: it is layered by itself.
        ASSIGN_OR_RETURN(own, layerUnits(*graph, layering.layerCount(), {}, control));
        ofForward = applyLayering(*graph, forward, own);
    }
    prepared.views = model.views;
    prepared.microbatchSize = microbatchSize;
    for (const std::string& name : own.names)
        prepared.layers.push_back({.name = name, .flops = Flops(0)});
    std::vector<int> layerOfOp = spreadLayers(*graph, forward, *ofForward);
    for (size_t index = 0; index < graph->ops.size(); ++index) {
        if (!isContraction(graph->ops[index]))
            continue;
        const Flops flops = opFlops(*graph, graph->ops[index]);
        prepared.layers[static_cast<size_t>(layerOfOp[index])].flops += flops;
        prepared.flops += flops;
    }
    prepared.layered = std::make_shared<const LayeredGraph>(analyseLayers(
        graph, std::move(layerOfOp), static_cast<int>(prepared.layers.size()), device));
    return prepared;
}

} // namespace alpa
