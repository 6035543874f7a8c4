// Shifts, counts of bits and the reading of one type's bits as another's.
#include "core/base/check.h"
#include "core/base/small_float.h"
#include "runtime/reference/kernels.h"

#include <bit>
#include <cmath>

namespace alpa
{
namespace
{

int bitsOf(DType dtype) { return static_cast<int>(dtypeBytes(dtype)) * 8; }

uint64_t lowBits(uint64_t value, int bits)
{
    return bits == 64 ? value : value & ((uint64_t{1} << bits) - 1);
}

/// The bits of an element, in the low end.
uint64_t bitsOfValue(double value, DType dtype)
{
    if (dtype == DType::kF64)
        return std::bit_cast<uint64_t>(value);
    if (dtype == DType::kF32)
        return std::bit_cast<uint32_t>(static_cast<float>(value));
    if (dtype == DType::kF16)
        return halfBits(value);
    if (dtype == DType::kBF16)
        return bfloat16Bits(value);
    if (value >= 0x1p63)
        return static_cast<uint64_t>(value);
    return lowBits(static_cast<uint64_t>(static_cast<int64_t>(value)), bitsOf(dtype));
}

double valueOfBits(uint64_t bits, DType dtype)
{
    if (dtype == DType::kF64)
        return std::bit_cast<double>(bits);
    if (dtype == DType::kF32)
        return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    if (dtype == DType::kF16)
        return halfValue(static_cast<uint16_t>(bits));
    if (dtype == DType::kBF16)
        return bfloat16Value(static_cast<uint16_t>(bits));
    if (dtype == DType::kS64)
        return static_cast<double>(static_cast<int64_t>(bits));
    return roundToDtype(static_cast<double>(bits), dtype);
}

double shifted(OpKind kind, double value, double by, DType dtype)
{
    const int width = bitsOf(dtype);
    const uint64_t bits = bitsOfValue(value, dtype);
    // A shift by the width or more leaves no bit of the number, as StableHLO has it.
    const bool isAll = !(by >= 0 && by < width);
    const int places = isAll ? 0 : static_cast<int>(by);
    if (kind == OpKind::kShiftLeft)
        return isAll ? 0.0 : valueOfBits(lowBits(bits << places, width), dtype);
    if (kind == OpKind::kShiftRightLogical)
        return isAll ? 0.0 : valueOfBits(bits >> places, dtype);
    if (isAll)
        return value < 0 ? valueOfBits(lowBits(~uint64_t{0}, width), dtype) : 0.0;
    return std::floor(std::ldexp(value, -places));
}

} // namespace

bool isBitOperation(OpKind kind)
{
    return kind == OpKind::kBitcast || kind == OpKind::kPopulationCount ||
           kind == OpKind::kShiftLeft || kind == OpKind::kShiftRightArithmetic ||
           kind == OpKind::kShiftRightLogical;
}

void evaluateBits(OpKind kind, Operands in, HostTensor& out)
{
    const HostTensor& x = *in[0];
    const DType dtype = x.type.dtype;
    for (size_t i = 0; i < out.values.size(); ++i) {
        if (kind == OpKind::kBitcast)
            out.values[i] = valueOfBits(bitsOfValue(x.values[i], dtype), out.type.dtype);
        else if (kind == OpKind::kPopulationCount)
            out.values[i] = std::popcount(bitsOfValue(x.values[i], dtype));
        else
            out.values[i] = shifted(kind, x.values[i], in[1]->values[i], dtype);
    }
}

} // namespace alpa
