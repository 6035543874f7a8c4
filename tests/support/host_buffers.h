// Between the reference interpreter's tensors of doubles and the bytes that devices hold.
#pragma once

#include "core/base/check.h"
#include "core/base/small_float.h"
#include "runtime/executor/run_program.h"
#include "runtime/reference/host_tensor.h"

#include <bit>
#include <cstring>

namespace alpa
{

template <typename Visitor>
void withElementType(DType dtype, Visitor visitor)
{
    switch (dtype) {
    case DType::kPred:
    case DType::kU8:
        return visitor(uint8_t{});
    case DType::kS8:
        return visitor(int8_t{});
    case DType::kS16:
        return visitor(int16_t{});
    case DType::kS32:
        return visitor(int32_t{});
    case DType::kS64:
        return visitor(int64_t{});
    case DType::kU16:
    case DType::kF16:
    case DType::kBF16:
        return visitor(uint16_t{});
    case DType::kU32:
        return visitor(uint32_t{});
    case DType::kU64:
        return visitor(uint64_t{});
    case DType::kF32:
        return visitor(float{});
    case DType::kF64:
        return visitor(double{});
    }
}

inline HostBuffer toHostBuffer(const HostTensor& tensor)
{
    HostBuffer buffer{tensor.type, {}};
    buffer.bytes.resize(static_cast<size_t>(tensor.type.bytes().count));
    withElementType(tensor.type.dtype, [&]<typename T>(T) {
        for (size_t i = 0; i < tensor.values.size(); ++i) {
            T element{};
            if (tensor.type.dtype == DType::kBF16)
                element = static_cast<T>(bfloat16Bits(tensor.values[i]));
            else if (tensor.type.dtype == DType::kF16)
                element = static_cast<T>(halfBits(tensor.values[i]));
            else
                element = static_cast<T>(tensor.values[i]);
            std::memcpy(buffer.bytes.data() + i * sizeof(T), &element, sizeof(T));
        }
    });
    return buffer;
}

inline HostTensor toHostTensor(const HostBuffer& buffer)
{
    HostTensor tensor{buffer.type, {}};
    const auto count = static_cast<size_t>(buffer.type.elementCount());
    withElementType(buffer.type.dtype, [&]<typename T>(T) {
        for (size_t i = 0; i < count; ++i) {
            T element{};
            std::memcpy(&element, buffer.bytes.data() + i * sizeof(T), sizeof(T));
            double value = static_cast<double>(element);
            if (buffer.type.dtype == DType::kBF16)
                value = bfloat16Value(static_cast<uint16_t>(element));
            else if (buffer.type.dtype == DType::kF16)
                value = halfValue(static_cast<uint16_t>(element));
            tensor.values.push_back(value);
        }
    });
    return tensor;
}

} // namespace alpa
