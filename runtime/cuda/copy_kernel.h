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

/// A part that a library wants elsewhere than it lies.
struct PartCopy {
    size_t part = 0; ///< Of the launch's reads and writes, in this order.
    bool isResult = false;
    CopyShape shape; ///< From where it lies to packed memory; of results the other way round.
    int64_t bytes = 0;
    bool isFramed = false; ///< What the copy leaves out of packed memory is zero.
};

/// Are both boxes the same run of memory?
bool isContiguous(const CopyShape& copy);
/// A kernel of two pointers, source and target.
KernelText copyKernel(const CopyShape& copy);

} // namespace alpa::cuda
