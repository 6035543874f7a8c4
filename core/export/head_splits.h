// Attention that works on a part of what whole modules give, which frameworks that split modules
// cannot train.
#pragma once

#include "core/export/axis_roles.h"
#include "core/export/value_specs.h"

#include <vector>

namespace alpa
{

/// The first forward product of attention that takes a part, over the tensor axes, of what a module
/// gives whole; invalid if there is none. Modules are split or whole, and so is what follows from
/// them: whole keys that meet a part of the queries would have a part of their gradients on every
/// device, which nobody adds up. `roles` is per stage.
OpId findPartOfWholeHeads(const Graph& graph, const ValueSpecs& specs,
                          const std::vector<AxisRoles>& roles, const BatchDims& batch);

} // namespace alpa
