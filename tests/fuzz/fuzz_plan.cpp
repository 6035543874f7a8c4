// Any bytes as a plan file.
#include "core/plan/plan_file.h"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    (void)alpa::planFromJson(std::string(reinterpret_cast<const char*>(data), size)).ok();
    return 0;
}
