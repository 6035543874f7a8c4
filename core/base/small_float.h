// Rounding to the floating types that C++20 lacks: bfloat16 and IEEE half.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace alpa
{

/// The 16 bits of the bfloat16 nearest to `value` (ties to even), by way of float as accelerators
/// do.
inline uint16_t bfloat16Bits(double value)
{
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
        return static_cast<uint16_t>((bits >> 16) | 0x40u); // A quiet NaN stays one.
    return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}
inline double bfloat16Value(uint16_t bits)
{
    return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits) << 16));
}

/// The IEEE half nearest to `value`, as a double.
inline double roundToHalf(double value)
{
    if (!std::isfinite(value) || value == 0.0)
        return value;
    int exponent = 0;
    std::frexp(value, &exponent);
    // 11 significant bits; below 2^-14 the spacing stays 2^-24.
    const int spacing = exponent - 11 < -24 ? -24 : exponent - 11;
    const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -spacing)), spacing);
    return std::fabs(rounded) > 65504.0 ? std::copysign(HUGE_VAL, value) : rounded;
}
inline uint16_t halfBits(double value)
{
    const double rounded = roundToHalf(value);
    const auto sign = static_cast<uint16_t>(std::signbit(rounded) ? 0x8000u : 0u);
    if (std::isnan(rounded))
        return static_cast<uint16_t>(sign | 0x7E00u);
    const double size = std::fabs(rounded);
    if (std::isinf(size))
        return static_cast<uint16_t>(sign | 0x7C00u);
    if (size < 0x1.0p-14)
        return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::ldexp(size, 24)));
    int exponent = 0;
    const double fraction =
        std::frexp(size, &exponent); // size = fraction * 2^exponent, fraction in [0.5, 1)
    const auto mantissa = static_cast<uint16_t>(std::ldexp(fraction, 11)) & 0x3FFu;
    return static_cast<uint16_t>(sign | static_cast<uint16_t>((exponent + 14) << 10) | mantissa);
}
inline double halfValue(uint16_t bits)
{
    const int exponent = (bits >> 10) & 0x1F;
    const int mantissa = bits & 0x3FF;
    double size = 0.0;
    if (exponent == 0x1F)
        size = mantissa == 0 ? HUGE_VAL : std::nan("");
    else if (exponent == 0)
        size = std::ldexp(mantissa, -24);
    else
        size = std::ldexp(mantissa + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -size : size;
}

} // namespace alpa
