#include "core/mesh/what_if.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace alpa
{
namespace
{

constexpr double kLeastFactor = 1e-3;
constexpr double kMostFactor = 1e3;
constexpr int kMostDevices = 65536;

/// Memory and links of a Cluster's or a HostKind's hosts.
template <typename Hosts>
void scaleHosts(Hosts& hosts, const WhatIf& change)
{
    hosts.device.memory =
        Bytes(std::llround(static_cast<double>(hosts.device.memory.count) * change.memory));
    hosts.withinHost.bandwidth *= change.bandwidth;
    hosts.betweenHosts.bandwidth *= change.bandwidth;
    // What a collective waits stays; what it moves goes faster.
    for (MeasuredCollective& one : hosts.measured) {
        const double waits = std::min(one.time.count, hosts.withinHost.latency.count);
        one.time = Seconds(waits + (one.time.count - waits) / change.bandwidth);
    }
}

/// What a part may be: "memory=FACTOR or bandwidth=FACTOR (0.001 to 1000) or ...".
std::string expectedParts()
{
    return fmt::format("memory=FACTOR or bandwidth=FACTOR ({:g} to {:g}), or devices=COUNT (1 to "
                       "{})",
                       kLeastFactor, kMostFactor, kMostDevices);
}

bool isFactor(double factor) { return factor >= kLeastFactor && factor <= kMostFactor; }

} // namespace

std::string formatWhatIf(const WhatIf& change)
{
    std::vector<std::string> parts;
    if (change.memory != 1)
        parts.push_back(fmt::format("memory x{:g}", change.memory));
    if (change.bandwidth != 1)
        parts.push_back(fmt::format("bandwidth x{:g}", change.bandwidth));
    if (change.devices != 0)
        parts.push_back(fmt::format("{} device{}", change.devices, change.devices == 1 ? "" : "s"));
    return fmt::format("{}", fmt::join(parts, ", "));
}

Result<WhatIf> parseWhatIf(std::string_view text)
{
    WhatIf change;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        const size_t equals = part.find('=');
        const std::string_view name = part.substr(0, equals);
        const std::string_view value =
            equals == std::string_view::npos ? "" : part.substr(equals + 1);
        double number = 0;
        const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
        const bool isNumber =
            code == std::errc() && end == value.data() + value.size() && !value.empty();
        if (isNumber && name == "memory" && isFactor(number))
            change.memory = number;
        else if (isNumber && name == "bandwidth" && isFactor(number))
            change.bandwidth = number;
        else if (isNumber && name == "devices" && number >= 1 && number <= kMostDevices &&
                 number == std::floor(number))
            change.devices = static_cast<int>(number);
        else
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("'{}': expected {}", part, expectedParts()));
    }
    return change;
}

Result<Cluster> applyWhatIf(Cluster cluster, const WhatIf& change)
{
    if (change.isNone())
        return cluster;
    if (!isFactor(change.memory) || !isFactor(change.bandwidth) || change.devices < 0 ||
        change.devices > kMostDevices)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("what if {}: expected {}", formatWhatIf(change), expectedParts()));
    if (cluster.second && change.devices > 0)
        return Error(
            ErrorCode::kUnsupported,
            fmt::format("what if {}: {} has two kinds of device, and their share is not said",
                        formatWhatIf(change), cluster.name));
    scaleHosts(cluster, change);
    if (cluster.second)
        scaleHosts(*cluster.second, change);
    if (change.devices > 0) {
        const bool isWhole = change.devices % cluster.devicesPerHost == 0;
        cluster.hosts = isWhole ? change.devices / cluster.devicesPerHost : 1;
        cluster.devicesPerHost = isWhole ? cluster.devicesPerHost : change.devices;
    }
    cluster.name += " (what if: " + formatWhatIf(change) + ")";
    return cluster;
}

} // namespace alpa
