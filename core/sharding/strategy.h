// A strategy: which factor of an op each mesh axis splits. Operand specs, result specs and
// communication follow from the factor rule; there is no per-op case here.
#pragma once

#include "core/graph/factor_rule.h"
#include "core/mesh/device_mesh.h"

#include <array>
#include <optional>
#include <vector>

namespace alpa
{

/// axisFactor[a] is the factor that mesh axis a splits, or kUnused: the work is repeated along the
/// axis.
struct Strategy {
    static constexpr int kUnused = -1;
    std::array<int, kMaxMeshAxes> axisFactor{kUnused, kUnused, kUnused, kUnused};
    friend bool operator==(const Strategy&, const Strategy&) = default;
};

/// The specs that an op needs of its operands and gives its results under one strategy.
struct OpSharding {
    std::vector<ShardingSpec> operands;
    std::vector<ShardingSpec> results;
    friend bool operator==(const OpSharding&, const OpSharding&) = default;
};

/// The sharding that `strategy` implies; nothing if it is impossible: a factor that is blocked,
/// does not divide evenly, or is not the first of a dimension.
std::optional<OpSharding> shardingOf(const FactorRule& rule, const Strategy& strategy,
                                     const std::vector<int>& axisSizes);

/// All possible strategies on a mesh with these axis sizes, in a fixed order, everything replicated
/// first. `axes`: only those may split; others are unused.
std::vector<Strategy> enumerateStrategies(const FactorRule& rule, const std::vector<int>& axisSizes,
                                          AxisSet axes);

/// The strategy whose operand `operand` has as much of `spec`'s splitting as the rule allows
/// (blocked or inner factors are dropped: the operand must be resharded to what shardingOf then
/// asks for). Ignores spec.partial.
Strategy strategyFromOperand(const FactorRule& rule, int operand, const ShardingSpec& spec,
                             const std::vector<int>& axisSizes);
/// The same from a result's spec.
Strategy strategyFromResult(const FactorRule& rule, int result, const ShardingSpec& spec,
                            const std::vector<int>& axisSizes);

/// If the op can pass partial sums over `partial` through from `operand` (linear group of just that
/// operand, or all operands of the group partial alike): the group's operands. Empty if not.
std::vector<int> linearGroupOf(const FactorRule& rule, int operand);

/// For every value of the graph the dimension that carries the batch, or -1; and for every op the
/// factor, or -1. Follows dimension 0 of the batch inputs through the factor rules: op i has
/// rules[ruleOfOp[i]].
struct BatchDims {
    std::vector<int> ofValue;
    std::vector<int> factorOfOp;
};
BatchDims findBatchDims(const Graph& graph, const std::vector<FactorRule>& rules,
                        const std::vector<int>& ruleOfOp);

/// The same for the sequence: dimension 1 of the batch inputs that have two, followed through
/// products to the positions of their first operand (of queries, not of keys).
/// `ruleOfOp`: indices into `rules`.
BatchDims findSequenceDims(const Graph& graph, const std::vector<FactorRule>& rules,
                           const std::vector<int>& ruleOfOp);

} // namespace alpa
