// Any bytes as a safetensors file; what can be read can be written and read again.
#include "core/base/check.h"
#include "core/base/safetensors.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const auto tensors =
        alpa::parseSafetensors(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!tensors.ok())
        return 0;
    for (const alpa::SafeTensor& tensor : *tensors)
        (void)alpa::tensorValues(tensor).ok();
    const auto again = alpa::formatSafetensors(*tensors);
    if (again.ok()) {
        const auto read = alpa::parseSafetensors(*again);
        CHECK(read.ok() && *read == *tensors, "what is written can be read");
    }
    return 0;
}
