// The rule that a person gives an operation nobody knows: how it may be split, and what it
// computes. A plain text, so that it lies in graphs and plan files as it was written:
//
//   ([b, s, h], [h, _]) -> ([b, s, _]) reduction {h: add} blocked {s}
//
// A name stands for one size in all its places. Names of results are passed through: each part of
// the results needs only its part of the operands. Names of operands alone are summed (reduction),
// or blocked: whole on every device, as are dimensions written "_". The cost is a sum of products
// of numbers and names: "4*b*s*s*h + 2*b".
#pragma once

#include "core/base/result.h"
#include "core/graph/factor_rule.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// The names of one tensor's dimensions; "_" is never split.
using DimNames = std::vector<std::string>;

struct OpaqueRule {
    std::vector<DimNames> operands, results;
    std::map<std::string, ReduceKind> reductions;
    std::vector<std::string> blocked; ///< Sorted.
    friend bool operator==(const OpaqueRule&, const OpaqueRule&) = default;
};

/// Fails with kInvalidInput and "column 12: what is wrong".
Result<OpaqueRule> parseOpaqueRule(std::string_view text);
/// The form above; parses to the same rule.
std::string formatOpaqueRule(const OpaqueRule& rule);

/// What each name measures in an op of these types. Fails with kInvalidInput when the rule does not
/// fit them.
Result<std::map<std::string, int64_t>> opaqueSizes(const OpaqueRule& rule,
                                                   const std::vector<TensorType>& operands,
                                                   const std::vector<TensorType>& results);

/// The value of a cost text. Fails with kInvalidInput and its column: unknown names, bad numbers.
Result<double> opaqueCost(std::string_view text, const std::map<std::string, int64_t>& sizes);

/// Are `op`'s rule and cost sound for its types? An op without a rule is.
Status checkOpaqueRule(const Graph& graph, const Op& op);

/// The rule of the derivative with respect to operand `operand`, an operation of all operands and
/// the cotangents of the results `cotangents`: what the operand lacks of the results' names is
/// summed; a name that was summed passes.
OpaqueRule derivativeRule(const OpaqueRule& rule, size_t operand,
                          const std::vector<size_t>& cotangents);

} // namespace alpa
