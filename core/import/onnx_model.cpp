#include "core/import/onnx_model.h"

#include "core/base/elements.h"
#include "core/base/small_float.h"

#include <fmt/format.h>

namespace alpa
{

const OnnxAttribute* OnnxNode::find(std::string_view attribute) const
{
    for (const OnnxAttribute& entry : attributes) {
        if (entry.name == attribute)
            return &entry;
    }
    return nullptr;
}

std::string OnnxNode::label() const
{
    const std::string& shown = !name.empty() || outputs.empty() ? name : outputs[0];
    return fmt::format("node '{}' ({})", shown, opType);
}

bool looksLikeOnnx(std::string_view content)
{
    // ir_version, a small number, comes first; then a length-delimited field of the model.
    if (content.size() < 4 || content[0] != 0x08)
        return false;
    size_t at = 1;
    while (at < content.size() && at < 4 && (static_cast<unsigned char>(content[at]) & 0x80u) != 0)
        ++at;
    if (at + 1 >= content.size())
        return false;
    const unsigned tag = static_cast<unsigned char>(content[at + 1]);
    const unsigned field = tag >> 3;
    return (tag & 7u) <= 2 && field >= 2 && field <= 25;
}

std::vector<double> onnxValues(const OnnxTensor& tensor)
{
    switch (*tensor.dtype) {
    case DType::kF32:
        return elementsAs<float>(tensor.bytes);
    case DType::kF64:
        return elementsAs<double>(tensor.bytes);
    case DType::kS64:
        return elementsAs<int64_t>(tensor.bytes);
    case DType::kS32:
        return elementsAs<int32_t>(tensor.bytes);
    case DType::kS16:
        return elementsAs<int16_t>(tensor.bytes);
    case DType::kS8:
        return elementsAs<int8_t>(tensor.bytes);
    case DType::kU64:
        return elementsAs<uint64_t>(tensor.bytes);
    case DType::kU32:
        return elementsAs<uint32_t>(tensor.bytes);
    case DType::kU16:
        return elementsAs<uint16_t>(tensor.bytes);
    case DType::kU8:
    case DType::kPred:
        return elementsAs<uint8_t>(tensor.bytes);
    case DType::kF16:
    case DType::kBF16:
        break;
    }
    std::vector<double> values = elementsAs<uint16_t>(tensor.bytes);
    for (double& value : values)
        value = *tensor.dtype == DType::kF16 ? halfValue(static_cast<uint16_t>(value))
                                             : bfloat16Value(static_cast<uint16_t>(value));
    return values;
}

} // namespace alpa
