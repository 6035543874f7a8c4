// The JSON form of the ASPLOS/EuroSys 2025 contest on intra-operator parallelism
// (github.com/google/iopddl).
#pragma once

#include "core/base/result.h"
#include "core/intra_op/ilp_problem.h"

#include <string>
#include <string_view>

namespace alpa
{

struct IopddlInstance {
    std::string name;
    IlpProblem problem; ///< Costs of 10^18 and more are kForbidden; equal matrices are shared.
};

/// Example: {"problem": {"name": "two", "nodes": {"intervals": [[0, 2], [1, 3]], "costs": [[1, 4],
/// [3, 2]], "usages": [[60, 10], [60, 10]]}, "edges": {"nodes": [[0, 1]], "costs": [[0, 10, 10,
/// 0]]}, "usage_limit": 119}}. Unknown keys are skipped. Fails with kInvalidInput, naming line and
/// column or the node or edge, if `text` is not JSON of this form. Linear time, about 10 ns per
/// character.
Result<IopddlInstance> readIopddl(std::string_view text);

} // namespace alpa
