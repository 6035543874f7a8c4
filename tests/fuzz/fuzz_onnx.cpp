// Any bytes as an ONNX file: the importer answers with a verified graph or with diagnostics.
#include "core/base/check.h"
#include "core/graph/verify.h"
#include "core/import/import_model.h"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    alpa::ImportOptions options;
    options.dims = {{"batch", 2}, {"N", 2}, {"seq", 4}};
    options.loss = alpa::LossKind::kMeanSquare;
    const alpa::ImportResult result = alpa::importOnnx(content, "fuzz", options);
    CHECK(result.ok() || !result.diagnostics.empty(), "what is refused is refused with a reason");
    if (result.ok())
        CHECK(alpa::checkGraph(*result.graph).ok(), "what is imported is sound");
    alpa::formatDiagnostics("fuzz", result.sourceText, result.diagnostics);
    return 0;
}
