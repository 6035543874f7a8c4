// What an op yields before the collective of its own that its sharding may ask for.
#pragma once

#include "core/sharding/strategy.h"

namespace alpa
{

/// Result 0 as the operands' specs leave it: split where their factors are, partial where these are
/// reductions or operands are partial. Differs from results[0] when the op moves its result at
/// once: a softmax's maximum, a mean or a loss is reduced, what the backward phase reads as well
/// goes to where it is read.
ShardingSpec producedSpec(const FactorRule& rule, const OpSharding& sharding);

} // namespace alpa
