// Any bytes as a cluster file.
#include "core/mesh/cluster.h"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    (void)alpa::parseClusterJson(std::string(reinterpret_cast<const char*>(data), size)).ok();
    return 0;
}
