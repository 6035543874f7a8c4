#include "core/graph/graph.h"

#include <algorithm>
#include <array>

namespace alpa
{

namespace
{

constexpr std::array<std::string_view, 3> kPhaseNames{"forward", "backward", "update"};
constexpr std::array<std::string_view, 3> kInputNames{"parameter", "state", "batch"};
constexpr std::array<std::string_view, 5> kOutputNames{"loss", "gradient", "updated_parameter",
                                                       "updated_state", "other"};

template <typename Enum, size_t N>
std::optional<Enum> fromName(const std::array<std::string_view, N>& names, std::string_view name)
{
    const auto found = std::ranges::find(names, name);
    if (found == names.end())
        return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

} // namespace

std::string_view phaseName(Phase phase) { return kPhaseNames[static_cast<size_t>(phase)]; }

std::optional<Phase> phaseFromName(std::string_view name)
{
    return fromName<Phase>(kPhaseNames, name);
}

std::string_view inputRoleName(InputRole role) { return kInputNames[static_cast<size_t>(role)]; }

std::optional<InputRole> inputRoleFromName(std::string_view name)
{
    return fromName<InputRole>(kInputNames, name);
}

std::string_view outputRoleName(OutputRole role) { return kOutputNames[static_cast<size_t>(role)]; }

std::optional<OutputRole> outputRoleFromName(std::string_view name)
{
    return fromName<OutputRole>(kOutputNames, name);
}

ScopeId Graph::scope(std::string_view path)
{
    if (scopes.empty())
        scopes.emplace_back();
    // The table is public: whoever filled or replaced it directly is caught up with here.
    const auto known = scopeIds_.find(std::string(path));
    if (known != scopeIds_.end() && known->second.index() < scopes.size() &&
        scopes[known->second.index()] == path)
        return known->second;
    if (known != scopeIds_.end() || scopeIds_.size() != scopes.size()) {
        scopeIds_.clear();
        for (size_t next = 0; next < scopes.size(); ++next)
            scopeIds_.emplace(scopes[next], ScopeId(next));
    }
    const auto [entry, isNew] = scopeIds_.emplace(std::string(path), ScopeId(scopes.size()));
    if (isNew)
        scopes.emplace_back(path);
    return entry->second;
}

ValueId Graph::addInput(std::string inputName, TensorType inputType, InputRole role)
{
    if (scopes.empty())
        scopes.emplace_back();
    const ValueId id(values.size());
    values.push_back({std::move(inputType), OpId(), std::move(inputName)});
    inputs.push_back({id, role});
    return id;
}

OpId Graph::addOp(Op op, std::vector<TensorType> resultTypes)
{
    const OpId id(ops.size());
    if (!op.scope.isValid())
        op.scope = scope("");
    op.results.clear();
    for (TensorType& type : resultTypes) {
        op.results.emplace_back(values.size());
        values.push_back({std::move(type), id, {}});
    }
    ops.push_back(std::move(op));
    return id;
}

std::optional<InputRole> Graph::inputRole(ValueId id) const
{
    if (value(id).producer.isValid())
        return std::nullopt;
    const auto isThis = [id](const GraphInput& input) { return input.value == id; };
    // Inputs usually come first in the table of values, at their own position.
    if (id.index() < inputs.size() && isThis(inputs[id.index()]))
        return inputs[id.index()].role;
    // Those added later still ascend, unless a pass has moved them.
    const auto place = std::ranges::lower_bound(inputs, id, {}, &GraphInput::value);
    if (place != inputs.end() && isThis(*place))
        return place->role;
    const auto found = std::ranges::find_if(inputs, isThis);
    return found == inputs.end() ? std::nullopt : std::optional(found->role);
}

std::vector<std::vector<OpId>> valueUsers(const Graph& graph)
{
    std::vector<std::vector<OpId>> users(graph.values.size());
    for (size_t op = 0; op < graph.ops.size(); ++op) {
        for (const ValueId operand : graph.ops[op].operands) {
            std::vector<OpId>& list = users[operand.index()];
            if (list.empty() || list.back() != OpId(op))
                list.emplace_back(op);
        }
    }
    return users;
}

int64_t parameterCount(const Graph& graph)
{
    int64_t count = 0;
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kParameter)
            count += graph.type(input.value).elementCount();
    }
    return count;
}

std::string valueLabel(const Graph& graph, ValueId id)
{
    const Value& value = graph.value(id);
    return value.name.empty() ? "%" + std::to_string(id.number) : value.name;
}

} // namespace alpa
