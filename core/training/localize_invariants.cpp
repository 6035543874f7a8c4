#include "core/training/localize_invariants.h"

#include "core/training/scope_group.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace alpa
{
namespace
{

/// Numbers in a constant that may be copied; a table of weights written into the file stays single.
constexpr size_t kLargestCopiedConstant = 4096;

bool isCheap(const Op& op)
{
    constexpr OpKind kCostly[] = {OpKind::kConvolution,      OpKind::kDot,        OpKind::kGather,
                                  OpKind::kReduceWindow,     OpKind::kScatter,    OpKind::kSort,
                                  OpKind::kSelectAndScatter, OpKind::kAccumulate, OpKind::kOpaque};
    if (const auto* constant = std::get_if<ConstantAttributes>(&op.attributes))
        return constant->values.size() <= kLargestCopiedConstant;
    return std::ranges::find(kCostly, op.kind) == std::end(kCostly);
}

/// Cheap ops of constants and parameters.
std::vector<bool> invariantOps(const Graph& graph)
{
    std::vector<bool> isInvariantValue(graph.values.size(), false);
    for (const GraphInput& input : graph.inputs)
        isInvariantValue[input.value.index()] = input.role == InputRole::kParameter;
    std::vector<bool> isInvariant(graph.ops.size(), false);
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        isInvariant[i] = isCheap(op) && op.phase != Phase::kUpdate &&
                         std::ranges::all_of(
                             op.operands, [&](ValueId id) { return isInvariantValue[id.index()]; });
        for (const ValueId result : op.results)
            isInvariantValue[result.index()] = isInvariant[i];
    }
    return isInvariant;
}

class Localizer
{
public:
    explicit Localizer(const Graph& graph)
        : graph_(graph)
        , isInvariant_(invariantOps(graph))
        , groups_(scopeGroups(graph))
        , values_(graph.values.size())
        , newOps_(graph.ops.size())
    {
        // Scopes keep their ids; everything else is built again.
        result_.name = graph.name;
        result_.scopes = graph.scopes;
        result_.fileMesh = graph.fileMesh;
        result_.ops.reserve(graph.ops.size());
        result_.values.reserve(graph.values.size());
    }

    Graph run()
    {
        for (const GraphInput& input : graph_.inputs)
            values_[input.value.index()] = result_.addInput(graph_.value(input.value).name,
                                                            graph_.type(input.value), input.role);
        for (size_t i = 0; i < graph_.ops.size(); ++i) {
            if (!isInvariant_[i])
                emit(i, graph_.ops[i], nullptr);
        }
        for (const GraphOutput& output : graph_.outputs)
            addOutput(output);
        return std::move(result_);
    }

private:
    /// A scope group in one phase.
    using Place = std::pair<int, Phase>;

    const Graph& graph_;
    Graph result_;
    std::vector<bool> isInvariant_;
    std::vector<int> groups_;
    std::vector<ValueId> values_; ///< New ids of inputs and of results of ops that stay single.
    std::vector<OpId> newOps_;    ///< The first copy in the op's own phase.
    std::map<Place, std::map<ValueId, ValueId>> copies_;

    int group(const Op& op) const { return op.scope.isValid() ? groups_[op.scope.index()] : -1; }

    bool isCopied(ValueId id) const
    {
        const OpId producer = graph_.value(id).producer;
        return producer.isValid() && isInvariant_[producer.index()];
    }

    ValueId newId(ValueId id, const Place& place)
    {
        return isCopied(id) ? copies_[place].at(id) : values_[id.index()];
    }

    OpId newOrigin(OpId origin) const
    {
        return origin.isValid() ? newOps_[origin.index()] : OpId();
    }

    /// Appends op `index` of the old graph; `reader` is the op for whose place a copy is made.
    void emit(size_t index, const Op& old, const Op* reader)
    {
        const Op& placing = reader != nullptr ? *reader : old;
        const Place place{group(placing), placing.phase};
        for (const ValueId operand : old.operands)
            provide(operand, placing);
        Op op = old;
        op.phase = placing.phase;
        if (group(old) != place.first)
            op.scope = placing.scope;
        op.origin = newOrigin(old.phase == placing.phase ? old.origin : placing.origin);
        std::vector<TensorType> types;
        for (ValueId& operand : op.operands)
            operand = newId(operand, place);
        for (const ValueId result : old.results)
            types.push_back(graph_.type(result));
        op.results.clear();
        const OpId id = result_.addOp(std::move(op), types);
        // A forward op that only backward ops read leaves no forward copy to be an origin.
        if (!newOps_[index].isValid() && placing.phase == old.phase)
            newOps_[index] = id;
        for (size_t i = 0; i < old.results.size(); ++i) {
            const ValueId result = result_.op(id).results[i];
            if (reader != nullptr)
                copies_[place][old.results[i]] = result;
            else
                values_[old.results[i].index()] = result;
        }
    }

    /// Copies what `value` is made of to the place of `reader`, unless it is there already.
    void provide(ValueId value, const Op& reader)
    {
        const std::map<ValueId, ValueId>& present = copies_[{group(reader), reader.phase}];
        std::set<size_t> needed; // In the order of the graph, operands first.
        std::vector<ValueId> open = {value};
        while (!open.empty()) {
            const ValueId next = open.back();
            open.pop_back();
            if (!isCopied(next) || present.contains(next))
                continue;
            const size_t producer = graph_.value(next).producer.index();
            if (!needed.insert(producer).second)
                continue;
            for (const ValueId operand : graph_.ops[producer].operands)
                open.push_back(operand);
        }
        for (const size_t index : needed)
            emit(index, graph_.ops[index], &reader);
    }

    void addOutput(const GraphOutput& output)
    {
        GraphOutput copy = output;
        if (output.alias.isValid())
            copy.alias = values_[output.alias.index()];
        if (isCopied(output.value)) {
            const Op& producer = graph_.op(graph_.value(output.value).producer);
            provide(output.value, producer);
            copy.value = newId(output.value, {group(producer), producer.phase});
        } else {
            copy.value = values_[output.value.index()];
        }
        result_.addOutput(copy);
    }
};

} // namespace

Graph localizeInvariants(const Graph& graph) { return Localizer(graph).run(); }

} // namespace alpa
