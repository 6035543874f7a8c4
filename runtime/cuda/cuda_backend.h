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
    /// For tests: what goes wrong with an instruction on device `device` of `stage`.
    enum class Fault {
        kNone,
        kLeftOut,    ///< It is never launched, so that others wait for it.
        kBadAddress, ///< Its kernel touches memory that nobody has.
    };
    std::function<Fault(int stage, int device, const Instruction& instruction)> faults{};
    LaunchTimes* times = nullptr;      ///< Filled if given; outlives the backend.
    bool overlapsCommunication = true; ///< Runs collectives beside the computation.
    /// The same bits in every run: algorithms by rule and not by time, sums in one order. Slower.
    bool isDeterministic = false;
    bool fusesAttention = true; ///< Runs attention by cuDNN where it takes it.
    /// Records a step on a single GPU once it has run, and launches it whole from then on. Steps
    /// with communication are never recorded: several GPUs of one process may then wait for each
    /// other.
    bool recordsSteps = true;
};

/// How many GPUs there are. Fails with kNotFound saying why there are none: no driver, no GPU, or a
/// program built without CUDA.
Result<int> cudaDeviceCount();

/// A backend over the GPUs of this machine; device i of a program is GPU i. Fails as
/// cudaDeviceCount.
Result<std::unique_ptr<Backend>> makeCudaBackend(const CudaOptions& options = {});

} // namespace alpa
