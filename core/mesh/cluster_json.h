// What the writer and the reader of cluster files must agree on.
#pragma once

#include "core/mesh/cluster.h"

namespace alpa
{

inline constexpr int kClusterFileVersion = 1;

} // namespace alpa
