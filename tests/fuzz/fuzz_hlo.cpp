// Any bytes as HLO text: the importer answers with a verified graph or with diagnostics.
#include "core/base/check.h"
#include "core/graph/verify.h"
#include "core/import/import_model.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const alpa::ImportResult result = alpa::importHlo(text, "fuzz");
    CHECK(result.ok() || !result.diagnostics.empty(), "what is refused is refused with a reason");
    if (result.ok())
        CHECK(alpa::checkGraph(*result.graph).ok(), "what is imported is sound");
    return 0;
}
