#include "core/explain/placements.h"

#include "core/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace alpa
{
namespace
{

constexpr int kMost = 1 << 20;
constexpr size_t kMostAxes = 3; ///< That the planner's meshes have.
constexpr std::string_view kNumbered = "primals_";

std::optional<int> wholeNumber(std::string_view text)
{
    int number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size() || number < 0)
        return std::nullopt;
    return number;
}

/// Names as traced programs have them: "p_layers_0_wq_weight" for layers.0.wq.weight.
std::string tracedName(std::string_view name)
{
    std::string traced(name);
    std::ranges::replace_if(
        traced, [](char c) { return c == '.' || c == '/'; }, '_');
    return traced;
}

/// The placement of every parameter, by name or else by number; empty entries where there is none.
Result<std::vector<const Placement*>> findParameters(const PlacementPlan& plan,
                                                     const std::vector<const Value*>& parameters)
{
    std::map<std::string, const Placement*> byName;
    std::map<int, const Placement*> byNumber;
    for (const Placement& placement : plan.placements) {
        std::string_view name = placement.node;
        if (name.starts_with(kNumbered)) {
            if (const auto number = wholeNumber(name.substr(kNumbered.size())))
                byNumber[*number] = &placement;
        }
        byName[tracedName(name)] = &placement;
        if (name.starts_with("p_"))
            byName[std::string(name.substr(2))] = &placement;
    }
    std::vector<const Placement*> found;
    for (const Value* parameter : parameters) {
        const auto entry = byName.find(tracedName(parameter->name));
        found.push_back(entry == byName.end() ? nullptr : entry->second);
    }
    if (std::ranges::any_of(found, [](const Placement* placement) { return placement != nullptr; }))
        return found;
    if (byNumber.empty())
        return Error(ErrorCode::kInvalidInput,
                     "placements: no node is named like a parameter of the model or primals_1");
    if (byNumber.size() < parameters.size())
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("placements: {} nodes are numbered {}N, and the model has {} "
                                 "parameters",
                                 byNumber.size(), kNumbered, parameters.size()));
    // Parameters come first, then buffers and the batch.
    auto next = byNumber.begin();
    for (const Placement*& placement : found)
        placement = (next++)->second;
    return found;
}

} // namespace

bool looksLikePlacements(const JsonPlace& root)
{
    return root.has("placements") && root.has("mesh_shape");
}

std::optional<std::vector<std::optional<int>>> parsePlacement(std::string_view text, size_t axes)
{
    std::vector<std::optional<int>> dims;
    while (!text.empty()) {
        const char kind = text.front();
        text.remove_prefix(1);
        if (kind == 'R') {
            dims.emplace_back();
            continue;
        }
        const size_t close = text.find(')');
        if ((kind != 'S' && kind != 'P') || !text.starts_with('(') ||
            close == std::string_view::npos)
            return std::nullopt;
        const std::optional<int> dim = wholeNumber(text.substr(1, close - 1));
        if (kind == 'S' && (!dim || *dim >= kMaxRank))
            return std::nullopt;
        dims.push_back(kind == 'S' ? dim : std::nullopt);
        text.remove_prefix(close + 1);
    }
    return dims.size() == axes ? std::optional(dims) : std::nullopt;
}

PlacementPlan readPlacements(const JsonPlace& root)
{
    PlacementPlan plan;
    root.member("version").countInt(1, 1);
    plan.mesh = root.member("mesh_shape").counts(1, kMost);
    if (plan.mesh.empty() || plan.mesh.size() > kMostAxes)
        root.member("mesh_shape").fail(fmt::format("expected 1 to {} sizes", kMostAxes));
    for (const auto& [name, node] : root.member("placements").members()) {
        const std::string output = node.member("output").text();
        // Nodes with several outputs or none are no parameters.
        if (output.starts_with('(') || output.starts_with('[') || output == "None")
            continue;
        const auto dims = parsePlacement(output, plan.mesh.size());
        if (!dims)
            node.member("output").fail(
                fmt::format("got '{}', expected S(d), R or P(sum) for each of {} mesh axes", output,
                            plan.mesh.size()));
        if (root.failed())
            break;
        plan.placements.push_back({.node = name, .dim = *dims});
    }
    return plan;
}

Status applyPlacements(const PlacementPlan& plan, const Graph& model, PlanConstraints& constraints)
{
    std::vector<const Value*> parameters;
    for (const GraphInput& input : model.inputs) {
        if (input.role == InputRole::kParameter)
            parameters.push_back(&model.value(input.value));
    }
    ASSIGN_OR_RETURN(const std::vector<const Placement*> found, findParameters(plan, parameters));
    std::vector<int> mesh = plan.mesh;
    if (mesh.size() == 1)
        mesh.push_back(1);
    if (constraints.meshAxes.empty())
        constraints.meshAxes = mesh;
    if (!constraints.fixedPp)
        constraints.fixedPp = 1;
    for (size_t i = 0; i < parameters.size(); ++i) {
        if (found[i] == nullptr)
            continue;
        const int rank = parameters[i]->type.rank();
        ShardingSpec spec = ShardingSpec::replicated(rank);
        for (size_t axis = 0; axis < plan.mesh.size(); ++axis) {
            const std::optional<int> dim = found[i]->dim[axis];
            if (dim && *dim >= rank)
                return Error(ErrorCode::kInvalidInput,
                             fmt::format("placements: {} splits dimension {}, and {} ({}) has {}: "
                                         "is this another model, or are its parameters in another "
                                         "order?",
                                         found[i]->node, *dim, parameters[i]->name,
                                         formatType(parameters[i]->type), rank));
            if (dim && plan.mesh[axis] > 1) {
                AxisSet& axes = spec.dims[static_cast<size_t>(*dim)];
                axes = static_cast<AxisSet>(axes | axisBit(static_cast<int>(axis)));
            }
        }
        constraints.specs.push_back(
            {.pattern = parameters[i]->name, .spec = spec, .forbids = false});
    }
    return {};
}

} // namespace alpa
