// One op of the graph as StableHLO text, in MLIR's generic form.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <string>
#include <vector>

namespace alpa
{

/// What an op is written with. Names have their %.
struct StablehloNames {
    std::vector<std::string> operands, results;
    std::string indent;
    std::string attributes; ///< Further entries of the dictionary: "" or "a = 1, b = 2".
    std::string tail;       ///< A location, behind every statement.
};

/// The statements of `op`, a line each. Fails with kUnsupported for accumulate, which is the
/// caller's business, and for opaque ops.
Result<std::string> printStablehloOp(const Graph& graph, const Op& op, const StablehloNames& names);

} // namespace alpa
