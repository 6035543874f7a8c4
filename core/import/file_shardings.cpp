#include "core/import/file_shardings.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

namespace alpa
{
namespace
{

constexpr int64_t kMostDevices = 1 << 16;

/// "2,1,4" up to `close`, from behind the opening bracket.
std::optional<std::vector<int64_t>> readNumbers(std::string_view text, size_t& at, char close)
{
    std::vector<int64_t> numbers;
    while (at < text.size() && text[at] != close) {
        int64_t number = 0;
        const auto [end, code] =
            std::from_chars(text.data() + at, text.data() + text.size(), number);
        if (code != std::errc() || number < 0 || number > kMostDevices)
            return std::nullopt;
        numbers.push_back(number);
        at = static_cast<size_t>(end - text.data());
        if (at < text.size() && text[at] == ',')
            ++at;
        else if (at < text.size() && text[at] != close)
            return std::nullopt;
    }
    if (at < text.size())
        ++at;
    return numbers;
}

std::optional<int64_t> productOf(const std::vector<int64_t>& sizes)
{
    int64_t product = 1;
    for (const int64_t size : sizes) {
        if (size < 1 || product > kMostDevices / size)
            return std::nullopt;
        product *= size;
    }
    return product;
}

/// Device numbers of an iota of `sizes` whose dimensions are read in the order `order`.
std::optional<std::vector<int64_t>> permutedIota(const std::vector<int64_t>& sizes,
                                                 const std::vector<int64_t>& order)
{
    const std::optional<int64_t> count = productOf(sizes);
    if (!count || order.size() != sizes.size())
        return std::nullopt;
    std::vector<int64_t> strides(sizes.size(), 1);
    for (size_t dim = sizes.size(); dim-- > 1;)
        strides[dim - 1] = strides[dim] * sizes[dim];
    std::vector<int64_t> devices(1, 0);
    std::vector<bool> isUsed(sizes.size(), false);
    for (const int64_t dim : order) {
        const auto d = static_cast<size_t>(dim);
        if (d >= sizes.size() || isUsed[d])
            return std::nullopt;
        isUsed[d] = true;
        std::vector<int64_t> next;
        for (const int64_t device : devices) {
            for (int64_t i = 0; i < sizes[d]; ++i)
                next.push_back(device + i * strides[d]);
        }
        devices = std::move(next);
    }
    return devices;
}

/// The steps of one tile dimension whose index moves `period` places in the list; nothing if no
/// steps give the list.
std::optional<std::vector<DeviceStep>> stepsOf(const std::vector<int64_t>& devices, int64_t size,
                                               int64_t period)
{
    std::vector<DeviceStep> minorFirst;
    int64_t place = period;
    for (int64_t rest = size; rest > 1;) {
        int64_t prime = 2;
        while (rest % prime != 0)
            ++prime;
        const DeviceStep step{prime, devices[static_cast<size_t>(place)] - devices[0]};
        DeviceStep* minor = minorFirst.empty() ? nullptr : &minorFirst.back();
        if (minor != nullptr && step.stride == minor->stride * minor->size)
            minor->size *= prime;
        else
            minorFirst.push_back(step);
        place *= prime;
        rest /= prime;
    }
    std::ranges::reverse(minorFirst);
    const bool isForward =
        std::ranges::all_of(minorFirst, [](const DeviceStep& s) { return s.stride > 0; });
    return isForward ? std::optional(minorFirst) : std::nullopt;
}

/// Do the steps of the dimensions, added up, give exactly the list?
bool givesList(const std::vector<std::vector<DeviceStep>>& dims,
               const std::vector<int64_t>& devices)
{
    std::vector<int64_t> made(1, devices[0]);
    for (const std::vector<DeviceStep>& dim : dims) {
        for (const DeviceStep& step : dim) {
            std::vector<int64_t> next;
            for (const int64_t device : made) {
                for (int64_t i = 0; i < step.size; ++i)
                    next.push_back(device + i * step.stride);
            }
            made = std::move(next);
        }
    }
    return made == devices;
}

std::optional<std::vector<int64_t>> deviceList(std::string_view text, size_t at, int64_t count)
{
    if (text.substr(at, 3) != "<=[") {
        auto listed = readNumbers(text, at, '}');
        // Words may follow the list behind a space.
        if (!listed) {
            const size_t end = text.find(' ', at);
            std::string_view head = text.substr(0, end);
            listed = readNumbers(head, at, '}');
        }
        return listed && static_cast<int64_t>(listed->size()) == count ? listed : std::nullopt;
    }
    at += 3;
    const auto sizes = readNumbers(text, at, ']');
    if (!sizes || productOf(*sizes) != count)
        return std::nullopt;
    std::vector<int64_t> order(sizes->size());
    std::iota(order.begin(), order.end(), 0);
    if (text.substr(at, 2) == "T(") {
        at += 2;
        const auto read = readNumbers(text, at, ')');
        if (!read)
            return std::nullopt;
        order = *read;
    }
    return permutedIota(*sizes, order);
}

/// A name and size of sdy.mesh's text ["data"=2, "model"=4].
std::vector<FileMeshAxis> meshAxes(std::string_view text)
{
    std::vector<FileMeshAxis> axes;
    for (size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at)) {
        const size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != '=')
            break;
        FileMeshAxis axis{std::string(text.substr(at + 1, end - at - 1)), 0};
        std::from_chars(text.data() + end + 2, text.data() + text.size(), axis.size);
        if (axis.size < 1 || axis.size > kMostDevices)
            return {};
        axes.push_back(std::move(axis));
        at = end + 1;
    }
    return axes;
}

} // namespace

std::optional<DeviceTiling> parseGspmdSharding(std::string_view text)
{
    DeviceTiling tiling;
    if (text.starts_with("{replicated"))
        return tiling;
    constexpr std::string_view kBegin = "{devices=[";
    if (!text.starts_with(kBegin) || text.find("manual") != std::string_view::npos)
        return std::nullopt;
    size_t at = kBegin.size();
    const auto sizes = readNumbers(text, at, ']');
    const auto count = sizes ? productOf(*sizes) : std::nullopt;
    const auto devices = count ? deviceList(text, at, *count) : std::nullopt;
    if (!devices)
        return std::nullopt;
    int64_t period = *count;
    for (const int64_t size : *sizes) {
        period /= size;
        const auto steps = stepsOf(*devices, size, period);
        if (!steps)
            return std::nullopt;
        tiling.dims.push_back(*steps);
    }
    if (!givesList(tiling.dims, *devices))
        return std::nullopt;
    tiling.devices = *count;
    // The last dimensions only repeat.
    size_t repeating = text.find("last_tile_dim_replicate") != std::string_view::npos ? 1 : 0;
    const size_t subgroups = text.find("last_tile_dims={");
    if (subgroups != std::string_view::npos) {
        const std::string_view list = text.substr(subgroups, text.find('}', subgroups) - subgroups);
        repeating = 1 + static_cast<size_t>(std::ranges::count(list, ','));
    }
    if (repeating > tiling.dims.size())
        return std::nullopt;
    tiling.dims.resize(tiling.dims.size() - repeating);
    return tiling;
}

std::optional<DeviceTiling>
parseSdySharding(std::string_view text,
                 const std::unordered_map<std::string_view, std::string_view>& meshes)
{
    const size_t name = text.find('@');
    const size_t list = text.find('[', name == std::string_view::npos ? 0 : name);
    if (name == std::string_view::npos || list == std::string_view::npos)
        return std::nullopt;
    const size_t nameEnd = text.find_first_of(",> ", name);
    const auto mesh = meshes.find(text.substr(name + 1, nameEnd - name - 1));
    if (mesh == meshes.end())
        return std::nullopt;
    const std::vector<FileMeshAxis> axes = meshAxes(mesh->second);
    DeviceTiling tiling;
    tiling.devices = 1;
    std::unordered_map<std::string_view, DeviceStep> stepOf;
    for (size_t axis = axes.size(); axis-- > 0;) {
        stepOf[axes[axis].name] = {axes[axis].size, tiling.devices};
        tiling.devices *= axes[axis].size;
        if (tiling.devices > kMostDevices)
            return std::nullopt;
    }
    for (size_t at = list + 1; at < text.size() && text[at] != ']'; ++at) {
        if (text[at] == '{')
            tiling.dims.emplace_back();
        if (text[at] != '"' || tiling.dims.empty())
            continue;
        const size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos)
            return std::nullopt;
        const auto step = stepOf.find(text.substr(at + 1, end - at - 1));
        // Parts of an axis, "x":(1)2, are rare.
        if (step == stepOf.end() || (end + 1 < text.size() && text[end + 1] == ':'))
            return std::nullopt;
        std::vector<DeviceStep>& steps = tiling.dims.back();
        const bool goesOn =
            !steps.empty() && steps.back().stride == step->second.stride * step->second.size;
        if (goesOn) // Axes that split together, in the order of the mesh, are one.
            steps.back() = {steps.back().size * step->second.size, step->second.stride};
        else if (step->second.size > 1)
            steps.push_back(step->second);
        at = end;
    }
    return tiling;
}

namespace
{

struct ReadSharding {
    ValueId value;
    DeviceTiling tiling;
};

/// The boundaries in the device numbers at which some step begins or ends, ascending from 1;
/// nothing unless each divides the next.
std::optional<std::vector<int64_t>> boundariesOf(const std::vector<ReadSharding>& shardings,
                                                 int64_t devices)
{
    std::set<int64_t> boundaries{1, devices};
    for (const ReadSharding& sharding : shardings) {
        for (const auto& dim : sharding.tiling.dims) {
            for (const DeviceStep& step : dim) {
                boundaries.insert(step.stride);
                boundaries.insert(step.stride * step.size);
            }
        }
    }
    std::vector<int64_t> sorted(boundaries.begin(), boundaries.end());
    for (size_t at = 1; at < sorted.size(); ++at) {
        if (sorted[at] % sorted[at - 1] != 0)
            return std::nullopt;
    }
    return sorted;
}

/// Names from the file's mesh where an axis is one of its (or a run of them), else a letter.
std::string axisName(const std::vector<FileMeshAxis>& named, const DeviceStep& step, size_t number)
{
    std::string name;
    int64_t stride = 1;
    for (size_t axis = named.size(); axis-- > 0;) {
        const bool isInside =
            stride >= step.stride && stride * named[axis].size <= step.stride * step.size;
        if (isInside && named[axis].size > 1)
            name = name.empty() ? named[axis].name : named[axis].name + "_" + name;
        stride *= named[axis].size;
    }
    constexpr std::string_view kLetters = "xyzw";
    if (name.empty())
        name = number < kLetters.size() ? std::string(1, kLetters[number])
                                        : "axis" + std::to_string(number);
    return name;
}

/// "{data, -}"; empty if a dimension is split in another order than the mesh's.
std::string formatTiling(const DeviceTiling& tiling, size_t rank,
                         const std::vector<FileMeshAxis>& axes,
                         const std::vector<DeviceStep>& steps)
{
    std::string text = "{";
    for (size_t dim = 0; dim < rank; ++dim) {
        std::string axesOfDim;
        int64_t last = INT64_MAX;
        for (const DeviceStep& step :
             dim < tiling.dims.size() ? tiling.dims[dim] : std::vector<DeviceStep>()) {
            for (size_t axis = 0; axis < axes.size(); ++axis) {
                const bool isInside = steps[axis].stride >= step.stride &&
                                      steps[axis].stride < step.stride * step.size;
                if (!isInside)
                    continue;
                if (steps[axis].stride > last)
                    return {};
                last = steps[axis].stride;
                axesOfDim += (axesOfDim.empty() ? "" : ".") + axes[axis].name;
            }
        }
        text += (dim == 0 ? "" : ", ") + (axesOfDim.empty() ? "-" : axesOfDim);
    }
    return text + "}";
}

} // namespace

UnreadShardings applyShardings(Graph& graph, const std::vector<ShardingText>& texts,
                               const std::unordered_map<std::string_view, std::string_view>& meshes)
{
    UnreadShardings unread;
    const auto skip = [&](int line) {
        if (unread.count++ == 0)
            unread.firstLine = line;
    };
    std::vector<ReadSharding> read;
    std::vector<int> lines;
    int64_t devices = 0;
    for (const ShardingText& text : texts) {
        const bool isSdy = text.text.find('@') != std::string_view::npos;
        auto tiling = isSdy ? parseSdySharding(text.text, meshes) : parseGspmdSharding(text.text);
        const bool isValue = text.value.isValid() && text.value.index() < graph.values.size();
        const bool isOfMesh =
            tiling && (tiling->devices == 0 || devices == 0 || tiling->devices == devices);
        if (!tiling || !isValue || !isOfMesh ||
            tiling->dims.size() > graph.type(text.value).dims.size()) {
            skip(text.line);
            continue;
        }
        devices = std::max(devices, tiling->devices);
        read.push_back({text.value, std::move(*tiling)});
        lines.push_back(text.line);
    }
    const auto boundaries = devices > 1 ? boundariesOf(read, devices) : std::nullopt;
    if (!boundaries) {
        for (size_t at = 0; devices > 1 && at < read.size(); ++at)
            skip(lines[at]);
        return unread;
    }
    std::vector<FileMeshAxis> named;
    for (const auto& [name, text] : meshes) {
        std::vector<FileMeshAxis> axes = meshAxes(text);
        if (meshes.size() == 1)
            named = std::move(axes);
    }
    std::vector<DeviceStep> steps;
    for (size_t at = boundaries->size(); at-- > 1;) {
        const DeviceStep step{(*boundaries)[at] / (*boundaries)[at - 1], (*boundaries)[at - 1]};
        graph.fileMesh.push_back({axisName(named, step, steps.size()), step.size});
        steps.push_back(step);
    }
    for (size_t at = 0; at < read.size(); ++at) {
        std::string& sharding = graph.values[read[at].value.index()].sharding;
        const size_t rank = graph.type(read[at].value).dims.size();
        const std::string text = formatTiling(read[at].tiling, rank, graph.fileMesh, steps);
        if (text.empty())
            skip(lines[at]);
        else if (sharding.empty() && rank > 0)
            sharding = text;
    }
    return unread;
}

} // namespace alpa
