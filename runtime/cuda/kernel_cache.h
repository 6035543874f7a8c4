// Compiled kernels: sources to machine code, once for all devices of a backend, kept on disk.
#pragma once

#include "runtime/cuda/cuda_libraries.h"
#include "runtime/cuda/kernels.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace alpa::cuda
{

/// Machine code of one unit, and the names of its kernels.
struct CompiledUnit {
    std::string image;
    std::vector<std::string> bodies; ///< Kernel "k3" has bodies[3].
};

class KernelCache
{
public:
    /// `architecture`: "sm_90a". `folder`: where units are kept between runs; none if empty.
    KernelCache(LibrariesPtr libraries, std::string architecture, std::string folder);

    /// Compiles what of `bodies` (KernelText::body) is new, in parallel; from any thread. Returns
    /// all units that hold any of them. Fails with kDevice and the compiler's words.
    Result<std::vector<std::shared_ptr<const CompiledUnit>>>
    compile(const std::vector<std::string>& bodies);

private:
    Result<std::string> compileUnit(const std::vector<std::string>& bodies) const;

    LibrariesPtr libraries_;
    std::string architecture_;
    std::string folder_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const CompiledUnit>> unitOf_; ///< By body.
};

/// $XDG_CACHE_HOME/alpa-explorer/kernels, or below ~/.cache; empty without a home.
std::string kernelCacheFolder();

} // namespace alpa::cuda
