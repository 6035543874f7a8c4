// Numbers as people read them: four significant digits and a unit. One writer for goldens, the
// command line and the window, so that the same quantity always looks the same.
#pragma once

#include "core/base/units.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// "512 B", "33.55 MB": powers of 1000, as network and memory vendors count traffic.
std::string formatBytes(Bytes bytes);
/// "80 GiB", "1.5 MiB": powers of 1024, as memory limits are given.
std::string formatMemory(Bytes bytes);
/// "12.34 ms", "5 us", "1.234 s".
std::string formatSeconds(Seconds seconds);
/// "1.5 PFLOP", "20 GFLOP".
std::string formatFlops(Flops flops);
/// "5,267,466".
std::string formatCount(int64_t count);
/// At most four significant digits, no trailing zeros: "12.34", "0.001".
std::string formatNumber(double number);
/// Does `name` match `pattern`, in which * stands for any run of characters and ? for one?
bool matchesPattern(std::string_view name, std::string_view pattern);
std::vector<std::string> splitText(std::string_view text, char separator);

} // namespace alpa
