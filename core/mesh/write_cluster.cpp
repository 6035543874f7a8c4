#include "core/mesh/cluster_json.h"

#include <nlohmann/json.hpp>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

Json linkJson(const Link& link)
{
    return {{"latencySeconds", link.latency.count}, {"bytesPerSecond", link.bandwidth}};
}

/// The fields that readHosts reads.
template <typename Kind>
void writeHosts(const Kind& kind, Json& json)
{
    json["device"] = {{"name", kind.device.name},
                      {"memoryBytes", kind.device.memory.count},
                      {"matrixFlops16PerSecond", kind.device.matrixFlops16},
                      {"matrixFlops32PerSecond", kind.device.matrixFlops32},
                      {"memoryBytesPerSecond", kind.device.memoryBandwidth},
                      {"kernelLaunchSeconds", kind.device.kernelLaunch.count}};
    if (kind.device.matrixUnits > 0) {
        json["device"]["matrixUnits"] = kind.device.matrixUnits;
        json["device"]["tileLatencySeconds"] = kind.device.tileLatency.count;
    }
    if (kind.device.attentionFlops > 0) {
        json["device"]["attentionFlopsPerSecond"] = kind.device.attentionFlops;
        json["device"]["attentionGradientFlopsPerSecond"] = kind.device.attentionGradientFlops;
    }
    if (kind.device.fusesKernels)
        json["device"]["fusesKernels"] = 1;
    if (!kind.device.products.empty()) {
        Json products = Json::array();
        for (const MeasuredProduct& one : kind.device.products)
            products.push_back({{"batch", one.batch},
                                {"m", one.m},
                                {"n", one.n},
                                {"k", one.k},
                                {"timeSeconds", one.time.count}});
        json["device"]["products"] = std::move(products);
    }
    for (const auto& [field, value] : {std::pair("reductionOverlap", kind.device.reductionOverlap),
                                       std::pair("gatherOverlap", kind.device.gatherOverlap),
                                       std::pair("memoryMargin", kind.device.memoryMargin)}) {
        if (value > 0)
            json["device"][field] = value;
    }
    json["withinHost"] = linkJson(kind.withinHost);
    json["betweenHosts"] = linkJson(kind.betweenHosts);
    if (!kind.measured.empty()) {
        Json points = Json::array();
        for (const MeasuredCollective& point : kind.measured)
            points.push_back({{"collective", collectiveName(point.kind)},
                              {"devices", point.devices},
                              {"bytes", point.bytes.count},
                              {"timeSeconds", point.time.count}});
        json["measured"] = std::move(points);
    }
}

} // namespace

std::string clusterToJson(const Cluster& cluster)
{
    Json json;
    json["version"] = kClusterFileVersion;
    json["name"] = cluster.name;
    json["hosts"] = cluster.hostsOf(0);
    json["devicesPerHost"] = cluster.devicesPerHost;
    writeHosts(cluster, json);
    if (cluster.second) {
        json["secondKind"] = {{"hosts", cluster.second->hosts}};
        writeHosts(*cluster.second, json["secondKind"]);
    }
    // Names are any text; invalid UTF-8 is replaced rather than thrown.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace alpa
