#include "core/mesh/cluster_json.h"

#include "core/base/parse_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

/// More devices than this in one file is a mistake; it also keeps products of counts far from
/// overflow.
constexpr int64_t kMostDevices = 1 << 16;

constexpr std::array<CollectiveKind, 6> kCollectives{
    CollectiveKind::kAllReduce, CollectiveKind::kAllGather,   CollectiveKind::kReduceScatter,
    CollectiveKind::kAllToAll,  CollectiveKind::kSendReceive, CollectiveKind::kBroadcast};

/// Reads the fields of one JSON object and remembers which were asked for, so that misspelt ones
/// are reported.
class ObjectReader
{
public:
    ObjectReader(const Json& object, std::string path)
        : object_(object)
        , path_(std::move(path))
    {
    }

    Error failure(std::string_view field, const std::string& what) const
    {
        return Error{ErrorCode::kInvalidInput, fmt::format("{}{}: {}", path_, field, what)};
    }
    Status mustBeObject() const
    {
        if (object_.is_object())
            return {};
        const std::string place = path_.empty() ? "cluster" : path_.substr(0, path_.size() - 1);
        return Error{ErrorCode::kInvalidInput,
                     fmt::format("{}: got {}, expected an object", place, object_.type_name())};
    }
    bool has(const char* field) const { return object_.contains(field); }
    Result<const Json*> member(const char* field)
    {
        asked_.insert(field);
        const auto place = object_.find(field);
        if (place == object_.end())
            return failure(field, "missing");
        return &*place;
    }
    Result<ObjectReader> object(const char* field)
    {
        ASSIGN_OR_RETURN(const Json* json, member(field));
        ObjectReader reader(*json, path_ + field + ".");
        RETURN_IF_ERROR(reader.mustBeObject());
        return reader;
    }
    Result<std::string> text(const char* field)
    {
        ASSIGN_OR_RETURN(const Json* json, member(field));
        if (!json->is_string())
            return failure(field, fmt::format("got {}, expected a text", json->type_name()));
        return json->get<std::string>();
    }
    /// A whole number from `least` to `most`.
    Result<int64_t> count(const char* field, int64_t least, int64_t most)
    {
        ASSIGN_OR_RETURN(const Json* json, member(field));
        const std::string expected =
            fmt::format("expected a whole number from {} to {}", least, most);
        if (!json->is_number_integer())
            return failure(field, fmt::format("got {}, {}", shown(*json), expected));
        const bool isTooLarge = json->is_number_unsigned() && json->get<uint64_t>() > INT64_MAX;
        if (isTooLarge || json->get<int64_t>() < least || json->get<int64_t>() > most)
            return failure(field, fmt::format("got {}, {}", shown(*json), expected));
        return json->get<int64_t>();
    }
    /// A finite number above zero, or from zero on.
    enum class Sign { kPositive, kNotNegative };
    Result<double> number(const char* field, Sign sign, const char* unit)
    {
        ASSIGN_OR_RETURN(const Json* json, member(field));
        const std::string expected =
            fmt::format("expected a {} number of {}",
                        sign == Sign::kPositive ? "positive" : "non-negative", unit);
        if (!json->is_number())
            return failure(field, fmt::format("got {}, {}", shown(*json), expected));
        const double value = json->get<double>();
        if (!std::isfinite(value) || value < 0 || (value == 0 && sign == Sign::kPositive))
            return failure(field, fmt::format("got {}, {}", shown(*json), expected));
        return value;
    }
    /// From 0 to less than 1.
    Result<double> share(const char* field)
    {
        ASSIGN_OR_RETURN(const Json* json, member(field));
        const double value = json->is_number() ? json->get<double>() : -1;
        if (!(value >= 0 && value < 1))
            return failure(field,
                           fmt::format("got {}, expected a share from 0 to below 1", shown(*json)));
        return value;
    }
    Result<Seconds> seconds(const char* field, Sign sign)
    {
        ASSIGN_OR_RETURN(const double value, number(field, sign, "seconds"));
        return Seconds(value);
    }
    /// Fails with the first field that nobody asked for.
    Status finish() const
    {
        for (const auto& [field, value] : object_.items()) {
            if (asked_.count(field) != 0)
                continue;
            std::string known;
            for (const std::string& name : asked_)
                known += (known.empty() ? "" : ", ") + name;
            return failure(field, "unknown field, expected one of " + known);
        }
        return {};
    }

private:
    static std::string shown(const Json& json)
    {
        // A long text or object would bury the message.
        return json.is_number() ? json.dump() : std::string(json.type_name());
    }

    const Json& object_;
    std::string path_; ///< "device.": in front of every field name.
    std::set<std::string> asked_;
};

Result<MeasuredProduct> readProduct(ObjectReader reader)
{
    RETURN_IF_ERROR(reader.mustBeObject());
    MeasuredProduct one;
    constexpr int64_t kMost = int64_t{1} << 40;
    ASSIGN_OR_RETURN(one.batch, reader.count("batch", 1, kMost));
    ASSIGN_OR_RETURN(one.m, reader.count("m", 1, kMost));
    ASSIGN_OR_RETURN(one.n, reader.count("n", 1, kMost));
    ASSIGN_OR_RETURN(one.k, reader.count("k", 1, kMost));
    ASSIGN_OR_RETURN(one.time, reader.seconds("timeSeconds", ObjectReader::Sign::kPositive));
    RETURN_IF_ERROR(reader.finish());
    return one;
}

Result<std::vector<MeasuredProduct>> readProducts(ObjectReader& reader)
{
    std::vector<MeasuredProduct> products;
    ASSIGN_OR_RETURN(const Json* json, reader.member("products"));
    if (!json->is_array())
        return reader.failure("products",
                              fmt::format("got {}, expected a list", json->type_name()));
    for (size_t place = 0; place < json->size(); ++place) {
        ASSIGN_OR_RETURN(
            const MeasuredProduct one,
            readProduct(ObjectReader((*json)[place], fmt::format("device.products[{}].", place))));
        products.push_back(one);
    }
    return products;
}

Result<DeviceKind> readDevice(ObjectReader reader)
{
    using Sign = ObjectReader::Sign;
    DeviceKind device;
    ASSIGN_OR_RETURN(device.name, reader.text("name"));
    ASSIGN_OR_RETURN(const int64_t memory, reader.count("memoryBytes", 1, int64_t{1} << 50));
    device.memory = Bytes(memory);
    ASSIGN_OR_RETURN(device.matrixFlops16,
                     reader.number("matrixFlops16PerSecond", Sign::kPositive, "FLOP/s"));
    ASSIGN_OR_RETURN(device.matrixFlops32,
                     reader.number("matrixFlops32PerSecond", Sign::kPositive, "FLOP/s"));
    ASSIGN_OR_RETURN(device.memoryBandwidth,
                     reader.number("memoryBytesPerSecond", Sign::kPositive, "bytes/s"));
    ASSIGN_OR_RETURN(device.kernelLaunch,
                     reader.seconds("kernelLaunchSeconds", Sign::kNotNegative));
    if (reader.has("matrixUnits")) {
        ASSIGN_OR_RETURN(const int64_t units, reader.count("matrixUnits", 0, 1 << 20));
        device.matrixUnits = static_cast<int>(units);
    }
    if (reader.has("tileLatencySeconds")) {
        ASSIGN_OR_RETURN(device.tileLatency,
                         reader.seconds("tileLatencySeconds", Sign::kNotNegative));
    }
    if (reader.has("attentionFlopsPerSecond")) {
        ASSIGN_OR_RETURN(device.attentionFlops,
                         reader.number("attentionFlopsPerSecond", Sign::kNotNegative, "FLOP/s"));
        ASSIGN_OR_RETURN(
            device.attentionGradientFlops,
            reader.number("attentionGradientFlopsPerSecond", Sign::kPositive, "FLOP/s"));
    }
    if (reader.has("fusesKernels")) {
        ASSIGN_OR_RETURN(const int64_t fuses, reader.count("fusesKernels", 0, 1));
        device.fusesKernels = fuses == 1;
    }
    if (reader.has("products")) {
        ASSIGN_OR_RETURN(device.products, readProducts(reader));
    }
    for (const auto& [field, value] : {std::pair("reductionOverlap", &device.reductionOverlap),
                                       std::pair("gatherOverlap", &device.gatherOverlap),
                                       std::pair("memoryMargin", &device.memoryMargin)}) {
        if (!reader.has(field))
            continue;
        ASSIGN_OR_RETURN(*value, reader.share(field));
    }
    RETURN_IF_ERROR(reader.finish());
    return device;
}

Result<Link> readLink(ObjectReader reader)
{
    using Sign = ObjectReader::Sign;
    Link link;
    ASSIGN_OR_RETURN(link.latency, reader.seconds("latencySeconds", Sign::kNotNegative));
    ASSIGN_OR_RETURN(link.bandwidth, reader.number("bytesPerSecond", Sign::kPositive, "bytes/s"));
    RETURN_IF_ERROR(reader.finish());
    return link;
}

Result<CollectiveKind> readCollective(ObjectReader& reader)
{
    ASSIGN_OR_RETURN(const std::string name, reader.text("collective"));
    std::string known;
    for (const CollectiveKind kind : kCollectives) {
        if (collectiveName(kind) == name)
            return kind;
        known += (known.empty() ? "" : ", ") + std::string(collectiveName(kind));
    }
    return reader.failure("collective", fmt::format("got '{}', expected one of {}", name, known));
}

Result<MeasuredCollective> readMeasured(ObjectReader reader)
{
    RETURN_IF_ERROR(reader.mustBeObject());
    MeasuredCollective point;
    ASSIGN_OR_RETURN(point.kind, readCollective(reader));
    ASSIGN_OR_RETURN(const int64_t devices, reader.count("devices", 2, kMostDevices));
    point.devices = static_cast<int>(devices);
    ASSIGN_OR_RETURN(const int64_t bytes, reader.count("bytes", 1, int64_t{1} << 50));
    point.bytes = Bytes(bytes);
    ASSIGN_OR_RETURN(point.time, reader.seconds("timeSeconds", ObjectReader::Sign::kPositive));
    RETURN_IF_ERROR(reader.finish());
    return point;
}

Result<std::vector<MeasuredCollective>> readMeasurements(ObjectReader& reader)
{
    std::vector<MeasuredCollective> points;
    ASSIGN_OR_RETURN(const Json* json, reader.member("measured"));
    if (!json->is_array())
        return reader.failure("measured",
                              fmt::format("got {}, expected a list", json->type_name()));
    for (size_t place = 0; place < json->size(); ++place) {
        ASSIGN_OR_RETURN(
            const MeasuredCollective point,
            readMeasured(ObjectReader((*json)[place], fmt::format("measured[{}].", place))));
        points.push_back(point);
    }
    return points;
}

/// What hosts of one kind have, into `kind`: a HostKind or a Cluster.
template <typename Kind>
Status readHosts(ObjectReader& reader, Kind& kind)
{
    ASSIGN_OR_RETURN(const ObjectReader device, reader.object("device"));
    ASSIGN_OR_RETURN(kind.device, readDevice(device));
    ASSIGN_OR_RETURN(const ObjectReader within, reader.object("withinHost"));
    ASSIGN_OR_RETURN(kind.withinHost, readLink(within));
    ASSIGN_OR_RETURN(const ObjectReader between, reader.object("betweenHosts"));
    ASSIGN_OR_RETURN(kind.betweenHosts, readLink(between));
    if (reader.has("measured")) {
        ASSIGN_OR_RETURN(kind.measured, readMeasurements(reader));
    }
    return {};
}

/// "secondKind": the cluster's last hosts, which have other devices, as many of them each.
Result<HostKind> readSecondKind(ObjectReader reader, int devicesPerHost)
{
    HostKind kind;
    ASSIGN_OR_RETURN(const int64_t hosts, reader.count("hosts", 1, kMostDevices / devicesPerHost));
    kind.hosts = static_cast<int>(hosts);
    if (reader.has("devicesPerHost")) {
        ASSIGN_OR_RETURN(const int64_t devices, reader.count("devicesPerHost", 1, kMostDevices));
        if (devices != devicesPerHost)
            return reader.failure("devicesPerHost",
                                  fmt::format("got {}, expected {} as on the hosts of the first "
                                              "kind",
                                              devices, devicesPerHost));
    }
    RETURN_IF_ERROR(readHosts(reader, kind));
    RETURN_IF_ERROR(reader.finish());
    return kind;
}

Result<Cluster> readCluster(const Json& json)
{
    ObjectReader reader(json, "");
    RETURN_IF_ERROR(reader.mustBeObject());
    Cluster cluster;
    ASSIGN_OR_RETURN([[maybe_unused]] const int64_t version,
                     reader.count("version", kClusterFileVersion, kClusterFileVersion));
    ASSIGN_OR_RETURN(cluster.name, reader.text("name"));
    ASSIGN_OR_RETURN(const int64_t hosts, reader.count("hosts", 1, kMostDevices));
    ASSIGN_OR_RETURN(const int64_t devices,
                     reader.count("devicesPerHost", 1, kMostDevices / hosts));
    cluster.hosts = static_cast<int>(hosts);
    cluster.devicesPerHost = static_cast<int>(devices);
    RETURN_IF_ERROR(readHosts(reader, cluster));
    if (reader.has("secondKind")) {
        ASSIGN_OR_RETURN(const ObjectReader second, reader.object("secondKind"));
        ASSIGN_OR_RETURN(cluster.second, readSecondKind(second, cluster.devicesPerHost));
        cluster.hosts += cluster.second->hosts;
        if (cluster.deviceCount() > kMostDevices)
            return reader.failure("secondKind",
                                  fmt::format("{} devices in all, expected at most {}",
                                              cluster.deviceCount(), kMostDevices));
    }
    RETURN_IF_ERROR(reader.finish());
    return cluster;
}

} // namespace

Result<Cluster> parseClusterJson(const std::string& text)
{
    ASSIGN_OR_RETURN(const Json json, parseJson(text));
    return readCluster(json);
}

} // namespace alpa
