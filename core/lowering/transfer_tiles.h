// Which device of one stage sends which part of a tensor to which device of another.
#pragma once

#include "core/program/program.h"

#include <vector>

namespace alpa
{

/// Tiles that give every device of `to` its part under `toSpec`, out of parts under `fromSpec` (no
/// partial axes). Where several senders hold the same part, the one that has sent least so far
/// takes it (Alpa's load balancing).
std::vector<TransferTile> transferTiles(const DeviceMesh& from, const ShardingSpec& fromSpec,
                                        const DeviceMesh& to, const ShardingSpec& toSpec,
                                        const std::vector<int64_t>& dims);

} // namespace alpa
