// cuDNN's attention wants the channels of a head side by side: what lies otherwise is copied before
// it runs, or after.
#pragma once

#include "runtime/cuda/copy_kernel.h"
#include "runtime/cuda/fused_stage.h"

#include <cstdint>
#include <vector>

namespace alpa::cuda
{

struct AttentionCopy {
    size_t part = 0; ///< Of the launch's reads and writes, in this order.
    bool isResult = false;
    CopyShape shape; ///< From where it lies to packed memory; of results the other way round.
    int64_t bytes = 0;
};

/// `shape` with operands and results as cuDNN takes them, and the copies that this needs.
AttentionShape packedAttention(const AttentionShape& shape, bool isBackward,
                               std::vector<AttentionCopy>& copies);

} // namespace alpa::cuda
