// Cluster: hosts, their devices, memory and links, as a file or a preset names them. All hosts have
// the same number of devices; their devices are of one kind or of two.
#pragma once

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/units.h"
#include "core/graph/types.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

using DeviceId = Id<struct DeviceTag>; ///< host * devicesPerHost + index within the host

/// One measured product of 16-bit floats, `batch` times (m, k) x (k, n), rows and columns of the
/// result being alike.
struct MeasuredProduct {
    int64_t batch = 1, m = 1, n = 1, k = 1;
    Seconds time;
    friend bool operator==(const MeasuredProduct&, const MeasuredProduct&) = default;
};

/// What one device can do. Rates are sustained ones, not the data sheet's.
struct DeviceKind {
    std::string name; ///< "NVIDIA H200"
    Bytes memory;
    double matrixFlops16 = 0;   ///< FLOP/s of large f16/bf16 matrix products.
    double matrixFlops32 = 0;   ///< The same for f32 (as a framework runs it by default).
    double memoryBandwidth = 0; ///< Bytes/s, read plus written.
    Seconds kernelLaunch;       ///< Added to every kernel.
    /// Matrix units ("multiprocessors") that compute tiles of a product side by side; 0: products
    /// of every shape run at the full rate.
    int matrixUnits = 0;
    Seconds tileLatency; ///< Filling and emptying a unit's pipeline, for every tile.
    /// FLOP/s of whole attentions with heads of 64 channels, where the backend has kernels for them
    /// (causal ones counted once); 0: products and a softmax like any others.
    double attentionFlops = 0, attentionGradientFlops = 0;
    /// Does the backend fuse element-wise chains into the kernels that read them?
    bool fusesKernels = false;
    std::vector<MeasuredProduct> products; ///< Of a model's shapes; may be empty.
    /// Share of the gradient reductions' time that the backward pass hides, and of the gathers of
    /// updated parameters that the update hides; 0: they run one after the other.
    double reductionOverlap = 0, gatherOverlap = 0;
    double memoryMargin = 0; ///< Share of the memory that allocators lose to fragments.

    /// What tensors may take of the memory.
    Bytes usableMemory() const
    {
        return memory -
               Bytes(static_cast<int64_t>(static_cast<double>(memory.count) * memoryMargin));
    }
    friend bool operator==(const DeviceKind&, const DeviceKind&) = default;
};

/// Time of n bytes: latency + n / bandwidth.
struct Link {
    Seconds latency;
    double bandwidth = 0; ///< Bytes/s one way.
    friend bool operator==(const Link&, const Link&) = default;
};

enum class CollectiveKind {
    kAllReduce,
    kAllGather,
    kReduceScatter,
    kAllToAll,
    kSendReceive,
    kBroadcast
};
std::string_view collectiveName(CollectiveKind kind); ///< "all-reduce"

/// One measured collective: n bytes (of the full buffer) among `devices` devices of one host took
/// `time`.
struct MeasuredCollective {
    CollectiveKind kind = CollectiveKind::kAllReduce;
    int devices = 2;
    Bytes bytes;
    Seconds time;
    friend bool operator==(const MeasuredCollective&, const MeasuredCollective&) = default;
};

/// Hosts with devices of another kind than those before them.
struct HostKind {
    int hosts = 1;
    DeviceKind device;
    Link withinHost, betweenHosts;
    std::vector<MeasuredCollective> measured;
    friend bool operator==(const HostKind&, const HostKind&) = default;
};

/// Rates of the hosts that a mesh lies on: parts of a cluster, valid as long as it.
struct HostRates {
    const DeviceKind& device;
    const Link& withinHost;
    const Link& betweenHosts;
    const std::vector<MeasuredCollective>& measured;
};

struct Cluster {
    std::string name; ///< "p3.16xlarge-x8"
    int hosts = 1;    ///< Of both kinds.
    int devicesPerHost = 1;
    DeviceKind device;
    Link withinHost;   ///< Between two devices of a host; every device has its own.
    Link betweenHosts; ///< Of one host's network card, shared by the host's devices.
    std::vector<MeasuredCollective> measured; ///< May be empty: then alpha-beta with withinHost.

    /// The last hosts, if their devices are of another kind than `device`.
    std::optional<HostKind> second;

    int deviceCount() const { return hosts * devicesPerHost; }
    /// Kinds are numbered 0 and, with `second`, 1.
    int kindCount() const { return second ? 2 : 1; }
    int hostsOf(int kind) const
    {
        const int others = second ? second->hosts : 0;
        return kind == 0 ? hosts - others : others;
    }
    int firstHostOf(int kind) const { return kind == 0 ? 0 : hostsOf(0); }
    int kindOfHost(int host) const { return host < hostsOf(0) ? 0 : 1; }
    HostRates ratesOf(int kind) const
    {
        if (kind == 0 || !second)
            return {device, withinHost, betweenHosts, measured};
        return {second->device, second->withinHost, second->betweenHosts, second->measured};
    }
    const DeviceKind& deviceOf(int kind) const { return ratesOf(kind).device; }
    friend bool operator==(const Cluster&, const Cluster&) = default;
};

/// A preset by name, with any count after "-x": h200-xN, p3.16xlarge-xN, dgx-a100-xN, dgx-h100-xN,
/// dgx-h100-a100-xN, cpu-xN; or a cluster file (JSON). Fails with kNotFound naming the presets, or
/// kInvalidInput naming the field.
Result<Cluster> loadCluster(const std::string& nameOrPath);
Result<Cluster> parseClusterJson(const std::string& text);
std::string clusterToJson(const Cluster& cluster);
/// "h200-xN", ... with one line each, for help texts and the window's list.
struct ClusterPreset {
    std::string name;
    std::string description;
};
std::vector<ClusterPreset> clusterPresets();

/// A rectangle of the cluster given to one stage: `hosts` whole hosts, or `devices` devices of one
/// host.
struct Submesh {
    int firstHost = 0;
    int hosts = 1;
    int firstDevice = 0; ///< Within the host.
    int devicesPerHost = 1;

    int deviceCount() const { return hosts * devicesPerHost; }
    friend bool operator==(const Submesh&, const Submesh&) = default;
};

} // namespace alpa
