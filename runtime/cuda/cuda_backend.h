// Devices of this machine's NVIDIA GPUs: programs as generated kernels, cuBLASLt products and NCCL
// collectives in one arena a device.
#pragma once

#include "core/base/result.h"
#include "runtime/cuda/launch_times.h"
#include "runtime/device/device.h"

#include <functional>
#include <memory>
#include <string>

namespace alpa
{

struct CudaOptions {
    bool poisonsArenas = false; ///< Fills arenas with NaN before use.
    bool tunesProducts = true;  ///< Times algorithms when loading.
    /// For tests: device `device` of `stage` leaves out what this says.
    std::function<bool(int stage, int device, const Instruction& instruction)> skips{};
    LaunchTimes* times = nullptr; ///< Filled if given; outlives the backend.
    bool overlapsCommunication = true; ///< Runs collectives beside the computation.
    /// The same bits in every run: algorithms by rule and not by time, sums in one order. Slower.
    bool isDeterministic = false;
    bool fusesAttention = true; ///< Runs attention by cuDNN where it takes it.
};

/// How many GPUs there are. Fails with kNotFound saying why there are none: no driver, no GPU, or a
/// program built without CUDA.
Result<int> cudaDeviceCount();

/// A backend over the GPUs of this machine; device i of a program is GPU i. Fails as
/// cudaDeviceCount.
Result<std::unique_ptr<Backend>> makeCudaBackend(const CudaOptions& options = {});

} // namespace alpa
