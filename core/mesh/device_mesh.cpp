#include "core/mesh/device_mesh.h"

#include "core/base/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Distance between neighbours along `axis` in the row-major order of the devices.
int axisStride(const DeviceMesh& mesh, size_t axis)
{
    int stride = 1;
    for (size_t inner = axis + 1; inner < mesh.axes.size(); ++inner)
        stride *= mesh.axes[inner].size;
    return stride;
}

/// Fills in the axis's link from where its groups lie: which hosts each group touches, and how many
/// groups share one host's network card.
void connectAxis(const Cluster& cluster, DeviceMesh& mesh, int axis)
{
    MeshAxis& result = mesh.axes[static_cast<size_t>(axis)];
    const HostRates rates = cluster.ratesOf(cluster.kindOfHost(mesh.hostOf(0)));
    result.link = rates.withinHost;
    result.membersPerHost = result.size;
    // Groups that leave the host, counted on each host they touch.
    std::vector<int> crossingGroups(static_cast<size_t>(cluster.hosts), 0);
    for (int index = 0; index < mesh.deviceCount(); ++index) {
        if (mesh.coordinate(index, axis) != 0)
            continue;
        // Devices are numbered host by host, so a group visits its hosts one after the other.
        const std::vector<int> group = mesh.group(index, axisBit(axis));
        if (mesh.hostOf(group.front()) == mesh.hostOf(group.back()))
            continue;
        result.crossesHosts = true;
        int onThisHost = 0;
        int most = 0;
        for (size_t place = 0; place < group.size(); ++place) {
            const int host = mesh.hostOf(group[place]);
            onThisHost = place > 0 && mesh.hostOf(group[place - 1]) == host ? onThisHost + 1 : 1;
            most = std::max(most, onThisHost);
            crossingGroups[static_cast<size_t>(host)] += onThisHost == 1 ? 1 : 0;
        }
        result.membersPerHost = std::min(result.membersPerHost, most);
    }
    if (!result.crossesHosts)
        return;
    const int sharing = *std::max_element(crossingGroups.begin(), crossingGroups.end());
    result.link.latency = rates.betweenHosts.latency;
    result.link.bandwidth =
        std::min(rates.withinHost.bandwidth, rates.betweenHosts.bandwidth / sharing);
}

std::string range(std::string_view noun, int first, int last)
{
    return first == last ? fmt::format("{} {}", noun, first)
                         : fmt::format("{}s {}-{}", noun, first, last);
}

} // namespace

int DeviceMesh::groupSize(AxisSet set) const
{
    int count = 1;
    for (size_t axis = 0; axis < axes.size(); ++axis) {
        if (hasAxis(set, static_cast<int>(axis)))
            count *= axes[axis].size;
    }
    return count;
}

int DeviceMesh::coordinate(int index, int axis) const
{
    return index / axisStride(*this, static_cast<size_t>(axis)) % axisSize(axis);
}

int DeviceMesh::positionInGroup(int index, AxisSet set) const
{
    int position = 0;
    for (int axis = 0; axis < static_cast<int>(axes.size()); ++axis) {
        if (hasAxis(set, axis))
            position = position * axisSize(axis) + coordinate(index, axis);
    }
    return position;
}

std::vector<int> DeviceMesh::group(int index, AxisSet set) const
{
    // Start from the member with coordinate 0 along every axis of the set.
    int first = index;
    for (int axis = 0; axis < static_cast<int>(axes.size()); ++axis) {
        if (hasAxis(set, axis))
            first -= coordinate(index, axis) * axisStride(*this, static_cast<size_t>(axis));
    }
    std::vector<int> members{first};
    for (int axis = 0; axis < static_cast<int>(axes.size()); ++axis) {
        if (!hasAxis(set, axis))
            continue;
        const int stride = axisStride(*this, static_cast<size_t>(axis));
        std::vector<int> wider;
        for (const int member : members) {
            for (int step = 0; step < axisSize(axis); ++step)
                wider.push_back(member + step * stride);
        }
        members = std::move(wider);
    }
    return members;
}

DeviceMesh makeDeviceMesh(const Cluster& cluster, const Submesh& submesh,
                          const std::vector<int>& axisSizes)
{
    static constexpr std::array<const char*, kMaxMeshAxes> kNames{"x", "y", "z", "w"};
    CHECK(axisSizes.size() <= kMaxMeshAxes, "a mesh has at most kMaxMeshAxes axes");
    CHECK(submesh.firstHost >= 0 && submesh.firstHost + submesh.hosts <= cluster.hosts &&
              submesh.firstDevice >= 0 &&
              submesh.firstDevice + submesh.devicesPerHost <= cluster.devicesPerHost,
          "the submesh lies within the cluster");
    CHECK(cluster.kindOfHost(submesh.firstHost) ==
              cluster.kindOfHost(submesh.firstHost + submesh.hosts - 1),
          "the devices of a submesh are of one kind");
    DeviceMesh mesh;
    mesh.devicesPerHost = cluster.devicesPerHost;
    int count = 1;
    for (size_t axis = 0; axis < axisSizes.size(); ++axis) {
        MeshAxis added;
        added.name = kNames[axis];
        added.size = axisSizes[axis];
        mesh.axes.push_back(added);
        count *= axisSizes[axis];
    }
    CHECK(count == submesh.deviceCount(), "the axis sizes multiply to the submesh's devices");
    for (int host = 0; host < submesh.hosts; ++host) {
        for (int device = 0; device < submesh.devicesPerHost; ++device)
            mesh.devices.emplace_back((submesh.firstHost + host) * cluster.devicesPerHost +
                                      submesh.firstDevice + device);
    }
    for (int axis = 0; axis < static_cast<int>(mesh.axes.size()); ++axis)
        connectAxis(cluster, mesh, axis);
    return mesh;
}

std::string formatMesh(const DeviceMesh& mesh)
{
    std::string text = "[";
    for (size_t axis = 0; axis < mesh.axes.size(); ++axis)
        text += fmt::format("{}{}={}", axis == 0 ? "" : ", ", mesh.axes[axis].name,
                            mesh.axes[axis].size);
    text += "]";
    if (mesh.devices.empty())
        return text;
    const int last = mesh.deviceCount() - 1;
    const auto indexInHost = [&](int index) {
        return static_cast<int>(mesh.devices[static_cast<size_t>(index)].number) %
               mesh.devicesPerHost;
    };
    return text + " on " + range("host", mesh.hostOf(0), mesh.hostOf(last)) + " " +
           range("device", indexInHost(0), indexInHost(last));
}

Tile deviceTile(const DeviceMesh& mesh, const ShardingSpec& spec, const std::vector<int64_t>& dims,
                int index)
{
    CHECK(dims.size() == spec.rank, "the spec has the tensor's rank");
    Tile tile;
    for (size_t dim = 0; dim < dims.size(); ++dim) {
        const int64_t size = dims[dim] / mesh.groupSize(spec.dims[dim]);
        tile.sizes.push_back(size);
        tile.offsets.push_back(size * mesh.positionInGroup(index, spec.dims[dim]));
    }
    return tile;
}

} // namespace alpa
