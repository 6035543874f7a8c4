// DeviceMesh: named axes over the devices of a submesh, with what communication along each axis
// costs.
#pragma once

#include "core/mesh/cluster.h"
#include "core/mesh/sharding_spec.h"

#include <string>
#include <vector>

namespace alpa
{

struct MeshAxis {
    std::string name; ///< "x", "y", "z"
    int size = 1;
    Link link; ///< Per device, along this axis, when all groups communicate at once.
    bool crossesHosts = false;
    int membersPerHost =
        1; ///< Devices of one group that lie on one host; `size` when no group crosses hosts.
    friend bool operator==(const MeshAxis&, const MeshAxis&) = default;
};

/// Devices in row-major order of the axes: device (i, j) of axes sizes (n0, n1) is devices[i * n1 +
/// j].
struct DeviceMesh {
    std::vector<MeshAxis>
        axes; ///< Up to kMaxMeshAxes; axes of size 1 are kept so that x is always the batch axis.
    std::vector<DeviceId> devices;
    int devicesPerHost = 1; ///< Of the cluster, to tell hosts apart.

    /// Host of the device at position `index`.
    int hostOf(int index) const
    {
        return static_cast<int>(devices[static_cast<size_t>(index)].number) / devicesPerHost;
    }
    int deviceCount() const { return static_cast<int>(devices.size()); }
    int axisSize(int axis) const { return axes[static_cast<size_t>(axis)].size; }
    /// Product of the sizes of the axes of `set`; 1 for the empty set.
    int groupSize(AxisSet set) const;
    /// Coordinate of the device at position `index` along `axis`.
    int coordinate(int index, int axis) const;
    /// Position of that device within its group over `set`: row-major over the axes of the set in
    /// axis order.
    int positionInGroup(int index, AxisSet set) const;
    /// Positions (into `devices`) of the group over `set` that contains `index`, in group order.
    std::vector<int> group(int index, AxisSet set) const;
    friend bool operator==(const DeviceMesh&, const DeviceMesh&) = default;
};

/// The mesh of the given axis sizes over `submesh`. Assumes the product of sizes equals its device
/// count and that its devices are of one kind. An axis whose groups cross hosts gets the network
/// card's bandwidth divided by the groups that share the card.
DeviceMesh makeDeviceMesh(const Cluster& cluster, const Submesh& submesh,
                          const std::vector<int>& axisSizes);

/// "[x=2, y=4] on host 0 devices 0-7", "[x=2, y=8] on hosts 0-1 devices 0-7" (the same devices of
/// each host).
std::string formatMesh(const DeviceMesh& mesh);

/// The part of a tensor that one device holds: offsets and sizes per dimension, in elements of the
/// whole tensor.
struct Tile {
    std::vector<int64_t> offsets, sizes;
    friend bool operator==(const Tile&, const Tile&) = default;
};
/// Assumes every split dimension divides evenly. Partial axes do not change the tile.
Tile deviceTile(const DeviceMesh& mesh, const ShardingSpec& spec, const std::vector<int64_t>& dims,
                int index);

} // namespace alpa
