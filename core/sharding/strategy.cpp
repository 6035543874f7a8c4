#include "core/sharding/strategy.h"

#include "core/base/check.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Mesh axes that split each factor.
std::vector<AxisSet> axesOfFactors(const FactorRule& rule, const Strategy& strategy,
                                   size_t axisCount)
{
    std::vector<AxisSet> axes(rule.factors.size(), 0);
    for (size_t axis = 0; axis < axisCount; ++axis) {
        const int factor = strategy.axisFactor[axis];
        if (factor == Strategy::kUnused)
            continue;
        CHECK(factor >= 0 && static_cast<size_t>(factor) < rule.factors.size(),
              "the rule has the factor");
        AxisSet& set = axes[static_cast<size_t>(factor)];
        set = static_cast<AxisSet>(set | axisBit(static_cast<int>(axis)));
    }
    return axes;
}

/// A dimension is split as its first factor is; nothing if another of its factors is split (the
/// parts would not be contiguous) or two dimensions of the tensor share a split factor.
std::optional<ShardingSpec> specOfTensor(const std::vector<DimFactors>& dims,
                                         const std::vector<AxisSet>& axes)
{
    ShardingSpec spec = ShardingSpec::replicated(static_cast<int>(dims.size()));
    AxisSet used = 0;
    for (size_t dim = 0; dim < dims.size(); ++dim) {
        for (size_t place = 0; place < dims[dim].size(); ++place) {
            const AxisSet set = axes[static_cast<size_t>(dims[dim][place])];
            if (set == 0)
                continue;
            if (place > 0 || (used & set) != 0)
                return std::nullopt;
            used = static_cast<AxisSet>(used | set);
            spec.dims[dim] = set;
        }
    }
    return spec;
}

bool factorDivides(const Factor& factor, AxisSet axes, const std::vector<int>& axisSizes)
{
    int64_t parts = 1;
    for (size_t axis = 0; axis < axisSizes.size(); ++axis) {
        if (hasAxis(axes, static_cast<int>(axis)))
            parts *= axisSizes[axis];
    }
    return factor.size % parts == 0;
}

/// Factors that some strategy may split: not blocked, and nowhere inside a dimension behind another
/// factor.
std::vector<int> splittableFactors(const FactorRule& rule)
{
    std::vector<uint8_t> isInner(rule.factors.size(), 0);
    for (const auto* tensors : {&rule.operands, &rule.results}) {
        for (const std::vector<DimFactors>& tensor : *tensors) {
            for (const DimFactors& dim : tensor) {
                for (size_t place = 1; place < dim.size(); ++place)
                    isInner[static_cast<size_t>(dim[place])] = 1;
            }
        }
    }
    std::vector<int> factors;
    for (size_t factor = 0; factor < rule.factors.size(); ++factor) {
        if (rule.factors[factor].kind != FactorKind::kBlocked && isInner[factor] == 0)
            factors.push_back(static_cast<int>(factor));
    }
    return factors;
}

Strategy strategyFromTensor(const FactorRule& rule, const std::vector<DimFactors>& dims,
                            const ShardingSpec& spec, const std::vector<int>& axisSizes)
{
    CHECK(dims.size() == spec.rank, "the spec has the tensor's rank");
    Strategy strategy;
    for (size_t axis = 0; axis < axisSizes.size(); ++axis) {
        for (size_t dim = 0; dim < dims.size(); ++dim) {
            if (!hasAxis(spec.dims[dim], static_cast<int>(axis)) || dims[dim].empty())
                continue;
            Strategy wider = strategy;
            wider.axisFactor[axis] = dims[dim].front();
            if (shardingOf(rule, wider, axisSizes).has_value())
                strategy = wider;
        }
    }
    return strategy;
}

/// The dimension of a tensor whose first factor is `factor`, or -1.
int dimOfFactor(const std::vector<DimFactors>& dims, int factor)
{
    for (size_t dim = 0; dim < dims.size(); ++dim) {
        if (!dims[dim].empty() && dims[dim].front() == factor)
            return static_cast<int>(dim);
    }
    return -1;
}

/// The first factor of the dimension of `value` that carries the batch, or -1.
int batchFactor(const std::vector<DimFactors>& dims, ValueId value,
                const std::vector<int>& batchOfValue)
{
    const int dim = batchOfValue[value.index()];
    if (dim < 0 || dims[static_cast<size_t>(dim)].empty())
        return -1;
    return dims[static_cast<size_t>(dim)].front();
}

/// Gives the op the batch factor of the first of its tensors that has one, then all of its tensors
/// without a batch dimension theirs. Graph inputs keep what they are: a parameter never carries the
/// batch. True if anything changed.
bool spreadBatch(const Graph& graph, const Op& op, const FactorRule& rule, int& factor,
                 std::vector<int>& batchOfValue)
{
    bool changed = false;
    const auto visit = [&](const auto& apply) {
        for (size_t place = 0; place < op.operands.size(); ++place)
            apply(rule.operands[place], op.operands[place]);
        for (size_t place = 0; place < op.results.size(); ++place)
            apply(rule.results[place], op.results[place]);
    };
    if (factor < 0) {
        visit([&](const std::vector<DimFactors>& dims, ValueId value) {
            if (factor < 0)
                factor = batchFactor(dims, value, batchOfValue);
        });
        changed = factor >= 0;
    }
    if (factor < 0)
        return false;
    visit([&](const std::vector<DimFactors>& dims, ValueId value) {
        int& dim = batchOfValue[value.index()];
        if (dim >= 0 || !graph.value(value).producer.isValid())
            return;
        dim = dimOfFactor(dims, factor);
        changed = changed || dim >= 0;
    });
    return changed;
}

BatchDims nothingFollowed(const Graph& graph)
{
    BatchDims dims;
    dims.ofValue.assign(graph.values.size(), -1);
    dims.factorOfOp.assign(graph.ops.size(), -1);
    return dims;
}

/// Forward along the data flow from what is marked; then backward, for masks and constants that
/// are broadcast over the batch. Each round marks at least one more op or value, and in practice
/// two rounds reach the end.
template <typename RuleOf>
void follow(const Graph& graph, BatchDims& dims, const RuleOf& ruleOf)
{
    bool changed = true;
    while (changed) {
        changed = false;
        const auto visit = [&](size_t op) {
            changed =
                spreadBatch(graph, graph.ops[op], ruleOf(op), dims.factorOfOp[op], dims.ofValue) ||
                changed;
        };
        for (size_t op = 0; op < graph.ops.size(); ++op)
            visit(op);
        for (size_t op = graph.ops.size(); op-- > 0;)
            visit(op);
    }
}

} // namespace

std::optional<OpSharding> shardingOf(const FactorRule& rule, const Strategy& strategy,
                                     const std::vector<int>& axisSizes)
{
    const std::vector<AxisSet> axes = axesOfFactors(rule, strategy, axisSizes.size());
    AxisSet partial = 0;
    ReduceKind partialKind = ReduceKind::kAdd;
    for (size_t place = 0; place < rule.factors.size(); ++place) {
        const Factor& factor = rule.factors[place];
        if (axes[place] == 0)
            continue;
        if (factor.kind == FactorKind::kBlocked || !factorDivides(factor, axes[place], axisSizes))
            return std::nullopt;
        if (factor.kind != FactorKind::kReduction)
            continue;
        if (partial != 0 && partialKind != factor.reduction)
            return std::nullopt;
        partial = static_cast<AxisSet>(partial | axes[place]);
        partialKind = factor.reduction;
    }
    OpSharding sharding;
    for (const std::vector<DimFactors>& operand : rule.operands) {
        const std::optional<ShardingSpec> spec = specOfTensor(operand, axes);
        if (!spec)
            return std::nullopt;
        sharding.operands.push_back(*spec);
    }
    for (const std::vector<DimFactors>& result : rule.results) {
        std::optional<ShardingSpec> spec = specOfTensor(result, axes);
        if (!spec)
            return std::nullopt;
        spec->partial = partial;
        spec->partialKind = partialKind;
        sharding.results.push_back(*spec);
    }
    return sharding;
}

std::vector<Strategy> enumerateStrategies(const FactorRule& rule, const std::vector<int>& axisSizes,
                                          AxisSet axes)
{
    CHECK(axisSizes.size() <= kMaxMeshAxes, "a mesh has at most kMaxMeshAxes axes");
    const std::vector<int> factors = splittableFactors(rule);
    // One axis after the other: all strategies so far with the axis unused, then with it on each
    // factor. An impossible strategy stays impossible when more axes split, so it is dropped at
    // once.
    std::vector<Strategy> strategies{Strategy{}};
    for (size_t axis = 0; axis < axisSizes.size(); ++axis) {
        if (axisSizes[axis] == 1 || !hasAxis(axes, static_cast<int>(axis)))
            continue;
        const size_t narrower = strategies.size();
        for (const int factor : factors) {
            for (size_t place = 0; place < narrower; ++place) {
                Strategy wider = strategies[place];
                wider.axisFactor[axis] = factor;
                if (shardingOf(rule, wider, axisSizes).has_value())
                    strategies.push_back(wider);
            }
        }
    }
    return strategies;
}

Strategy strategyFromOperand(const FactorRule& rule, int operand, const ShardingSpec& spec,
                             const std::vector<int>& axisSizes)
{
    return strategyFromTensor(rule, rule.operands.at(static_cast<size_t>(operand)), spec,
                              axisSizes);
}

Strategy strategyFromResult(const FactorRule& rule, int result, const ShardingSpec& spec,
                            const std::vector<int>& axisSizes)
{
    return strategyFromTensor(rule, rule.results.at(static_cast<size_t>(result)), spec, axisSizes);
}

std::vector<int> linearGroupOf(const FactorRule& rule, int operand)
{
    for (const std::vector<int>& group : rule.linearGroups) {
        if (std::find(group.begin(), group.end(), operand) != group.end())
            return group;
    }
    return {};
}

BatchDims findBatchDims(const Graph& graph, const std::vector<FactorRule>& rules,
                        const std::vector<int>& ruleOfOp)
{
    CHECK(ruleOfOp.size() == graph.ops.size(), "one rule for each op");
    BatchDims batch = nothingFollowed(graph);
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kBatch && graph.type(input.value).rank() > 0)
            batch.ofValue[input.value.index()] = 0;
    }
    follow(graph, batch, [&](size_t op) -> const FactorRule& {
        return rules[static_cast<size_t>(ruleOfOp[op])];
    });
    return batch;
}

BatchDims findSequenceDims(const Graph& graph, const std::vector<FactorRule>& rules,
                           const std::vector<int>& ruleOfOp)
{
    CHECK(ruleOfOp.size() == graph.ops.size(), "one rule for each op");
    BatchDims sequence = nothingFollowed(graph);
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kBatch && graph.type(input.value).rank() == 2)
            sequence.ofValue[input.value.index()] = 1;
    }
    follow(graph, sequence, [&](size_t op) -> const FactorRule& {
        return rules[static_cast<size_t>(ruleOfOp[op])];
    });
    return sequence;
}

} // namespace alpa
