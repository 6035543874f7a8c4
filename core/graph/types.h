// Element types and tensor shapes.
#pragma once

#include "core/base/units.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

enum class DType { kPred, kS8, kS16, kS32, kS64, kU8, kU16, kU32, kU64, kF16, kBF16, kF32, kF64 };

/// Bytes of one element. A predicate takes one byte.
int64_t dtypeBytes(DType dtype);
bool isFloating(DType dtype);
/// "f32", "bf16", "s32", "pred" in our texts. Also reads MLIR's "i32", "i1", "ui8".
std::string_view dtypeName(DType dtype);
std::optional<DType> dtypeFromName(std::string_view name);

/// A static shape: an element type and the size of every dimension. No dimensions: a scalar.
struct TensorType {
    DType dtype = DType::kF32;
    std::vector<int64_t> dims;

    int rank() const { return static_cast<int>(dims.size()); }
    int64_t elementCount() const;
    Bytes bytes() const { return Bytes(elementCount() * dtypeBytes(dtype)); }
    friend bool operator==(const TensorType&, const TensorType&) = default;
};

/// "f32[4,32,64]"; a scalar is "f32[]".
std::string formatType(const TensorType& type);

} // namespace alpa
