#include "core/mesh/collective_time.h"

#include "core/base/check.h"

#include <algorithm>
#include <set>

namespace alpa
{
namespace
{

/// Ring steps of a collective among n devices; each step sends 1/n of the buffer (all of it in a
/// send and in a pipelined broadcast, which has one step).
double ringSteps(CollectiveKind kind, int n)
{
    switch (kind) {
    case CollectiveKind::kAllReduce:
        return 2.0 * (n - 1);
    case CollectiveKind::kAllGather:
    case CollectiveKind::kReduceScatter:
    case CollectiveKind::kAllToAll:
        return n - 1;
    case CollectiveKind::kSendReceive:
    case CollectiveKind::kBroadcast:
        return 1;
    }
    return 0;
}

/// Full buffers that one device sends: the factor between NCCL's algorithm and bus bandwidths.
double ringTraffic(CollectiveKind kind, int n)
{
    const bool wholeBuffer =
        kind == CollectiveKind::kSendReceive || kind == CollectiveKind::kBroadcast;
    return wholeBuffer ? 1.0 : ringSteps(kind, n) / n;
}

Seconds ringTime(const DeviceKind& device, const Link& link, CollectiveKind kind, int n,
                 Bytes bytes)
{
    return device.kernelLaunch + link.latency * ringSteps(kind, n) +
           Seconds(ringTraffic(kind, n) * static_cast<double>(bytes.count) / link.bandwidth);
}

/// An all-to-all among n devices, k on each host: in a ring only one member per host uses the
/// network card, but here k members each send to the n - k devices elsewhere.
Seconds crossHostAllToAllTime(const HostRates& rates, const MeshAxis& axis, Bytes bytes)
{
    const double n = axis.size;
    const double k = axis.membersPerHost;
    const double size = static_cast<double>(bytes.count);
    const double card = k * (n - k) / n * size / axis.link.bandwidth;
    const double own = (n - 1) / n * size / rates.withinHost.bandwidth;
    return rates.device.kernelLaunch + axis.link.latency * (n - 1) + Seconds(std::max(card, own));
}

/// The measured group size that is nearest to n (the larger of two equally near), or 0 if there is
/// none.
int nearestGroup(const std::vector<MeasuredCollective>& measured, CollectiveKind kind, int n)
{
    int best = 0;
    for (const MeasuredCollective& point : measured) {
        if (point.kind != kind)
            continue;
        const int distance = std::abs(point.devices - n);
        const int bestDistance = std::abs(best - n);
        if (best == 0 || distance < bestDistance ||
            (distance == bestDistance && point.devices > best))
            best = point.devices;
    }
    return best;
}

/// Straight lines between the measured points; below the first one a line from the latency at zero
/// bytes, beyond the last one the line through the last two.
Seconds interpolate(std::vector<const MeasuredCollective*>& points, Seconds atZero, Bytes bytes)
{
    std::sort(points.begin(), points.end(),
              [](const auto* a, const auto* b) { return a->bytes < b->bytes; });
    Bytes lowBytes{0};
    Seconds lowTime = atZero;
    for (size_t place = 0; place < points.size(); ++place) {
        const MeasuredCollective& high = *points[place];
        if (bytes <= high.bytes || place + 1 == points.size()) {
            if (high.bytes == lowBytes)
                return high.time;
            return lowTime + (high.time - lowTime) * ((bytes - lowBytes) / (high.bytes - lowBytes));
        }
        lowBytes = high.bytes;
        lowTime = high.time;
    }
    return lowTime;
}

/// From the measured curve of the nearest group size, scaled by the ring's traffic (which is exact
/// for the bandwidth part of a ring); nothing when `kind` was not measured.
std::optional<Seconds> measuredTime(const HostRates& rates, CollectiveKind kind, int n, Bytes bytes)
{
    const int group = nearestGroup(rates.measured, kind, n);
    if (group == 0)
        return std::nullopt;
    std::vector<const MeasuredCollective*> points;
    for (const MeasuredCollective& point : rates.measured) {
        if (point.kind == kind && point.devices == group)
            points.push_back(&point);
    }
    const Seconds atZero = ringTime(rates.device, rates.withinHost, kind, group, Bytes(0));
    const Seconds time = interpolate(points, atZero, bytes);
    const Seconds scaled = time * (ringTraffic(kind, n) / ringTraffic(kind, group));
    // Noise in a measured table must not make a transfer free.
    return std::max(scaled, rates.device.kernelLaunch);
}

} // namespace

Seconds collectiveTime(const Cluster& cluster, const DeviceMesh& mesh, CollectiveKind kind,
                       int axis, Bytes bytes)
{
    CHECK(axis >= 0 && static_cast<size_t>(axis) < mesh.axes.size(), "the mesh has the axis");
    const MeshAxis& along = mesh.axes[static_cast<size_t>(axis)];
    if (along.size == 1)
        return Seconds{};
    const HostRates rates = cluster.ratesOf(cluster.kindOfHost(mesh.hostOf(0)));
    if (along.crossesHosts) {
        return kind == CollectiveKind::kAllToAll
                   ? crossHostAllToAllTime(rates, along, bytes)
                   : ringTime(rates.device, along.link, kind, along.size, bytes);
    }
    if (const std::optional<Seconds> measured = measuredTime(rates, kind, along.size, bytes))
        return *measured;
    return ringTime(rates.device, along.link, kind, along.size, bytes);
}

Seconds transferTime(const Cluster& cluster, const DeviceMesh& from, const DeviceMesh& to,
                     Bytes bytes)
{
    if (from.devices == to.devices)
        return Seconds{};
    const HostRates sender = cluster.ratesOf(cluster.kindOfHost(from.hostOf(0)));
    const HostRates receiver = cluster.ratesOf(cluster.kindOfHost(to.hostOf(0)));
    std::set<int> fromHosts;
    std::set<int> toHosts;
    for (int index = 0; index < from.deviceCount(); ++index)
        fromHosts.insert(from.hostOf(index));
    for (int index = 0; index < to.deviceCount(); ++index)
        toHosts.insert(to.hostOf(index));

    // The side with fewer devices has the larger share a device; both sides work at once.
    const int devices = std::min(from.deviceCount(), to.deviceCount());
    const Bytes share{(bytes.count + devices - 1) / devices};
    if (fromHosts == toHosts && fromHosts.size() == 1) {
        if (const std::optional<Seconds> measured =
                measuredTime(sender, CollectiveKind::kSendReceive, 2, share))
            return *measured;
        return ringTime(sender.device, sender.withinHost, CollectiveKind::kSendReceive, 2, share);
    }
    const double hosts = static_cast<double>(std::min(fromHosts.size(), toHosts.size()));
    const double size = static_cast<double>(bytes.count);
    // Between two kinds of hosts the slower side sets the pace.
    const double card =
        size / hosts / std::min(sender.betweenHosts.bandwidth, receiver.betweenHosts.bandwidth);
    const double own = static_cast<double>(share.count) /
                       std::min(sender.withinHost.bandwidth, receiver.withinHost.bandwidth);
    return std::max(sender.device.kernelLaunch, receiver.device.kernelLaunch) +
           std::max(sender.betweenHosts.latency, receiver.betweenHosts.latency) +
           Seconds(std::max(card, own));
}

} // namespace alpa
