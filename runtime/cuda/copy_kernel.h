// Strided copies: parts of tensors for collectives and transfers.
#pragma once

#include "runtime/cuda/kernels.h"

#include <vector>

namespace alpa::cuda
{

/// Elements of `bytes` each from one strided box to another.
struct CopyShape {
    int64_t bytes = 4;
    std::vector<int64_t> dims, from, to; ///< Strides in elements.
    int64_t fromStart = 0, toStart = 0;
};

/// Are both boxes the same run of memory?
bool isContiguous(const CopyShape& copy);
/// A kernel of two pointers, source and target.
KernelText copyKernel(const CopyShape& copy);

} // namespace alpa::cuda
