// Evaluates one op in double precision.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"
#include "runtime/reference/host_tensor.h"

#include <span>
#include <vector>

namespace alpa
{

struct InterpretOptions {
    /// Round every result to its element type, as a device that computes each op exactly would.
    /// Without it floats stay doubles; integers and predicates are rounded in any case.
    bool roundToDtype = false;
};

/// The results of `op` for `operands` (one per op operand, of the graph's types). An accumulate
/// yields its operand. Fails with kUnsupported for opaque ops. Assumes that the graph is well
/// typed.
Result<std::vector<HostTensor>> evaluateOp(const Graph& graph, const Op& op,
                                           std::span<const HostTensor* const> operands,
                                           const InterpretOptions& options);

} // namespace alpa
