#include "runtime/cuda/constant_bytes.h"

#include "core/base/small_float.h"

#include <cstring>

namespace alpa::cuda
{
namespace
{

template <typename T>
void put(T value, std::byte* to)
{
    std::memcpy(to, &value, sizeof(T));
}

} // namespace

void encodeElement(DType dtype, double value, std::byte* to)
{
    switch (dtype) {
    case DType::kPred:
        return put(static_cast<uint8_t>(value != 0 ? 1 : 0), to);
    case DType::kS8:
        return put(static_cast<int8_t>(value), to);
    case DType::kS16:
        return put(static_cast<int16_t>(value), to);
    case DType::kS32:
        return put(static_cast<int32_t>(value), to);
    case DType::kS64:
        return put(static_cast<int64_t>(value), to);
    case DType::kU8:
        return put(static_cast<uint8_t>(value), to);
    case DType::kU16:
        return put(static_cast<uint16_t>(value), to);
    case DType::kU32:
        return put(static_cast<uint32_t>(value), to);
    case DType::kU64:
        return put(static_cast<uint64_t>(value), to);
    case DType::kF16:
        return put(halfBits(value), to);
    case DType::kBF16:
        return put(bfloat16Bits(value), to);
    case DType::kF32:
        return put(static_cast<float>(value), to);
    case DType::kF64:
        return put(value, to);
    }
}

} // namespace alpa::cuda
