// Result types of an op from its operands and attributes, as StableHLO defines them.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <optional>
#include <vector>

namespace alpa
{

/// No dimension may be larger, so that sums and products of sizes stay exact: 2^40 elements.
constexpr int64_t kLargestDim = int64_t{1} << 40;

/// The types of the results of an op of `kind`, one for every kind but sort (one per operand).
///
/// `declared` is the result type that the file or the caller states. broadcast, constant, convert,
/// iota, opaque and reshape need it (convert reads its dtype only); dot and convolution take their
/// element type from it; others ignore it. Fails with kInvalidInput when operands or attributes do
/// not fit the kind, whatever they hold: sizes are checked before use.
Result<std::vector<TensorType>>
inferTypes(OpKind kind, const Attributes& attributes, const std::vector<TensorType>& operands,
           const std::optional<TensorType>& declared = std::nullopt);

/// The same for an op of a graph whose ids are in range; the declared type is that of its first
/// result.
Result<std::vector<TensorType>> inferTypes(const Graph& graph, const Op& op);

} // namespace alpa
