#include "core/training/step_updates.h"

#include "core/graph/builder.h"
#include "core/training/scope_group.h"
#include "core/training/update_scope.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace alpa
{
namespace
{

/// Everything that the update of one output reads: states, gradients and other values of the
/// passes.
struct Reach {
    std::set<ValueId> inputs;    ///< Graph inputs.
    std::set<ValueId> gradients; ///< Made by forward or backward ops from something.
};

bool isUpdateOp(const Graph& graph, ValueId id)
{
    const OpId producer = graph.value(id).producer;
    return producer.isValid() && graph.op(producer).phase == Phase::kUpdate;
}

/// Constants and iotas, which every pass may have for itself.
bool isFree(const Graph& graph, ValueId id)
{
    const OpId producer = graph.value(id).producer;
    return producer.isValid() && graph.op(producer).operands.empty();
}

Reach reachOf(const Graph& graph, ValueId output)
{
    Reach reach;
    std::set<ValueId> seen;
    std::vector<ValueId> pending{output};
    while (!pending.empty()) {
        const ValueId id = pending.back();
        pending.pop_back();
        if (!seen.insert(id).second || isFree(graph, id))
            continue;
        if (!graph.value(id).producer.isValid())
            reach.inputs.insert(id);
        else if (!isUpdateOp(graph, id))
            reach.gradients.insert(id);
        else
            for (const ValueId operand : graph.op(graph.value(id).producer).operands)
                pending.push_back(operand);
    }
    return reach;
}

/// Which parameter each state belongs to: the only one whose update reads it, of its shape.
std::map<ValueId, ValueId> ownersOfStates(const Graph& graph)
{
    std::map<ValueId, ValueId> owners;
    std::set<ValueId> shared;
    for (const GraphOutput& output : graph.outputs) {
        if (output.role != OutputRole::kUpdatedParameter || !output.alias.isValid())
            continue;
        for (const ValueId input : reachOf(graph, output.value).inputs) {
            if (graph.inputRole(input) != InputRole::kOptimizerState)
                continue;
            const bool fits = graph.type(input).dims == graph.type(output.alias).dims;
            if (!fits || !owners.emplace(input, output.alias).second)
                shared.insert(input);
        }
    }
    for (const ValueId input : shared)
        owners.erase(input);
    return owners;
}

/// "0.mu.fc.kernel" of parameter "fc.kernel" is "fc.kernel.mu"; empty if the name has no such form.
std::string nameOfState(const std::string& state, const std::string& parameter)
{
    if (!state.ends_with('.' + parameter))
        return {};
    const std::string root = state.substr(0, state.size() - parameter.size() - 1);
    return parameter + '.' + root.substr(root.rfind('.') + 1);
}

class UpdateSeparator
{
public:
    explicit UpdateSeparator(const Graph& step)
        : step_(step)
        , result_(step)
        , owners_(ownersOfStates(step))
        , isWhole_(whyUpdatesHangTogether(step).has_value())
        , updateScopes_(step.scopes)
        , groups_(scopeGroups(step))
        , users_(valueUsers(step))
        , values_(step.values.size())
    {
        result_.ops.clear();
        result_.values.clear();
        result_.inputs.clear();
        result_.outputs.clear();
    }

    Graph run()
    {
        addInputs();
        std::vector<OpId> newOps(step_.ops.size());
        for (size_t index = 0; index < step_.ops.size(); ++index) {
            const Op& op = step_.ops[index];
            if (op.phase == Phase::kUpdate)
                continue;
            newOps[index] = copy(op, values_);
            Op& made = result_.op(newOps[index]);
            made.origin = op.origin.isValid() ? newOps[op.origin.index()] : OpId();
            for (size_t at = 0; at < op.results.size(); ++at)
                values_[op.results[at].index()] = made.results[at];
        }
        for (const GraphOutput& output : step_.outputs)
            addOutput(output);
        return std::move(result_);
    }

private:
    using Copies = std::unordered_map<ValueId, ValueId>;

    void addInputs()
    {
        std::set<std::string> taken;
        for (const GraphInput& input : step_.inputs)
            taken.insert(step_.value(input.value).name);
        for (const GraphInput& input : step_.inputs) {
            std::string name = step_.value(input.value).name;
            const auto owner = owners_.find(input.value);
            if (owner != owners_.end()) {
                const std::string better = nameOfState(name, step_.value(owner->second).name);
                if (!better.empty() && taken.insert(better).second)
                    name = better;
            }
            values_[input.value.index()] =
                result_.addInput(name, step_.type(input.value), input.role);
        }
    }

    OpId copy(const Op& op, const std::vector<ValueId>& values)
    {
        Op made = op;
        made.results.clear();
        made.origin = {};
        for (ValueId& operand : made.operands)
            operand = values[operand.index()];
        return result_.addOp(std::move(made), typesOf(op));
    }

    std::vector<TensorType> typesOf(const Op& op) const
    {
        std::vector<TensorType> types;
        for (const ValueId result : op.results)
            types.push_back(step_.type(result));
        return types;
    }

    void addOutput(GraphOutput output)
    {
        if (!output.alias.isValid()) {
            if (output.role == OutputRole::kLoss) {
                output.value = values_[output.value.index()];
                result_.addOutput(output);
            }
            return;
        }
        const auto owner = owners_.find(output.alias);
        ValueId parameter = owner == owners_.end() ? ValueId() : owner->second;
        if (output.role == OutputRole::kUpdatedParameter)
            parameter = output.alias;
        // All in one place if they hang together; else one place for each parameter.
        Copies& copies = copies_[isWhole_ ? ValueId() : parameter];
        scope_ = parameter.isValid() ? result_.scope(updateScopes_.of(step_.value(parameter).name))
                                     : ScopeId(0);
        output.value = updated(output.value, copies);
        output.alias = values_[output.alias.index()];
        output.name = result_.value(output.alias).name;
        result_.addOutput(output);
    }

    /// The value in the update phase of the result. Chains of an update are short, but their length
    /// is the file's: no recursion.
    ValueId updated(ValueId wanted, Copies& copies)
    {
        std::vector<ValueId> pending{wanted};
        while (!pending.empty()) {
            const ValueId id = pending.back();
            if (copies.contains(id)) {
                pending.pop_back();
                continue;
            }
            const OpId producer = step_.value(id).producer;
            if (!producer.isValid()) {
                copies[id] = values_[id.index()];
                continue;
            }
            if (!isUpdateOp(step_, id) && !isFree(step_, id)) {
                copies[id] = accumulated(id);
                continue;
            }
            const Op& op = step_.op(producer);
            const size_t before = pending.size();
            for (const ValueId operand : op.operands) {
                if (!copies.contains(operand))
                    pending.push_back(operand);
            }
            if (pending.size() == before)
                copyUpdate(op, copies);
        }
        return copies.at(wanted);
    }

    void copyUpdate(const Op& op, Copies& copies)
    {
        Op made = op;
        made.results.clear();
        made.origin = {};
        made.phase = Phase::kUpdate;
        made.scope = scope_;
        for (ValueId& operand : made.operands)
            operand = copies.at(operand);
        const OpId id = result_.addOp(std::move(made), typesOf(op));
        for (size_t at = 0; at < op.results.size(); ++at)
            copies[op.results[at]] = result_.op(id).results[at];
    }

    /// The mean of a value of the passes over the microbatches; of a sum of parts from several
    /// scope groups, the sum of their means.
    ValueId accumulated(ValueId id)
    {
        const auto known = accumulated_.find(id);
        if (known != accumulated_.end())
            return known->second;
        const TensorType type = step_.type(id);
        GraphBuilder builder(result_, scope_, Phase::kUpdate);
        ValueId sum;
        for (const ValueId part : partsOf(id)) {
            const Op& maker = step_.op(step_.value(part).producer);
            builder.setPhase(Phase::kBackward);
            builder.setScope(maker.scope);
            const ValueId value = values_[part.index()];
            builder.setOrigin(result_.op(result_.value(value).producer).origin);
            // Sums over many microbatches lose their tail in 16 bits.
            const bool isNarrow = isFloating(type.dtype) && dtypeBytes(type.dtype) < 4;
            const ValueId wide = isNarrow ? builder.convert(value, DType::kF32) : value;
            const ValueId mean = builder.accumulate(wide);
            builder.setPhase(Phase::kUpdate);
            builder.setScope(scope_);
            builder.setOrigin({});
            const ValueId narrow = builder.convert(mean, type.dtype);
            sum = sum.isValid() ? builder.add(sum, narrow) : narrow;
        }
        return accumulated_[id] = sum;
    }

    std::vector<ValueId> partsOf(ValueId id) const
    {
        std::vector<ValueId> parts{id};
        for (size_t at = 0; at < parts.size();) {
            const OpId producer = step_.value(parts[at]).producer;
            const Op* op = producer.isValid() ? &step_.op(producer) : nullptr;
            const auto isOwn = [&](ValueId part) {
                return step_.value(part).producer.isValid() && !isFree(step_, part);
            };
            const bool isSum =
                op != nullptr && op->kind == OpKind::kAdd && op->phase == Phase::kBackward &&
                (parts[at] == id || users_[parts[at].index()].size() == 1) &&
                isOwn(op->operands[0]) && isOwn(op->operands[1]) &&
                groupOf(op->operands[0]) != groupOf(op->operands[1]) && isReadByUpdatesOnly(id);
            if (!isSum) {
                ++at;
                continue;
            }
            parts[at] = op->operands[0];
            parts.push_back(op->operands[1]);
        }
        return parts;
    }
    int groupOf(ValueId id) const
    {
        return groups_[step_.op(step_.value(id).producer).scope.index()];
    }
    bool isReadByUpdatesOnly(ValueId id) const
    {
        return std::ranges::all_of(
            users_[id.index()], [&](OpId user) { return step_.op(user).phase == Phase::kUpdate; });
    }

    const Graph& step_;
    Graph result_;
    std::map<ValueId, ValueId> owners_; ///< Of states, their parameters.
    bool isWhole_;
    UpdateScopes updateScopes_;
    std::vector<int> groups_;
    std::vector<std::vector<OpId>> users_;
    std::vector<ValueId> values_; ///< New ids of inputs and of results of the passes.
    std::map<ValueId, Copies> copies_;
    std::unordered_map<ValueId, ValueId> accumulated_;
    ScopeId scope_;
};

} // namespace

std::optional<std::string> whyUpdatesHangTogether(const Graph& step)
{
    const std::map<ValueId, ValueId> owners = ownersOfStates(step);
    std::map<ValueId, ValueId> readers; // Of a gradient, the parameter whose update reads it.
    for (const GraphOutput& output : step.outputs) {
        if (!output.alias.isValid())
            continue;
        const auto owner = owners.find(output.alias);
        const bool isParameter = output.role == OutputRole::kUpdatedParameter;
        const ValueId parameter = isParameter             ? output.alias
                                  : owner == owners.end() ? ValueId()
                                                          : owner->second;
        for (const ValueId gradient : reachOf(step, output.value).gradients) {
            const auto [reader, isNew] = readers.emplace(gradient, parameter);
            if (!isNew && reader->second != parameter)
                return fmt::format(
                    "the updates of '{}' and '{}' read the same gradient",
                    valueLabel(step, reader->second.isValid() ? reader->second : output.alias),
                    valueLabel(step, output.alias));
        }
    }
    return std::nullopt;
}

Graph separateUpdates(const Graph& step) { return UpdateSeparator(step).run(); }

} // namespace alpa
