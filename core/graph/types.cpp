#include "core/graph/types.h"

#include <array>
#include <limits>
#include <utility>

namespace alpa
{
namespace
{

struct DTypeEntry {
    DType dtype;
    std::string_view name;
    int64_t bytes;
    bool isFloating;
};

// In the order of the enumeration.
constexpr std::array<DTypeEntry, 13> kDTypes{{{DType::kPred, "pred", 1, false},
                                              {DType::kS8, "s8", 1, false},
                                              {DType::kS16, "s16", 2, false},
                                              {DType::kS32, "s32", 4, false},
                                              {DType::kS64, "s64", 8, false},
                                              {DType::kU8, "u8", 1, false},
                                              {DType::kU16, "u16", 2, false},
                                              {DType::kU32, "u32", 4, false},
                                              {DType::kU64, "u64", 8, false},
                                              {DType::kF16, "f16", 2, true},
                                              {DType::kBF16, "bf16", 2, true},
                                              {DType::kF32, "f32", 4, true},
                                              {DType::kF64, "f64", 8, true}}};

constexpr std::array<std::pair<std::string_view, DType>, 9> kMlirNames{{{"i1", DType::kPred},
                                                                        {"i8", DType::kS8},
                                                                        {"i16", DType::kS16},
                                                                        {"i32", DType::kS32},
                                                                        {"i64", DType::kS64},
                                                                        {"ui8", DType::kU8},
                                                                        {"ui16", DType::kU16},
                                                                        {"ui32", DType::kU32},
                                                                        {"ui64", DType::kU64}}};

const DTypeEntry& entry(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

} // namespace

int64_t dtypeBytes(DType dtype) { return entry(dtype).bytes; }

bool isFloating(DType dtype) { return entry(dtype).isFloating; }

std::string_view dtypeName(DType dtype) { return entry(dtype).name; }

std::optional<DType> dtypeFromName(std::string_view name)
{
    for (const DTypeEntry& known : kDTypes) {
        if (known.name == name)
            return known.dtype;
    }
    for (const auto& [mlirName, dtype] : kMlirNames) {
        if (mlirName == name)
            return dtype;
    }
    return std::nullopt;
}

int64_t TensorType::elementCount() const
{
    // Sizes come from files, so the product saturates, low enough that a count of bytes still fits.
    constexpr int64_t kLargest = std::numeric_limits<int64_t>::max() / 16;
    int64_t count = 1;
    for (const int64_t dim : dims) {
        if (__builtin_mul_overflow(count, dim, &count) || count > kLargest)
            count = kLargest;
    }
    return count;
}

std::string formatType(const TensorType& type)
{
    std::string text(dtypeName(type.dtype));
    text += '[';
    for (size_t dim = 0; dim < type.dims.size(); ++dim) {
        if (dim != 0)
            text += ',';
        text += std::to_string(type.dims[dim]);
    }
    text += ']';
    return text;
}

} // namespace alpa
