// A CUDA backend on given libraries: the machine's own, or what a test puts in their place.
#pragma once

#include "runtime/cuda/cuda_backend.h"
#include "runtime/cuda/cuda_libraries.h"

namespace alpa::cuda
{

/// As makeCudaBackend, but for loading libraries. `folder`: of the kernel cache; none if empty.
Result<std::unique_ptr<Backend>> makeBackend(LibrariesPtr libraries, const CudaOptions& options,
                                             const std::string& folder);

} // namespace alpa::cuda
