#include "core/inter_op/submesh.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>

namespace alpa
{

namespace
{

bool isTried(int hosts, int hostsInCluster, SubmeshSpace space)
{
    const bool isPowerOfTwo = (hosts & (hosts - 1)) == 0;
    switch (space) {
    case SubmeshSpace::kAll:
        return true;
    case SubmeshSpace::kPowerOfTwo:
        return isPowerOfTwo || hosts == hostsInCluster;
    case SubmeshSpace::kSmallPowerOfTwo:
        return (isPowerOfTwo && hosts <= 4) || hosts == hostsInCluster;
    }
    return false;
}

/// Stages side by side in pipeline order, so that neighbours are near: unless one would straddle
/// hosts.
std::optional<std::vector<PlacedSubmesh>> placeInOrder(const std::vector<SubmeshChoice>& stages,
                                                       int devicesPerHost)
{
    std::vector<PlacedSubmesh> placed;
    int next = 0;
    for (const SubmeshChoice& submesh : stages) {
        const int within = next % devicesPerHost;
        const bool straddles = submesh.hosts > 1 ? within != 0
                                                 : within % submesh.devicesPerHost != 0 ||
                                                       within + submesh.devices() > devicesPerHost;
        if (straddles)
            return std::nullopt;
        placed.push_back({submesh, next});
        next += submesh.devices();
    }
    return placed;
}

} // namespace

std::string text(SubmeshChoice submesh)
{
    return std::to_string(submesh.hosts) + "x" + std::to_string(submesh.devicesPerHost);
}

Result<std::vector<SubmeshChoice>> enumerateSubmeshes(int hosts, int devicesPerHost,
                                                      SubmeshSpace space)
{
    if (hosts < 1 || devicesPerHost < 1)
        return Error{ErrorCode::kInvalidInput, "a cluster of " + std::to_string(hosts) +
                                                   " hosts with " + std::to_string(devicesPerHost) +
                                                   " devices each: both must be positive"};
    if (int64_t{hosts} * devicesPerHost > kMostDevices)
        return Error{ErrorCode::kUnsupported,
                     "a cluster of " + std::to_string(hosts) + " hosts with " +
                         std::to_string(devicesPerHost) + " devices each: at most " +
                         std::to_string(kMostDevices) + " devices are supported"};
    std::vector<SubmeshChoice> submeshes;
    for (int devices = 1; devices < devicesPerHost; devices *= 2) {
        if (devicesPerHost % devices == 0)
            submeshes.push_back({1, devices});
    }
    submeshes.push_back({1, devicesPerHost});
    for (int count = 2; count <= hosts; ++count) {
        if (isTried(count, hosts, space))
            submeshes.push_back({count, devicesPerHost});
    }
    return submeshes;
}

Result<std::vector<PlacedSubmesh>> placeSubmeshes(const std::vector<SubmeshChoice>& stages,
                                                  int hosts, int devicesPerHost)
{
    ASSIGN_OR_RETURN(const std::vector<SubmeshChoice> known,
                     enumerateSubmeshes(hosts, devicesPerHost, SubmeshSpace::kAll));
    int64_t needed = 0;
    for (const SubmeshChoice& submesh : stages) {
        if (std::find(known.begin(), known.end(), submesh) == known.end())
            return Error{ErrorCode::kInvalidInput,
                         "submesh " + text(submesh) + " is not one of a cluster of " +
                             std::to_string(hosts) + " hosts with " +
                             std::to_string(devicesPerHost) + " devices each"};
        needed += submesh.devices();
    }
    if (needed > hosts * devicesPerHost)
        return Error{ErrorCode::kInvalidInput, "the stages need " + std::to_string(needed) +
                                                   " devices, the cluster has " +
                                                   std::to_string(hosts * devicesPerHost)};
    if (std::optional<std::vector<PlacedSubmesh>> inOrder = placeInOrder(stages, devicesPerHost))
        return std::move(*inOrder);
    std::vector<size_t> order(stages.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return stages[a].devices() > stages[b].devices(); });
    // Each size divides the sizes placed before it (within a host) or is whole hosts, so the next
    // free device is always a multiple of the next size, and nothing straddles.
    std::vector<PlacedSubmesh> placed(stages.size());
    int next = 0;
    for (const size_t stage : order) {
        placed[stage] = {stages[stage], next};
        next += stages[stage].devices();
    }
    return placed;
}

} // namespace alpa
