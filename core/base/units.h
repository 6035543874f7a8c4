// Bytes, Flops and Seconds: quantities that cannot be added to one another.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>

namespace alpa
{

/// A quantity of one unit held as a number; arithmetic stays inside the unit.
template <typename Tag, typename Number>
struct Quantity {
    Number count{};

    constexpr Quantity() = default;
    explicit constexpr Quantity(Number number)
        : count(number)
    {
    }

    friend constexpr auto operator<=>(Quantity, Quantity) = default;
    friend constexpr Quantity operator+(Quantity a, Quantity b)
    {
        return Quantity(a.count + b.count);
    }
    friend constexpr Quantity operator-(Quantity a, Quantity b)
    {
        return Quantity(a.count - b.count);
    }
    friend constexpr Quantity operator*(Quantity a, Number f) { return Quantity(a.count * f); }
    friend constexpr Quantity operator*(Number f, Quantity a) { return Quantity(a.count * f); }
    friend constexpr Quantity operator/(Quantity a, Number f) { return Quantity(a.count / f); }
    friend constexpr double operator/(Quantity a, Quantity b)
    {
        return static_cast<double>(a.count) / static_cast<double>(b.count);
    }
    constexpr Quantity& operator+=(Quantity other)
    {
        count += other.count;
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other)
    {
        count -= other.count;
        return *this;
    }
};

using Bytes = Quantity<struct BytesTag, int64_t>;
using Flops = Quantity<struct FlopsTag, double>;
using Seconds = Quantity<struct SecondsTag, double>;

constexpr Bytes kKiB{1024};
constexpr Bytes kMiB{1024 * 1024};
constexpr Bytes kGiB{1024 * 1024 * 1024};
constexpr Seconds kForever{std::numeric_limits<double>::infinity()};

constexpr Bytes gibibytes(double count)
{
    return Bytes(static_cast<int64_t>(count * 1024.0 * 1024.0 * 1024.0));
}
constexpr Seconds microseconds(double count) { return Seconds(count * 1e-6); }

} // namespace alpa
