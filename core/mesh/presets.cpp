#include "core/base/files.h"
#include "core/mesh/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

namespace alpa
{
namespace
{

/// Divides where microseconds() multiplies, so that files show 1e-05 and not 9.999999999999999e-06.
constexpr Seconds micros(double count) { return Seconds(count / 1e6); }

struct MeasuredRow {
    int devices;
    int64_t mebibytes;
    double allReduceUs, reduceScatterUs, allGatherUs, allToAllUs;
};

/// NCCL 2.28 on 4 x H200, NVLink all to all, NVLS off, bf16, medians of 20 through
/// torch.distributed (microseconds). Sizes below 32 MiB are left out: they show torch's 50 us
/// launch cost, not NCCL's.
constexpr std::array<MeasuredRow, 6> kH200Collectives{{
    {2, 32, 138.40, 96.48, 94.37, 84.13},
    {2, 256, 896.48, 593.63, 555.14, 476.38},
    {2, 1024, 3254.18, 2066.18, 2008.03, 1626.46},
    {4, 32, 172.42, 104.86, 109.15, 110.85},
    {4, 256, 1192.45, 675.14, 667.04, 663.52},
    {4, 1024, 4551.49, 2507.42, 2486.24, 2390.78},
}};
/// ncclSend to one peer, both directions idle otherwise; the same series.
struct MeasuredSend {
    int64_t mebibytes;
    double us;
};
constexpr std::array<MeasuredSend, 3> kH200Sends{{{32, 106.56}, {256, 751.42}, {1024, 2908.22}}};

std::vector<MeasuredCollective> h200Measurements()
{
    std::vector<MeasuredCollective> points;
    for (const MeasuredRow& row : kH200Collectives) {
        const auto add = [&](CollectiveKind kind, double us) {
            points.push_back({kind, row.devices, kMiB * row.mebibytes, micros(us)});
        };
        add(CollectiveKind::kAllReduce, row.allReduceUs);
        add(CollectiveKind::kReduceScatter, row.reduceScatterUs);
        add(CollectiveKind::kAllGather, row.allGatherUs);
        add(CollectiveKind::kAllToAll, row.allToAllUs);
    }
    for (const MeasuredSend& row : kH200Sends)
        points.push_back({CollectiveKind::kSendReceive, 2, kMiB * row.mebibytes, micros(row.us)});
    return points;
}

/// One host with N H200 on NVLink.
Cluster h200(int devices)
{
    Cluster cluster;
    cluster.hosts = 1;
    cluster.devicesPerHost = devices;
    cluster.device.name = "NVIDIA H200";
    cluster.device.memory = kMiB * 143771; // nvidia-smi of the measured host
    // Fitted with tileLatency to cuBLASLt's measured bf16 products of sizes 512 to 51200, which
    // reach 450 to 795e12 in all (tests/unit/cost/product_time_test.cpp).
    cluster.device.matrixFlops16 = 820e12;
    cluster.device.matrixUnits = 132;
    cluster.device.tileLatency = micros(4);
    // Assumption: 0.75 of the data sheet's 67e12 outside tensor cores (no TF32).
    cluster.device.matrixFlops32 = 50e12;
    // 4.2e12 measured for a plain copy; fused loops of whole steps of GPT-125M and 1.3B reach 3.8
    // to 4.4e12 (kernel by kernel, beginning and end apart).
    cluster.device.memoryBandwidth = 4.0e12;
    // cuDNN 9 on GPT-125M and 1.3B, sequence 1024, 64 channels, without launches and the end of the
    // last blocks (which cost counts apart): 217 to 275e12 and 181 to 217e12 with the latter.
    cluster.device.attentionFlops = 300e12;
    cluster.device.attentionGradientFlops = 220e12;
    cluster.device.fusesKernels = true;
    // Of 32 MiB all-reduces beside products 0.34 to 0.40 is hidden on two H200; steps of GPT-125M
    // to 2.6B under DP, ZeRO-2 and ZeRO-3 agree best with 0.3 (within 6 %; 11 % without). Gathers
    // are hidden too, but their share changes no step's prediction for the better.
    cluster.device.reductionOverlap = 0.3;
    // Gaps of 1.6 us between the kernels of a stream, and 0.7 to 1.2 us until a loop or reduction
    // moves its bytes at full rate and behind that.
    cluster.device.kernelLaunch = micros(2.5);
    // Slope of measured send/receive from 256 MiB to 1 GiB. Assumption: 3 us a ring step, which
    // puts small collectives of 2-4 devices at 6-21 us, NCCL's usual floor (the measured table
    // cannot tell).
    cluster.withinHost = {micros(3), 373e9};
    // One host only; a card is stated so that the file form is complete. Assumption: 400 Gbit/s.
    cluster.betweenHosts = {micros(10), 50e9};
    cluster.measured = h200Measurements();
    return cluster;
}

/// N AWS p3.16xlarge hosts: Alpa's testbed.
Cluster p3(int hosts)
{
    Cluster cluster;
    cluster.hosts = hosts;
    cluster.devicesPerHost = 8;
    cluster.device.name = "NVIDIA V100-SXM2-16GB";
    cluster.device.memory = kGiB * 16;
    cluster.device.matrixFlops16 = 90e12;    // assumption: 0.72 of the data sheet's 125e12
    cluster.device.matrixFlops32 = 14e12;    // assumption: 0.9 of the data sheet's 15.7e12
    cluster.device.memoryBandwidth = 0.8e12; // assumption: 0.89 of the data sheet's 0.9e12
    cluster.device.kernelLaunch = micros(5); // assumption
    // Six NVLink 2 links of 25e9 B/s a device; the hybrid cube mesh leaves NCCL's rings about 130e9
    // bus bandwidth of 150e9 on 8 devices. Assumption: 100e9 for the message sizes of training.
    cluster.withinHost = {micros(5), 100e9};
    cluster.betweenHosts = {micros(30), 3.125e9}; // 25 Gbit/s card; latency assumed (TCP over ENA)
    return cluster;
}

Cluster dgxA100(int hosts)
{
    Cluster cluster;
    cluster.hosts = hosts;
    cluster.devicesPerHost = 8;
    cluster.device.name = "NVIDIA A100-SXM4-80GB";
    cluster.device.memory = kGiB * 80;
    cluster.device.matrixFlops16 = 240e12; // assumption: 0.77 of the data sheet's 312e12
    cluster.device.matrixFlops32 = 17e12;  // assumption: 0.87 of the data sheet's 19.5e12 (no TF32)
    cluster.device.memoryBandwidth = 1.7e12; // assumption: 0.83 of the data sheet's 2.04e12
    cluster.device.kernelLaunch = micros(4); // assumption
    // NVLink 3: 300e9 one way. 230e9 is the bus bandwidth NCCL reports on 8 devices behind
    // NVSwitch.
    cluster.withinHost = {micros(4), 230e9};
    cluster.betweenHosts = {micros(12),
                            200e9}; // 8 cards of 200 Gbit/s; latency assumed (InfiniBand)
    return cluster;
}

Cluster dgxH100(int hosts)
{
    Cluster cluster;
    cluster.hosts = hosts;
    cluster.devicesPerHost = 8;
    cluster.device.name = "NVIDIA H100-SXM5-80GB";
    cluster.device.memory = kGiB * 80;
    // The same tensor cores as the measured H200.
    cluster.device.matrixFlops16 = 820e12;
    cluster.device.matrixUnits = 132;
    cluster.device.tileLatency = micros(4);
    cluster.device.matrixFlops32 = 50e12; // assumption: 0.75 of the data sheet's 67e12 (no TF32)
    cluster.device.memoryBandwidth =
        2.7e12; // assumption: 0.8 of the data sheet's 3.35e12, as for H200
    cluster.device.kernelLaunch = micros(3);
    // NVLink 4: 450e9 one way. 370e9: NCCL's own model, 18 links of 20.6e9 (src/graph/topo.h).
    cluster.withinHost = {micros(3), 370e9};
    cluster.betweenHosts = {micros(10),
                            400e9}; // 8 cards of 400 Gbit/s; latency assumed (InfiniBand)
    return cluster;
}

/// N hosts of each kind, H100 first.
Cluster dgxH100A100(int hosts)
{
    Cluster cluster = dgxH100(hosts);
    const Cluster older = dgxA100(hosts);
    cluster.hosts += older.hosts;
    cluster.second = HostKind{.hosts = older.hosts,
                              .device = older.device,
                              .withinHost = older.withinHost,
                              .betweenHosts = older.betweenHosts,
                              .measured = older.measured};
    return cluster;
}

/// Total memory of this machine, from /proc/meminfo; 8 GiB where there is no such file.
Bytes machineMemory()
{
    std::ifstream file("/proc/meminfo");
    std::string key;
    int64_t kibibytes = 0;
    while (file >> key) {
        if (key == "MemTotal:" && file >> kibibytes)
            return kKiB * kibibytes;
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return kGiB * 8;
}

/// N devices that share this machine's cores, memory and memory bandwidth. All rates are
/// assumptions: nothing is measured at load time, and a device profile replaces them.
Cluster cpu(int devices)
{
    const double cores = std::max(1u, std::thread::hardware_concurrency());
    Cluster cluster;
    cluster.hosts = 1;
    cluster.devicesPerHost = devices;
    cluster.device.name = "CPU";
    cluster.device.memory = machineMemory() / devices;
    // Half of what OpenBLAS reaches per AVX-512 core; 16-bit types are computed in f32.
    cluster.device.matrixFlops32 = 50e9 * cores / devices;
    cluster.device.matrixFlops16 = cluster.device.matrixFlops32;
    cluster.device.memoryBandwidth = 10e9 / devices;
    cluster.device.kernelLaunch = micros(2);
    cluster.withinHost = {micros(20), 4e9};
    cluster.betweenHosts = {micros(50), 1e9};
    return cluster;
}

struct PresetMaker {
    const char* stem;
    int largest; ///< Count after "-x".
    const char* counted;
    const char* description;
    Cluster (*make)(int count);
};

constexpr std::array<PresetMaker, 6> kPresets{{
    {"h200", 8, "devices", "one host with N NVIDIA H200 on NVLink, measured rates", h200},
    {"p3.16xlarge", 8192, "hosts", "N hosts with 8 NVIDIA V100 16 GB each, 25 Gbit/s between hosts",
     p3},
    {"dgx-a100", 8192, "hosts",
     "N hosts with 8 NVIDIA A100 80 GB each, 8 x 200 Gbit/s between hosts", dgxA100},
    {"dgx-h100", 8192, "hosts",
     "N hosts with 8 NVIDIA H100 80 GB each, 8 x 400 Gbit/s between hosts", dgxH100},
    {"dgx-h100-a100", 4096, "hosts of each kind",
     "N hosts with 8 NVIDIA H100 and N with 8 NVIDIA A100 each", dgxH100A100},
    {"cpu", 256, "devices", "N devices that share this machine's cores", cpu},
}};

/// Splits "dgx-a100-x4" into stem and count text; nothing without "-x" and digits.
std::optional<std::pair<std::string_view, std::string_view>> splitPresetName(std::string_view name)
{
    const size_t mark = name.rfind("-x");
    if (mark == std::string_view::npos)
        return std::nullopt;
    const std::string_view count = name.substr(mark + 2);
    if (count.empty() || count.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    return std::pair(name.substr(0, mark), count);
}

Result<Cluster> loadPreset(const PresetMaker& preset, std::string_view name,
                           std::string_view digits)
{
    int count = 0;
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (status != std::errc{} || count < 1 || count > preset.largest)
        return Error{ErrorCode::kInvalidInput,
                     fmt::format("cluster '{}': got {} {}, expected 1 to {}", name, digits,
                                 preset.counted, preset.largest)};
    Cluster cluster = preset.make(count);
    cluster.name = fmt::format("{}-x{}", preset.stem, count);
    return cluster;
}

} // namespace

std::string_view collectiveName(CollectiveKind kind)
{
    switch (kind) {
    case CollectiveKind::kAllReduce:
        return "all-reduce";
    case CollectiveKind::kAllGather:
        return "all-gather";
    case CollectiveKind::kReduceScatter:
        return "reduce-scatter";
    case CollectiveKind::kAllToAll:
        return "all-to-all";
    case CollectiveKind::kSendReceive:
        return "send-receive";
    case CollectiveKind::kBroadcast:
        return "broadcast";
    }
    return "";
}

std::vector<ClusterPreset> clusterPresets()
{
    std::vector<ClusterPreset> presets;
    for (const PresetMaker& preset : kPresets)
        presets.push_back({std::string(preset.stem) + "-xN", preset.description});
    return presets;
}

Result<Cluster> loadCluster(const std::string& nameOrPath)
{
    if (const auto parts = splitPresetName(nameOrPath)) {
        for (const PresetMaker& preset : kPresets) {
            if (parts->first == preset.stem)
                return loadPreset(preset, nameOrPath, parts->second);
        }
    }
    std::error_code ignored;
    if (std::filesystem::exists(nameOrPath, ignored)) {
        ASSIGN_OR_RETURN(const std::string text, readFile(nameOrPath, kMiB * 16));
        Result<Cluster> cluster = parseClusterJson(text);
        return cluster.ok() ? cluster : Result<Cluster>(cluster.error().in(nameOrPath));
    }
    std::string names;
    for (const PresetMaker& preset : kPresets)
        names += fmt::format("{}{}-xN", names.empty() ? "" : ", ", preset.stem);
    return Error{ErrorCode::kNotFound,
                 fmt::format("cluster '{}': neither a file nor a preset, expected one of {}",
                             nameOrPath, names)};
}

} // namespace alpa
