// Constants as they lie in memory.
#pragma once

#include "core/graph/types.h"

#include <cstddef>

namespace alpa::cuda
{

/// Writes one element; `to` has room for dtypeBytes.
void encodeElement(DType dtype, double value, std::byte* to);

} // namespace alpa::cuda
