// Instead of onnx_protobuf.cpp where ONNX's schema is not installed.
#include "core/import/onnx_model.h"

namespace alpa
{

Result<OnnxModel> parseOnnx(std::string_view)
{
    return Error(ErrorCode::kUnsupported,
                 "is an ONNX model, and this program was built without libonnx-dev");
}

} // namespace alpa
