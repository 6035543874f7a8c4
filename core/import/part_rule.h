// The factor rule of an operation of a partitioned program. A dimension that devices split down to
// one element each has no factor in the rule of its local shape; here it has.
#pragma once

#include "core/graph/factor_rule.h"

#include <vector>

namespace alpa
{

/// Of every operand, of every dimension of one element: may it be a part of a longer one?
using SingleParts = std::vector<std::vector<bool>>;

/// Does each element of the result depend on those in the same place only?
bool actsOnElements(OpKind kind);

/// The rule of `op` as if those dimensions, and those of results that follow from them, had more
/// elements; of its local shape where that fits no types.
FactorRule partRule(const Graph& local, const Op& op, const SingleParts& parts);

} // namespace alpa
