#include "core/base/text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace alpa
{
namespace
{

struct Scale {
    double factor;
    const char* unit;
};

template <size_t N>
std::string scaled(double number, const std::array<Scale, N>& scales)
{
    const double magnitude = std::abs(number);
    for (const Scale& scale : scales) {
        if (magnitude >= scale.factor)
            return fmt::format("{} {}", formatNumber(number / scale.factor), scale.unit);
    }
    const Scale& smallest = scales.back();
    return fmt::format("{} {}", formatNumber(number / smallest.factor), smallest.unit);
}

} // namespace

std::string formatNumber(double number)
{
    if (std::isnan(number))
        return "nan";
    if (std::isinf(number))
        return number > 0 ? "inf" : "-inf";
    const double magnitude = std::abs(number);
    // From 1000 on whole numbers are clearer than exponents.
    if (magnitude >= 999.95 && magnitude < 1e9)
        return fmt::format("{:.0f}", number);
    return fmt::format("{:.4g}", number);
}

std::string formatBytes(Bytes bytes)
{
    static constexpr std::array<Scale, 5> kScales{
        {{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "KB"}, {1, "B"}}};
    return scaled(static_cast<double>(bytes.count), kScales);
}

std::string formatMemory(Bytes bytes)
{
    static constexpr std::array<Scale, 5> kScales{
        {{0x1p40, "TiB"}, {0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}, {1, "B"}}};
    return scaled(static_cast<double>(bytes.count), kScales);
}

std::string formatSeconds(Seconds seconds)
{
    static constexpr std::array<Scale, 4> kScales{
        {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
    if (seconds.count == 0)
        return "0 s";
    return scaled(seconds.count, kScales);
}

std::string formatFlops(Flops flops)
{
    static constexpr std::array<Scale, 6> kScales{{{1e18, "EFLOP"},
                                                   {1e15, "PFLOP"},
                                                   {1e12, "TFLOP"},
                                                   {1e9, "GFLOP"},
                                                   {1e6, "MFLOP"},
                                                   {1, "FLOP"}}};
    return scaled(flops.count, kScales);
}

std::string formatCount(int64_t count)
{
    std::string digits = std::to_string(count < 0 ? -count : count);
    for (size_t place = digits.size(); place > 3; place -= 3)
        digits.insert(place - 3, ",");
    return count < 0 ? "-" + digits : digits;
}

bool matchesPattern(std::string_view name, std::string_view pattern)
{
    size_t n = 0;
    size_t p = 0;
    size_t starPattern = std::string_view::npos;
    size_t starName = 0;
    while (n < name.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++n;
            ++p;
        } else if (p < pattern.size() && pattern[p] == '*') {
            starPattern = p++;
            starName = n;
        } else if (starPattern != std::string_view::npos) {
            p = starPattern + 1;
            n = ++starName;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

std::vector<std::string> splitText(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    size_t start = 0;
    while (true) {
        const size_t end = text.find(separator, start);
        parts.emplace_back(text.substr(start, end - start));
        if (end == std::string_view::npos)
            return parts;
        start = end + 1;
    }
}

} // namespace alpa
