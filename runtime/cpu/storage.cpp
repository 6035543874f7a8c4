#include "runtime/cpu/storage.h"

namespace alpa::cpu
{
namespace
{

/// 16-bit floats as they lie in memory, told apart by type.
struct Half {
    uint16_t bits;
};
struct Brain {
    uint16_t bits;
};
struct Pred {
    uint8_t value;
};

float toFloat(Brain brain) { return std::bit_cast<float>(static_cast<uint32_t>(brain.bits) << 16); }

float toFloat(Half half)
{
    // The exponent is rebiased by a multiplication, which also normalises subnormals.
    const uint32_t magnitude = static_cast<uint32_t>(half.bits & 0x7FFFu) << 13;
    uint32_t bits = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
    bits |= (half.bits & 0x7C00u) == 0x7C00u ? 0x7F800000u : 0u;
    return std::bit_cast<float>(bits | static_cast<uint32_t>(half.bits & 0x8000u) << 16);
}

Brain toBrain(float value)
{
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
    const uint32_t quiet = (bits >> 16) | 0x40u;
    return Brain{static_cast<uint16_t>((bits & 0x7FFFFFFFu) > 0x7F800000u ? quiet : rounded)};
}

/// F. Giesen, "float->half variants", float_to_half_fast3_rtne.
Half toHalf(float value)
{
    constexpr uint32_t kInfinity = 255u << 23;
    constexpr uint32_t kOverflow = (127u + 16u) << 23;
    constexpr uint32_t kSubnormalMagic = ((127u - 15u) + (23u - 10u) + 1u) << 23;
    const auto all = std::bit_cast<uint32_t>(value);
    const uint32_t sign = all & 0x80000000u;
    uint32_t bits = all ^ sign;
    if (bits >= kOverflow) {
        bits = bits > kInfinity ? 0x7E00u : 0x7C00u;
    } else if (bits < (113u << 23)) {
        const float sum = std::bit_cast<float>(bits) + std::bit_cast<float>(kSubnormalMagic);
        bits = std::bit_cast<uint32_t>(sum) - kSubnormalMagic;
    } else {
        bits = (bits + ((bits >> 13) & 1u) + 0xFFFu - (112u << 23)) >> 13;
    }
    return Half{static_cast<uint16_t>(bits | sign >> 16)};
}

/// Truncates; out of range saturates rather than being undefined.
int64_t truncate(double value)
{
    if (!(value > -0x1p63))
        return value != value ? 0 : INT64_MIN;
    return value < 0x1p63 ? static_cast<int64_t>(value) : INT64_MAX;
}

template <typename C, typename S>
C fromStorage(S element)
{
    if constexpr (std::is_same_v<S, Half> || std::is_same_v<S, Brain>)
        return fromStorage<C>(toFloat(element));
    else if constexpr (std::is_same_v<S, Pred>)
        return static_cast<C>(element.value != 0);
    else if constexpr (std::is_integral_v<C> && std::is_floating_point_v<S>)
        return static_cast<C>(truncate(static_cast<double>(element)));
    else
        return static_cast<C>(element);
}

template <typename S, typename C>
S toStorage(C value)
{
    if constexpr (std::is_same_v<S, Half>)
        return toHalf(static_cast<float>(value));
    else if constexpr (std::is_same_v<S, Brain>)
        return toBrain(static_cast<float>(value));
    else if constexpr (std::is_same_v<S, Pred>)
        return Pred{static_cast<uint8_t>(value != C{})};
    else if constexpr (std::is_integral_v<S> && std::is_floating_point_v<C>)
        return static_cast<S>(truncate(static_cast<double>(value)));
    else
        return static_cast<S>(value);
}

template <typename C, typename S>
void load(const std::byte* base, int64_t first, int64_t count, C* tile)
{
    const S* source = reinterpret_cast<const S*>(base) + first;
    for (int64_t i = 0; i < count; ++i)
        tile[i] = fromStorage<C>(source[i]);
}

template <typename C, typename S>
void store(const C* tile, int64_t count, std::byte* base, int64_t first)
{
    S* target = reinterpret_cast<S*>(base) + first;
    for (int64_t i = 0; i < count; ++i)
        target[i] = toStorage<S>(tile[i]);
}

/// Calls visitor(S{}) with the storage type of `dtype`.
template <typename Visitor>
auto withStorageType(DType dtype, Visitor&& visitor)
{
    switch (dtype) {
    case DType::kPred:
        return visitor(Pred{});
    case DType::kS8:
        return visitor(int8_t{});
    case DType::kS16:
        return visitor(int16_t{});
    case DType::kS32:
        return visitor(int32_t{});
    case DType::kS64:
        return visitor(int64_t{});
    case DType::kU8:
        return visitor(uint8_t{});
    case DType::kU16:
        return visitor(uint16_t{});
    case DType::kU32:
        return visitor(uint32_t{});
    case DType::kU64:
        return visitor(uint64_t{});
    case DType::kF16:
        return visitor(Half{});
    case DType::kBF16:
        return visitor(Brain{});
    case DType::kF32:
        return visitor(float{});
    case DType::kF64:
        break;
    }
    return visitor(double{});
}

} // namespace

template <typename C>
LoadTile<C> loadTile(DType dtype)
{
    return withStorageType(dtype,
                           [](auto element) -> LoadTile<C> { return load<C, decltype(element)>; });
}

template <typename C>
StoreTile<C> storeTile(DType dtype)
{
    return withStorageType(
        dtype, [](auto element) -> StoreTile<C> { return store<C, decltype(element)>; });
}

template LoadTile<float> loadTile<float>(DType);
template LoadTile<double> loadTile<double>(DType);
template LoadTile<int64_t> loadTile<int64_t>(DType);
template LoadTile<uint64_t> loadTile<uint64_t>(DType);
template StoreTile<float> storeTile<float>(DType);
template StoreTile<double> storeTile<double>(DType);
template StoreTile<int64_t> storeTile<int64_t>(DType);
template StoreTile<uint64_t> storeTile<uint64_t>(DType);

int64_t loadIndex(DType dtype, const std::byte* base, int64_t index)
{
    int64_t value = 0;
    loadTile<int64_t>(dtype)(base, index, 1, &value);
    return value;
}

} // namespace alpa::cpu
