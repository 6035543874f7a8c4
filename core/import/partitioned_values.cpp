#include "core/import/partitioned_values.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace alpa
{
namespace
{

int64_t deviceCount(const Graph& graph)
{
    int64_t count = 1;
    for (const FileMeshAxis& axis : graph.fileMesh)
        count *= axis.size;
    return count;
}

/// Place of `device` along `axes`, the major axis outermost.
int64_t placeAlong(const Graph& graph, int64_t device, FileAxes axes)
{
    int64_t place = 0;
    int64_t stride = deviceCount(graph);
    for (size_t axis = 0; axis < graph.fileMesh.size(); ++axis) {
        const int64_t size = graph.fileMesh[axis].size;
        stride /= size;
        if ((axes >> axis & 1u) != 0)
            place = place * size + device / stride % size;
    }
    return place;
}

std::vector<int64_t> numbersIn(std::string_view text)
{
    std::vector<int64_t> numbers;
    for (size_t at = 0; at < text.size();) {
        if (text[at] < '0' || text[at] > '9') {
            ++at;
            continue;
        }
        int64_t number = 0;
        const auto [end, code] =
            std::from_chars(text.data() + at, text.data() + text.size(), number);
        if (code != std::errc())
            return {};
        numbers.push_back(number);
        at = static_cast<size_t>(end - text.data());
    }
    return numbers;
}

/// The groups in the order of the text: [2,4]<=[4,2]T(1,0) or {{0,1},{2,3}}, as a list and a
/// group's size.
std::optional<std::pair<std::vector<int64_t>, int64_t>> groupsOf(std::string_view text)
{
    if (text.starts_with("{")) {
        const size_t end = text.find("}}");
        const std::string_view list = text.substr(0, end);
        const std::vector<int64_t> devices = numbersIn(list);
        const auto groups = std::max<int64_t>(1, std::ranges::count(list, '{') - 1);
        const auto count = static_cast<int64_t>(devices.size());
        if (devices.empty() || count % groups != 0)
            return std::nullopt;
        return std::pair(devices, count / groups);
    }
    const size_t arrow = text.find("<=[");
    if (!text.starts_with("[") || arrow == std::string_view::npos)
        return std::nullopt;
    const std::vector<int64_t> shape = numbersIn(text.substr(0, arrow));
    const size_t close = text.find(']', arrow);
    const std::vector<int64_t> sizes = numbersIn(text.substr(arrow, close - arrow));
    std::vector<int64_t> order;
    if (text.substr(std::min(close + 1, text.size())).starts_with("T("))
        order = numbersIn(text.substr(close + 2, text.find(')', close) - close - 2));
    for (size_t dim = order.size(); dim < sizes.size(); ++dim)
        order.push_back(static_cast<int64_t>(dim));
    std::vector<int64_t> strides(sizes.size(), 1);
    for (size_t dim = sizes.size(); dim-- > 1;)
        strides[dim - 1] = strides[dim] * sizes[dim];
    std::vector<int64_t> devices{0};
    for (const int64_t dim : order) {
        std::vector<int64_t> next;
        const auto d = static_cast<size_t>(dim);
        if (d >= sizes.size() || devices.size() > (size_t{1} << 16))
            return std::nullopt;
        for (const int64_t device : devices) {
            for (int64_t i = 0; i < sizes[d]; ++i)
                next.push_back(device + i * strides[d]);
        }
        devices = std::move(next);
    }
    if (shape.size() != 2 || shape[0] * shape[1] != static_cast<int64_t>(devices.size()))
        return std::nullopt;
    return std::pair(devices, shape[1]);
}

/// mesh['a'=2,'b'=4] {'b'} as groups: the named axes vary.
std::optional<std::pair<std::vector<int64_t>, int64_t>> meshGroups(std::string_view text)
{
    const size_t close = text.find(']');
    const size_t open = text.find('{', close);
    if (!text.starts_with("mesh[") || close == std::string_view::npos ||
        open == std::string_view::npos)
        return std::nullopt;
    const std::string_view named = text.substr(open, text.find('}', open) - open);
    std::vector<int64_t> sizes;
    std::vector<bool> varies;
    for (size_t at = text.find('\''); at < close; at = text.find('\'', at)) {
        const size_t end = text.find('\'', at + 1);
        if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != '=')
            return std::nullopt;
        int64_t size = 0;
        std::from_chars(text.data() + end + 2, text.data() + text.size(), size);
        if (size < 1 || size > (1 << 16) || sizes.size() > 8)
            return std::nullopt;
        sizes.push_back(size);
        varies.push_back(named.find(text.substr(at, end + 1 - at)) != std::string_view::npos);
        at = end + 1;
    }
    std::vector<int64_t> strides(sizes.size(), 1);
    for (size_t dim = sizes.size(); dim-- > 1;)
        strides[dim - 1] = strides[dim] * sizes[dim];
    std::vector<int64_t> devices{0};
    int64_t group = 1;
    for (const bool varying : {false, true}) {
        for (size_t dim = 0; dim < sizes.size(); ++dim) {
            if (varies[dim] != varying || devices.size() > (size_t{1} << 16))
                continue;
            std::vector<int64_t> next;
            for (const int64_t device : devices) {
                for (int64_t i = 0; i < sizes[dim]; ++i)
                    next.push_back(device + i * strides[dim]);
            }
            devices = std::move(next);
            group *= varying ? sizes[dim] : 1;
        }
    }
    return std::pair(devices, group);
}

} // namespace

bool PartitionedLayout::isFree() const
{
    return std::ranges::any_of(dims, [](const auto& dim) { return !dim.has_value(); });
}

int64_t partCount(const Graph& graph, FileAxes axes)
{
    int64_t count = 1;
    for (size_t axis = 0; axis < graph.fileMesh.size(); ++axis)
        count *= (axes >> axis & 1u) != 0 ? graph.fileMesh[axis].size : 1;
    return count;
}

std::optional<PartitionedLayout> layoutOf(const Graph& graph, const std::string& sharding,
                                          size_t rank)
{
    PartitionedLayout layout;
    layout.dims.assign(rank, FileAxes{0});
    if (sharding.size() < 2)
        return rank == 0 ? std::optional(layout) : std::nullopt;
    size_t dim = 0;
    std::string name;
    for (const char c : sharding.substr(1)) {
        if (c != '.' && c != ',' && c != '}') {
            name += c == ' ' ? "" : std::string(1, c);
            continue;
        }
        for (size_t axis = 0; axis < graph.fileMesh.size() && dim < rank; ++axis) {
            if (graph.fileMesh[axis].name == name)
                layout.dims[dim] = *layout.dims[dim] | FileAxes{1} << axis;
        }
        name.clear();
        dim += c == '.' ? 0 : 1;
    }
    return layout;
}

std::string formatLayout(const Graph& graph, const PartitionedLayout& layout)
{
    std::string text = "{";
    for (size_t dim = 0; dim < layout.dims.size(); ++dim) {
        std::string names;
        for (size_t axis = 0; axis < graph.fileMesh.size(); ++axis) {
            if ((layout.dims[dim].value_or(0) >> axis & 1u) != 0)
                names += (names.empty() ? "" : ".") + graph.fileMesh[axis].name;
        }
        text += (dim == 0 ? "" : ", ") + (names.empty() ? "-" : names);
    }
    return text + "}";
}

std::optional<FileAxes> collectiveAxes(const Graph& graph, std::string_view text)
{
    constexpr std::string_view kKey = "replica_groups=";
    const size_t at = text.find(kKey);
    const FileAxes all = (FileAxes{1} << graph.fileMesh.size()) - 1;
    if (at == std::string_view::npos || text.substr(at + kKey.size()).starts_with("{}"))
        return all;
    const std::string_view groups = text.substr(at + kKey.size());
    const auto read = groups.starts_with("mesh[") ? meshGroups(groups) : groupsOf(groups);
    if (!read || static_cast<int64_t>(read->first.size()) != deviceCount(graph))
        return std::nullopt;
    // The devices of a group must agree along all other axes and count all places along these.
    for (FileAxes axes = 0; axes <= all; ++axes) {
        if (partCount(graph, axes) != read->second)
            continue;
        bool isSo = true;
        for (size_t first = 0; first < read->first.size() && isSo;
             first += static_cast<size_t>(read->second)) {
            std::set<int64_t> places;
            for (size_t i = first; i < first + static_cast<size_t>(read->second); ++i) {
                isSo = isSo && placeAlong(graph, read->first[i], all & ~axes) ==
                                   placeAlong(graph, read->first[first], all & ~axes);
                places.insert(placeAlong(graph, read->first[i], axes));
            }
            isSo = isSo && static_cast<int64_t>(places.size()) == read->second;
        }
        if (isSo)
            return axes;
    }
    return std::nullopt;
}

std::vector<int64_t> collectiveNumbers(std::string_view text, std::string_view attribute)
{
    const size_t at = text.find(std::string(" ") + std::string(attribute) + "={");
    return at == std::string_view::npos ? std::vector<int64_t>()
                                        : numbersIn(text.substr(at, text.find('}', at) - at));
}

std::optional<FileAxes> axesOfOffsets(const Graph& graph, const std::vector<double>& offsets,
                                      double step)
{
    const FileAxes all = (FileAxes{1} << graph.fileMesh.size()) - 1;
    for (FileAxes axes = 0; axes <= all; ++axes) {
        bool isSo = true;
        for (size_t device = 0; device < offsets.size() && isSo; ++device)
            isSo =
                offsets[device] ==
                step * static_cast<double>(placeAlong(graph, static_cast<int64_t>(device), axes));
        if (isSo)
            return axes;
    }
    return std::nullopt;
}

} // namespace alpa
