// The factor rule of an op: its dimensions in einsum form, `([i, k], [k, j]) -> ([i, j])`.
// Rebatching, sharding, costs and SPMD lowering all read the same rule, so an op kind is described
// once. After Shardy's op sharding rules.
#pragma once

#include "core/graph/graph.h"

#include <string>
#include <vector>

namespace alpa
{

enum class FactorKind {
    kPassThrough, ///< In the results: splitting it splits work and results.
    kReduction,   ///< Only in operands: splitting it leaves the results partial.
    kBlocked,     ///< Must stay whole on every device.
};

struct Factor {
    int64_t size = 1;
    FactorKind kind = FactorKind::kPassThrough;
    ReduceKind reduction = ReduceKind::kAdd; ///< How partial results combine; for kReduction.
    friend bool operator==(const Factor&, const Factor&) = default;
};

/// The factors of one tensor dimension, major to minor. Dimensions of size 1 have none. A dimension
/// with several factors (of a reshape) can only be split through its first one.
using DimFactors = std::vector<int>;

struct FactorRule {
    std::vector<Factor> factors;
    std::vector<std::vector<DimFactors>> operands; ///< [operand][dimension]
    std::vector<std::vector<DimFactors>> results;  ///< [result][dimension]
    /// Groups of operands in which the op is linear together: when all of a group are partial sums
    /// over an axis (and the others are replicated over it), the result is a partial sum over it.
    /// add: {{0, 1}}; multiply: {{0}, {1}}.
    std::vector<std::vector<int>> linearGroups;
    friend bool operator==(const FactorRule&, const FactorRule&) = default;
};

/// The rule of `op`. Kinds without a better rule get all factors blocked, which is always correct.
///
/// dot of x (B, T, C) and w (C, H): ([b, t, c], [c, h]) -> ([b, t, h]), c a reduction.
/// gather whose collapsed dimension v is looked up: v is a reduction (each device looks up its own
/// rows and yields zero for the others); scatter: v is pass-through, updates to the rows of others
/// are dropped.
FactorRule factorRule(const Graph& graph, const Op& op);

/// "([b0, b1], [b1, b2]) -> ([b0, b2]) reduction {b1: add}".
std::string formatRule(const FactorRule& rule);

} // namespace alpa
