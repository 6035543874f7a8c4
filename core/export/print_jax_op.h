// One op of the graph as a JAX expression.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <string>
#include <vector>

namespace alpa
{

/// "jnp.float32", "jnp.bool_"
std::string jaxDtype(DType dtype);
/// "(4, 32)", "(4,)", "()": a Python tuple.
std::string pythonTuple(const std::vector<int64_t>& numbers);

/// "lax.add(v1, v2)": over operands of these names; a tuple for sort. Fails with kUnsupported for
/// ops that only training steps have and for opaque ones.
Result<std::string> printJaxOp(const Graph& graph, const Op& op,
                               const std::vector<std::string>& operands);

} // namespace alpa
