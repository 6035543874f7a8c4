// The rates of one GPU.
#pragma once

#include "core/mesh/cluster.h"
#include "runtime/profile/bench.h"

#include <vector>

namespace alpa::profile
{

/// Fills all but `products`.
Status profileDevice(Bench& bench, const cuda::LibrariesPtr& libraries, DeviceKind& device);

/// Times products of bf16; those that do not fit are left out.
Result<std::vector<MeasuredProduct>> timeProducts(Bench& bench, const cuda::LibrariesPtr& libraries,
                                                  const std::vector<MeasuredProduct>& wanted);

} // namespace alpa::profile
