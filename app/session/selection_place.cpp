#include "app/session/selection_place.h"

#include <algorithm>

namespace alpa::app
{

namespace
{

using Kind = Selection::Kind;

template <typename Number>
std::optional<int> known(Number number)
{
    return number < 0 ? std::nullopt : std::optional<int>(number);
}

void placeOp(SelectionPlace& place, const GraphFacts& facts, OpId op)
{
    place.op = op;
    place.layer = known(facts.layerOfOp[op.index()]);
    place.stage = known(facts.stageOfOp[op.index()]);
    // Before planning a layer knows no stage; after it every op of a layer has the layer's.
    if (!place.stage && place.layer)
        place.stage = known(facts.layers[static_cast<size_t>(*place.layer)].stage);
}

void placeValue(SelectionPlace& place, const GraphFacts& facts, ValueId value)
{
    const OpId producer = facts.graph->value(value).producer;
    if (producer.isValid())
        placeOp(place, facts, producer);
    else if (!facts.users[value.index()].empty())
        placeOp(place, facts, facts.users[value.index()].front());
    place.value = value;
    if (const int stage = facts.stageOfValue[value.index()]; stage >= 0)
        place.stage = stage;
}

bool isBelow(std::string_view path, std::string_view scope)
{
    return scope.empty() ||
           (path.starts_with(scope) && (path.size() == scope.size() || path[scope.size()] == '/'));
}

/// "block_0.qkv.kernel" of "block_0.qkv.kernel[0:64]": parts of a parameter that the planner split
/// keep its name.
std::string_view wholeName(std::string_view name) { return name.substr(0, name.find('[')); }

void placeScope(SelectionPlace& place, const GraphFacts& facts, const ScopeNode& node)
{
    if (node.parameter.isValid()) {
        // Parameters keep their names from the model to the plan's graph; their numbers may differ.
        for (const GraphInput& input : facts.graph->inputs) {
            if (wholeName(facts.graph->value(input.value).name) == node.name) {
                placeValue(place, facts, input.value);
                return;
            }
        }
    }
    for (size_t i = 0; i < facts.graph->ops.size(); ++i) {
        const Op& op = facts.graph->ops[i];
        if (op.phase == Phase::kForward && isBelow(facts.graph->scopePath(op.scope), node.path)) {
            placeOp(place, facts, OpId(i));
            return;
        }
    }
}

} // namespace

SelectionPlace placeOf(const Selection& selection, const GraphFacts& facts, const ScopeTree& scopes)
{
    SelectionPlace place;
    const auto index = static_cast<size_t>(std::max(selection.index, 0));
    if (selection.kind == Kind::kOp && index < facts.graph->ops.size()) {
        placeOp(place, facts, OpId(index));
    } else if (selection.kind == Kind::kValue && index < facts.graph->values.size()) {
        placeValue(place, facts, ValueId(index));
    } else if (selection.kind == Kind::kLayer && index < facts.layers.size()) {
        place.layer = selection.index;
        place.stage = known(facts.layers[index].stage);
    } else if (selection.kind == Kind::kStage && facts.plan != nullptr &&
               index < facts.plan->stages.size()) {
        place.stage = selection.index;
    } else if (selection.kind == Kind::kScope && index < scopes.nodes.size()) {
        placeScope(place, facts, scopes.nodes[index]);
    } else if (selection.kind == Kind::kCollective && index < facts.communications.size()) {
        const Communication& communication = facts.communications[index];
        placeOp(place, facts, communication.consumer);
        place.value = communication.value;
        place.stage = communication.stage;
        place.communication = selection.index;
    } else if (selection.kind == Kind::kDevice && facts.plan != nullptr &&
               selection.index < facts.plan->cluster.deviceCount()) {
        place.device = selection.index;
        if (const std::vector<int> stages = stagesOfDevice(facts, selection.index); !stages.empty())
            place.stage = stages.front();
    }
    return place;
}

SelectionPlaces placesOf(const std::vector<Selection>& selections, const GraphFacts& facts,
                         const ScopeTree& scopes)
{
    SelectionPlaces places;
    const auto insert = [](auto& set, const auto& place) {
        if (place)
            set.insert(*place);
    };
    for (const Selection& selection : selections) {
        const SelectionPlace place = placeOf(selection, facts, scopes);
        insert(places.ops, place.op);
        insert(places.layers, place.layer);
        insert(places.stages, place.stage);
        insert(places.devices, place.device);
        insert(places.communications, place.communication);
    }
    return places;
}

bool holds(const Selection& row, const SelectionPlace& place)
{
    switch (row.kind) {
    case Kind::kOp:
        return place.op && int(place.op->index()) == row.index;
    case Kind::kValue:
        return place.value && int(place.value->index()) == row.index;
    case Kind::kLayer:
        return place.layer == row.index;
    case Kind::kStage:
        return place.stage == row.index;
    case Kind::kDevice:
        return place.device == row.index;
    case Kind::kCollective:
        return place.communication == row.index;
    case Kind::kScope: // Which of them is the outline's affair: scopeNodeOf.
    case Kind::kNone:
        return false;
    }
    return false;
}

std::optional<int> scopeNodeOf(const SelectionPlace& place, const GraphFacts& facts,
                               const ScopeTree& scopes)
{
    if (place.value && !facts.graph->value(*place.value).producer.isValid()) {
        const std::string_view name = wholeName(facts.graph->value(*place.value).name);
        for (size_t i = 0; i < scopes.nodes.size(); ++i) {
            if (scopes.nodes[i].parameter.isValid() && scopes.nodes[i].name == name)
                return int(i);
        }
    }
    std::string_view path;
    if (place.op) {
        path = facts.graph->scopePath(facts.graph->op(*place.op).scope);
    } else if (place.layer) {
        // A layer of several blocks is called "GPT/block_2 .. GPT/block_3".
        path = facts.layers[static_cast<size_t>(*place.layer)].name;
        path = path.substr(0, path.find(" .. "));
    } else {
        return std::nullopt;
    }
    std::optional<int> deepest;
    for (size_t i = 0; i < scopes.nodes.size(); ++i) {
        const ScopeNode& node = scopes.nodes[i];
        const bool isDeeper =
            !deepest || node.path.size() > scopes.nodes[static_cast<size_t>(*deepest)].path.size();
        if (!node.parameter.isValid() && isDeeper && isBelow(path, node.path))
            deepest = int(i);
    }
    return deepest;
}

std::vector<OpId> opsOf(const Selection& selection, const GraphFacts& facts,
                        const ScopeTree& scopes)
{
    const SelectionPlace place = placeOf(selection, facts, scopes);
    const bool isScope = selection.kind == Kind::kScope && !place.value;
    if (place.op && !isScope)
        return {*place.op};
    std::vector<OpId> ops;
    for (size_t i = 0; i < facts.graph->ops.size(); ++i) {
        const Op& op = facts.graph->ops[i];
        if (op.phase != Phase::kForward)
            continue;
        const bool isIn = isScope       ? isBelow(facts.graph->scopePath(op.scope),
                                                  scopes.nodes[static_cast<size_t>(selection.index)].path)
                          : place.layer ? facts.layerOfOp[i] == *place.layer
                                        : place.stage && facts.stageOfOp[i] == *place.stage;
        if (isIn)
            ops.push_back(OpId(i));
    }
    return ops;
}

std::vector<int> stagesOfDevice(const GraphFacts& facts, int device)
{
    std::vector<int> stages;
    for (size_t s = 0; facts.plan != nullptr && s < facts.plan->stages.size(); ++s) {
        const auto& devices = facts.plan->stages[s].mesh.devices;
        if (std::ranges::find(devices, DeviceId(static_cast<uint32_t>(device))) != devices.end())
            stages.push_back(int(s));
    }
    return stages;
}

} // namespace alpa::app
