// CPU devices in this process: one arena and one calling thread each, collectives through shared
// memory.
#pragma once

#include "runtime/device/device.h"

#include <memory>

namespace alpa
{

struct CpuOptions {
    /// Fill arenas with NaN patterns, so that a read before a write shows in the results.
    bool poisonsArenas = false;
};

std::unique_ptr<Backend> makeCpuBackend(const CpuOptions& options = {});

} // namespace alpa
