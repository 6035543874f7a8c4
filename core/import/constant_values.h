// Constants of an MLIR text: dense<...> in decimal, hexadecimal, nested and packed spellings.
#pragma once

#include "core/base/result.h"
#include "core/graph/types.h"

#include <string_view>
#include <vector>

namespace alpa
{

/// The bytes of all elements as hexadecimal digits, little-endian: what dense<"0x..."> and
/// resources hold. One element is a splat.
Result<std::vector<double>> parsePacked(std::string_view digits, const TensorType& type);

/// The values of dense<`literal`> : `type` in row-major order, rounded to the element type; one
/// value when all are the same by spelling (a splat). Fails with kInvalidInput if a value cannot be
/// read or their number is wrong.
Result<std::vector<double>> parseDense(std::string_view literal, const TensorType& type);

/// `value` as the nearest value of the type: f32, bf16 and f16 round to nearest even, integers
/// wrap.
double roundToType(double value, DType dtype);

/// The value with these bits (the low ones count): 0xFF800000 is -inf for f32. Integers keep their
/// sign.
double valueFromBits(uint64_t bits, DType dtype);

} // namespace alpa
