#include "core/graph/simplify.h"

#include "core/graph/attribute_fields.h"
#include "core/graph/simplify_rules.h"

#include <algorithm>
#include <bit>
#include <type_traits>

namespace alpa
{
namespace
{

struct Steps {
    bool foldsConstants = false;
    bool simplifiesAlgebra = false;
    bool mergesEqualOps = false;
};

/// Mixes field after field into one number; equal ops have equal hashes.
struct Hash {
    uint64_t state = 0;

    void mix(uint64_t number)
    {
        state = (state ^ number) * 0x9E3779B97F4A7C15ull;
        state ^= state >> 29;
    }
    void operator()(std::string_view, const std::string& field)
    {
        mix(std::hash<std::string>{}(field));
    }
    template <typename T>
    void operator()(std::string_view, const T& field)
    {
        mixField(field);
    }
    template <typename T>
    void mixField(const T& field)
    {
        if constexpr (std::is_same_v<T, double>)
            mix(std::bit_cast<uint64_t>(field));
        else
            mix(static_cast<uint64_t>(field));
    }
    template <typename T>
    void operator()(std::string_view, const std::vector<T>& field)
    {
        mix(field.size());
        for (const T item : field)
            mixField(item);
    }
};

uint64_t hashOf(const Op& op)
{
    Hash hash;
    hash.mix(static_cast<uint64_t>(op.kind));
    hash.mix(static_cast<uint64_t>(op.phase));
    hash.mix(op.scope.number);
    for (const ValueId operand : op.operands)
        hash.mix(operand.number);
    std::visit([&](const auto& alternative) { visitAttributeFields(alternative, hash); },
               op.attributes);
    return hash.state;
}

/// Bit for bit, so that zeros of both signs stay apart and NaN equals itself.
bool haveEqualAttributes(const Op& a, const Op& b)
{
    const auto* x = std::get_if<ConstantAttributes>(&a.attributes);
    const auto* y = std::get_if<ConstantAttributes>(&b.attributes);
    if (x == nullptr || y == nullptr)
        return a.attributes == b.attributes;
    return std::ranges::equal(x->values, y->values, isSameNumber);
}

class Simplifier
{
public:
    Simplifier(Graph graph, Steps steps)
        : graph_(std::move(graph))
        , steps_(steps)
        , replacement_(graph_.values.size())
    {
        for (size_t value = 0; value < replacement_.size(); ++value)
            replacement_[value] = ValueId(value);
    }

    Graph run()
    {
        for (size_t index = 0; index < graph_.ops.size(); ++index)
            visit(OpId(index));
        for (GraphOutput& output : graph_.outputs)
            output.value = replacement_[output.value.index()];
        for (Op& op : graph_.ops) {
            if (!op.origin.isValid() || graph_.op(op.origin).results.empty())
                continue;
            const ValueId origin = graph_.op(op.origin).results[0];
            if (replacement_[origin.index()] != origin)
                op.origin = graph_.value(replacement_[origin.index()]).producer;
        }
        return removeDeadOps(std::move(graph_));
    }

private:
    void visit(OpId id)
    {
        Op& op = graph_.op(id);
        for (ValueId& operand : op.operands)
            operand = replacement_[operand.index()];
        if (steps_.simplifiesAlgebra)
            skipOperand(graph_, op);
        if (steps_.foldsConstants) {
            if (std::optional<ConstantAttributes> constant = foldedConstant(graph_, op)) {
                op.kind = OpKind::kConstant;
                op.operands.clear();
                op.attributes = *std::move(constant);
            }
        }
        if (steps_.simplifiesAlgebra) {
            if (const std::optional<ValueId> equal = equalValue(graph_, op)) {
                replacement_[op.results[0].index()] = *equal;
                return;
            }
        }
        if (steps_.mergesEqualOps && op.kind != OpKind::kOpaque)
            merge(id);
    }

    void merge(OpId id)
    {
        const Op& op = graph_.op(id);
        std::vector<OpId>& candidates = opsByHash_[hashOf(op)];
        for (const OpId candidate : candidates) {
            const Op& earlier = graph_.op(candidate);
            if (!isEqual(earlier, op))
                continue;
            for (size_t i = 0; i < op.results.size(); ++i)
                replacement_[op.results[i].index()] = earlier.results[i];
            return;
        }
        candidates.push_back(id);
    }

    bool isEqual(const Op& a, const Op& b) const
    {
        if (a.kind != b.kind || a.phase != b.phase || a.scope != b.scope ||
            a.operands != b.operands || a.results.size() != b.results.size() ||
            !haveEqualAttributes(a, b))
            return false;
        for (size_t i = 0; i < a.results.size(); ++i) {
            if (graph_.type(a.results[i]) != graph_.type(b.results[i]))
                return false;
        }
        return true;
    }

    Graph graph_;
    Steps steps_;
    std::vector<ValueId>
        replacement_; ///< Of every value, the one to read instead; itself at first.
    std::unordered_map<uint64_t, std::vector<OpId>> opsByHash_;
};

std::vector<bool> liveOps(const Graph& graph)
{
    std::vector<bool> isLive(graph.ops.size());
    const auto markProducer = [&](ValueId id) {
        const OpId producer = graph.value(id).producer;
        if (producer.isValid())
            isLive[producer.index()] = true;
    };
    for (const GraphOutput& output : graph.outputs)
        markProducer(output.value);
    for (size_t index = graph.ops.size(); index-- > 0;) {
        if (graph.ops[index].results.empty())
            isLive[index] = true;
        if (isLive[index]) {
            for (const ValueId operand : graph.ops[index].operands)
                markProducer(operand);
        }
    }
    return isLive;
}

} // namespace

Graph removeDeadOps(Graph graph)
{
    const std::vector<bool> isLive = liveOps(graph);
    std::vector<OpId> newOps(graph.ops.size());
    std::vector<ValueId> newValues(graph.values.size());
    size_t opCount = 0;
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        if (isLive[index])
            newOps[index] = OpId(opCount++);
    }
    size_t valueCount = 0;
    for (size_t index = 0; index < graph.values.size(); ++index) {
        Value& value = graph.values[index];
        if (value.producer.isValid() && !isLive[value.producer.index()])
            continue;
        if (value.producer.isValid())
            value.producer = newOps[value.producer.index()];
        newValues[index] = ValueId(valueCount);
        if (valueCount != index)
            graph.values[valueCount] = std::move(value);
        ++valueCount;
    }
    graph.values.resize(valueCount);
    const auto renumber = [&](ValueId& id) {
        if (id.isValid())
            id = newValues[id.index()];
    };
    for (size_t index = 0; index < newOps.size(); ++index) {
        if (!isLive[index])
            continue;
        Op& op = graph.ops[index];
        std::ranges::for_each(op.operands, renumber);
        std::ranges::for_each(op.results, renumber);
        if (op.origin.isValid())
            op.origin = newOps[op.origin.index()];
        if (newOps[index].index() != index)
            graph.ops[newOps[index].index()] = std::move(op);
    }
    graph.ops.resize(opCount);
    for (GraphInput& input : graph.inputs)
        renumber(input.value);
    for (GraphOutput& output : graph.outputs) {
        renumber(output.value);
        renumber(output.alias);
    }
    return graph;
}

Graph foldConstants(Graph graph)
{
    return Simplifier(std::move(graph), {.foldsConstants = true}).run();
}

Graph simplifyAlgebra(Graph graph)
{
    return Simplifier(std::move(graph), {.simplifiesAlgebra = true}).run();
}

Graph mergeEqualOps(Graph graph)
{
    return Simplifier(std::move(graph), {.mergesEqualOps = true}).run();
}

Graph simplify(Graph graph)
{
    const Steps all{.foldsConstants = true, .simplifiesAlgebra = true, .mergesEqualOps = true};
    return Simplifier(std::move(graph), all).run();
}

} // namespace alpa
