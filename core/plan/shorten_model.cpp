#include "core/plan/shorten_model.h"

#include "core/plan/model_units.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace alpa
{
namespace
{

/// The loss graph, all of whose ops are forward, with its blocks or other units.
class Blocks
{
public:
    Blocks(const Graph& graph, std::vector<ModelUnit> units)
        : graph_(graph)
        , units_(std::move(units))
        , unitOfOp_(graph.ops.size(), -1)
    {
        for (int unit = 0; unit < count(); ++unit) {
            for (int op = begin(unit); op < end(unit); ++op)
                unitOfOp_[static_cast<size_t>(op)] = unit;
        }
    }

    int count() const { return static_cast<int>(units_.size()); }
    int begin(int unit) const { return units_[static_cast<size_t>(unit)].begin; }
    int end(int unit) const
    {
        return unit + 1 < count() ? begin(unit + 1) : static_cast<int>(graph_.ops.size());
    }
    /// -1 for graph inputs.
    int unitOf(ValueId value) const
    {
        const OpId producer = graph_.value(value).producer;
        return producer.isValid() ? unitOfOp_[producer.index()] : -1;
    }
    int unitOfOp(OpId op) const { return unitOfOp_[op.index()]; }

    /// Are the blocks equal, as shortenModel says?
    bool areEqual(int left, int right) const
    {
        if (end(left) - begin(left) != end(right) - begin(right))
            return false;
        std::map<ValueId, ValueId> inputs;
        std::map<ScopeId, ScopeId> scopes;
        for (int i = 0; i < end(left) - begin(left); ++i) {
            const Op& a = op(begin(left) + i);
            const Op& b = op(begin(right) + i);
            if (a.kind != b.kind || a.operands.size() != b.operands.size() ||
                a.results.size() != b.results.size() || !(a.attributes == b.attributes) ||
                scopes.try_emplace(a.scope, b.scope).first->second != b.scope)
                return false;
            for (size_t r = 0; r < a.results.size(); ++r) {
                if (!(graph_.type(a.results[r]) == graph_.type(b.results[r])))
                    return false;
            }
            for (size_t o = 0; o < a.operands.size(); ++o) {
                if (!areEqual(a.operands[o], left, b.operands[o], right, inputs))
                    return false;
            }
        }
        return true;
    }

    /// Names of parameters and scopes in order of appearance, each once.
    std::vector<std::string> names(int unit) const
    {
        std::vector<std::string> names;
        std::map<ValueId, bool> inputs;
        std::map<ScopeId, bool> scopes;
        for (int i = begin(unit); i < end(unit); ++i) {
            if (scopes.emplace(op(i).scope, true).second)
                names.push_back(graph_.scopePath(op(i).scope));
            for (const ValueId operand : op(i).operands) {
                if (graph_.inputRole(operand) == InputRole::kParameter &&
                    inputs.emplace(operand, true).second)
                    names.push_back(graph_.value(operand).name);
            }
        }
        return names;
    }

private:
    const Op& op(int index) const { return graph_.ops[static_cast<size_t>(index)]; }

    bool areEqual(ValueId a, int left, ValueId b, int right,
                  std::map<ValueId, ValueId>& inputs) const
    {
        const int from = unitOf(a);
        const int to = unitOf(b);
        if (!(graph_.type(a) == graph_.type(b)))
            return false;
        if (from < 0 || to < 0) {
            const bool isParameter = graph_.inputRole(a) == InputRole::kParameter &&
                                     graph_.inputRole(b) == InputRole::kParameter;
            return inputs.try_emplace(a, b).first->second == b && (a == b || isParameter);
        }
        const bool isNear = left - from <= 1 || right - to <= 1;
        if (!isNear)
            return a == b;
        return left - from == right - to && place(a) == place(b);
    }

    std::pair<int, ptrdiff_t> place(ValueId value) const
    {
        const OpId producer = graph_.value(value).producer;
        const auto& results = graph_.op(producer).results;
        return {static_cast<int>(producer.index()) - begin(unitOf(value)),
                std::ranges::find(results, value) - results.begin()};
    }

    const Graph& graph_;
    std::vector<ModelUnit> units_;
    std::vector<int> unitOfOp_;
};

/// May block `block` go? Only itself and the next block read what it makes.
bool isRemovable(const Graph& graph, const Blocks& blocks,
                 const std::vector<std::vector<OpId>>& users, const std::vector<uint8_t>& isOutput,
                 int block)
{
    for (int i = blocks.begin(block); i < blocks.end(block); ++i) {
        for (const ValueId result : graph.ops[static_cast<size_t>(i)].results) {
            const bool isLocal = std::ranges::all_of(users[result.index()], [&](OpId user) {
                return blocks.unitOfOp(user) <= block + 1;
            });
            if (!isLocal || isOutput[result.index()] != 0)
                return false;
        }
    }
    return true;
}

/// The graph without the blocks for which isRemoved; readers of the last removed block read the
/// same places of the last kept one before it.
Graph withoutBlocks(const Graph& graph, const Blocks& blocks, const std::vector<uint8_t>& isRemoved)
{
    Graph result;
    result.name = graph.name;
    result.scopes = graph.scopes;
    std::vector<uint8_t> isRead(graph.values.size(), 0);
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        if (isRemoved[static_cast<size_t>(blocks.unitOfOp(OpId(index)))] != 0)
            continue;
        for (const ValueId operand : graph.ops[index].operands)
            isRead[operand.index()] = 1;
    }
    std::vector<ValueId> mapped(graph.values.size());
    for (const GraphInput& input : graph.inputs) {
        const Value& value = graph.value(input.value);
        if (input.role != InputRole::kParameter || isRead[input.value.index()] != 0)
            mapped[input.value.index()] = result.addInput(value.name, value.type, input.role);
    }
    int lastKept = 0;
    for (int block = 0; block < blocks.count(); ++block) {
        const bool isGone = isRemoved[static_cast<size_t>(block)] != 0;
        lastKept = isGone ? lastKept : block;
        for (int i = blocks.begin(block); i < blocks.end(block); ++i) {
            const Op& op = graph.ops[static_cast<size_t>(i)];
            if (isGone) {
                const Op& same =
                    graph
                        .ops[static_cast<size_t>(blocks.begin(lastKept) + i - blocks.begin(block))];
                for (size_t r = 0; r < op.results.size(); ++r)
                    mapped[op.results[r].index()] = mapped[same.results[r].index()];
                continue;
            }
            Op copy = op;
            std::vector<TensorType> types;
            for (const ValueId value : op.results)
                types.push_back(graph.type(value));
            for (ValueId& operand : copy.operands)
                operand = mapped[operand.index()];
            copy.results.clear();
            const OpId added = result.addOp(std::move(copy), std::move(types));
            for (size_t r = 0; r < op.results.size(); ++r)
                mapped[op.results[r].index()] = result.op(added).results[r];
        }
    }
    for (GraphOutput output : graph.outputs) {
        output.value = mapped[output.value.index()];
        if (output.alias.isValid())
            output.alias = mapped[output.alias.index()];
        result.addOutput(std::move(output));
    }
    return result;
}

/// Blocks beyond the second of a run of equal ones.
std::vector<uint8_t> findRemoved(const Graph& graph, const Blocks& blocks)
{
    const auto users = valueUsers(graph);
    std::vector<uint8_t> isOutput(graph.values.size(), 0);
    for (const GraphOutput& output : graph.outputs)
        isOutput[output.value.index()] = 1;
    std::vector<uint8_t> isRemoved(static_cast<size_t>(blocks.count()), 0);
    int first = 0;
    while (first < blocks.count()) {
        int end = first + 1;
        while (end < blocks.count() && blocks.areEqual(end - 1, end))
            ++end;
        bool isCut = end - first > 2;
        for (int block = first + 1; block < end && isCut; ++block)
            isCut = isRemovable(graph, blocks, users, isOutput, block);
        for (int block = first + 2; block < end && isCut; ++block)
            isRemoved[static_cast<size_t>(block)] = 1;
        first = end;
    }
    return isRemoved;
}

} // namespace

int ShortModel::keptPair(int block) const { return keptOf[static_cast<size_t>(block) + 1] - 1; }

RenameFunction ShortModel::renaming(int kept, int block) const
{
    const std::vector<std::string>& from = keptNames[static_cast<size_t>(kept)];
    const std::vector<std::string>& to = names[static_cast<size_t>(block)];
    if (from == to)
        return {};
    std::map<std::string, std::string, std::less<>> renamed;
    for (size_t i = 0; i < from.size() && i < to.size(); ++i)
        renamed.emplace(from[i], to[i]);
    return [renamed = std::move(renamed)](std::string_view name) {
        const auto known = renamed.find(name);
        return known != renamed.end() ? known->second : std::string(name);
    };
}

ShortModel shortenModel(const Graph& loss)
{
    const Blocks blocks(loss, findBlocks(loss, forwardOps(loss)));
    const std::vector<uint8_t> isRemoved = findRemoved(loss, blocks);
    ShortModel model;
    model.loss = withoutBlocks(loss, blocks, isRemoved);
    for (int block = 0; block < blocks.count(); ++block) {
        model.names.push_back(blocks.names(block));
        if (isRemoved[static_cast<size_t>(block)] == 0) {
            model.blockOfKept.push_back(block);
            model.keptNames.push_back(model.names.back());
        }
        model.keptOf.push_back(model.keptCount() - 1);
    }
    return model;
}

std::optional<ShortModel> byContractions(const Graph& loss, const ShortModel& ofBlocks)
{
    const std::vector<OpId> ops = forwardOps(loss);
    const Blocks blocks(loss, findBlocks(loss, ops));
    const Blocks units(loss, findContractions(loss, ops));
    std::vector<int> blockOf; // Per contraction.
    for (const OpId op : ops) {
        if (isContraction(loss.op(op)))
            blockOf.push_back(blocks.unitOfOp(op));
    }
    if (static_cast<int>(blockOf.size()) != units.count())
        return std::nullopt;
    std::vector<int> firstOf(static_cast<size_t>(blocks.count()) + 1, 0); // Contraction of a block.
    for (const int block : blockOf)
        ++firstOf[static_cast<size_t>(block) + 1];
    std::partial_sum(firstOf.begin(), firstOf.end(), firstOf.begin());
    ShortModel model;
    model.loss = ofBlocks.loss;
    std::vector<int> firstOfKept; // In the short graph.
    for (const int block : ofBlocks.blockOfKept) {
        firstOfKept.push_back(model.keptCount());
        for (int unit = firstOf[static_cast<size_t>(block)];
             unit < firstOf[static_cast<size_t>(block) + 1]; ++unit)
            model.blockOfKept.push_back(unit);
    }
    const Blocks kept(model.loss, findContractions(model.loss, forwardOps(model.loss)));
    if (kept.count() != model.keptCount())
        return std::nullopt;
    for (int unit = 0; unit < kept.count(); ++unit)
        model.keptNames.push_back(kept.names(unit));
    for (int unit = 0; unit < units.count(); ++unit) {
        const auto block = static_cast<size_t>(blockOf[static_cast<size_t>(unit)]);
        model.keptOf.push_back(firstOfKept[static_cast<size_t>(ofBlocks.keptOf[block])] + unit -
                               firstOf[block]);
        model.names.push_back(units.names(unit));
    }
    return model;
}

} // namespace alpa
