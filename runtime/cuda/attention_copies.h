// cuDNN's attention wants the channels of a head side by side: what lies otherwise is copied before
// it runs, or after.
#pragma once

#include "runtime/cuda/copy_kernel.h"
#include "runtime/cuda/fused_stage.h"

#include <cstdint>
#include <vector>

namespace alpa::cuda
{

/// `shape` with operands and results as cuDNN takes them, and the copies that this needs.
AttentionShape packedAttention(const AttentionShape& shape, bool isBackward,
                               std::vector<PartCopy>& copies);

} // namespace alpa::cuda
