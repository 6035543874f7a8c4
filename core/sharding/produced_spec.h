// What an op yields before the collective of its own that its sharding may ask for.
#pragma once

#include "core/sharding/strategy.h"

namespace alpa
{

/// sharding.results[0] with the partial axes that the op's split reduction factors and partial
/// operands really leave. Differs from results[0] when the op reduces its result at once: a
/// softmax's maximum, a mean, a loss.
ShardingSpec producedSpec(const FactorRule& rule, const OpSharding& sharding);

} // namespace alpa
