// Cluster: hosts, their devices, memory and links, as a file or a preset names them. All hosts are
// alike.
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

struct Cluster {
    std::string name; ///< "p3.16xlarge-x8"
    int hosts = 1;
    int devicesPerHost = 1;
    DeviceKind device;
    Link withinHost;   ///< Between two devices of a host; every device has its own.
    Link betweenHosts; ///< Of one host's network card, shared by the host's devices.
    std::vector<MeasuredCollective> measured; ///< May be empty: then alpha-beta with withinHost.

    int deviceCount() const { return hosts * devicesPerHost; }
    friend bool operator==(const Cluster&, const Cluster&) = default;
};

/// A preset by name, with any count after "-x": h200-xN, p3.16xlarge-xN, dgx-a100-xN, dgx-h100-xN,
/// cpu-xN; or a cluster file (JSON). Fails with kNotFound naming the presets, or kInvalidInput
/// naming the field.
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
