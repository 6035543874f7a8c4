// Submeshes: the rectangles of a cluster that a stage may run on, and where the chosen ones lie.
// A cluster here is H hosts of M devices each; device number = host * M + index within the host.
#pragma once

#include "core/base/result.h"

#include <string>
#include <vector>

namespace alpa
{

/// `hosts` x `devicesPerHost` devices. Either hosts is 1, or devicesPerHost is the whole host.
struct SubmeshChoice {
    int hosts = 1;
    int devicesPerHost = 1;
    int kind = 0; ///< 1: of the cluster's second kind of hosts.

    constexpr int devices() const { return hosts * devicesPerHost; }
    friend bool operator==(const SubmeshChoice&, const SubmeshChoice&) = default;
};

/// Larger clusters are refused, so that products of hosts and devices stay far inside an int.
constexpr int kMostDevices = 1 << 20;

/// "1x4", "2x8".
std::string text(SubmeshChoice submesh);

/// Which numbers of whole hosts are tried beside the submeshes within a host.
enum class SubmeshSpace {
    kAll,             ///< 2, 3, ..., H.
    kPowerOfTwo,      ///< 2, 4, 8, ... up to H, and H itself.
    kSmallPowerOfTwo, ///< 2 and 4 up to H, and H itself.
};

/// The submeshes of H hosts x M devices, smallest first: 1 x 2^i for each 2^i that divides M, 1 x
/// M, then h x M. For M a power of two and space kAll this is Alpa's list in Alpa's order (Theorem
/// 1 of the paper). For another M each size divides the next, which is what makes every cover
/// placeable: three 1x4 cover two hosts of six devices in number, yet cannot be laid out. Fails
/// with kInvalidInput unless both are positive, with
/// kUnsupported beyond kMostDevices.
Result<std::vector<SubmeshChoice>> enumerateSubmeshes(int hosts, int devicesPerHost,
                                                      SubmeshSpace space);

/// The concrete devices of one stage: `hosts` x `devicesPerHost` starting at device `first`.
/// Whole-host submeshes take consecutive hosts, so the devices are always the range [first, first +
/// devices()).
struct PlacedSubmesh {
    SubmeshChoice submesh;
    int first = 0;

    int end() const { return first + submesh.devices(); }
    friend bool operator==(const PlacedSubmesh&, const PlacedSubmesh&) = default;
};

/// Lays out `stages` (in pipeline order) on H hosts x M devices, so that no submesh within a host
/// straddles two hosts: side by side in pipeline order where that does it, which makes the fewest
/// neighbours talk through the network; else large to small, equal sizes in pipeline order. Returns
/// one placement per stage, in pipeline order. Fails with kInvalidInput when a submesh is not one
/// of enumerateSubmeshes(kAll) or they need more devices than there are; otherwise it always
/// succeeds.
Result<std::vector<PlacedSubmesh>> placeSubmeshes(const std::vector<SubmeshChoice>& stages,
                                                  int hosts, int devicesPerHost);

} // namespace alpa
