#include "core/sharding/reshard.h"

#include "core/base/check.h"
#include "core/base/text.h"
#include "core/mesh/collective_time.h"

#include <fmt/format.h>
#include <queue>

#include <algorithm>
#include <limits>
#include <tuple>
#include <unordered_map>

namespace alpa
{
namespace
{

// A layout is the place of every mesh axis: on a tensor dimension, unused, or partial. Layouts of
// one rank are numbered by the places as digits of base rank + 2, so that tables are indexed by
// layout.
using Layout = int;
constexpr int kNoLayout = -1;

/// Has `dims` only axes lower than `axis`? Then `axis` can become the innermost split.
bool isAbove(int axis, AxisSet set) { return (set >> axis) == 0; }
/// Is `axis` the innermost split of `set`?
bool isHighest(int axis, AxisSet set) { return hasAxis(set, axis) && (set >> (axis + 1)) == 0; }

struct Edge {
    ReshardKind kind;
    int axis;
    int dim;
    int fromDim;
    ShardingSpec after;
};

AxisSet with(AxisSet set, int axis) { return static_cast<AxisSet>(set | axisBit(axis)); }
AxisSet without(AxisSet set, int axis) { return static_cast<AxisSet>(set & ~axisBit(axis)); }

/// What one collective along `axis` can do to `spec`. Splits of one dimension are ordered, the
/// lowest axis outermost, so only the innermost (highest) axis of a dimension can be removed or
/// added without permuting the tensor.
void appendEdges(const ShardingSpec& spec, int axis, std::vector<Edge>& edges)
{
    const bool isPartial = hasAxis(spec.partial, axis);
    int place = -1; // the dimension that the axis splits
    for (int dim = 0; dim < spec.rank; ++dim) {
        if (hasAxis(spec.dims[static_cast<size_t>(dim)], axis))
            place = dim;
    }
    ShardingSpec freed = spec; // without the axis
    if (isPartial) {
        freed.partial = without(spec.partial, axis);
        if (freed.partial == 0)
            freed.partialKind = ReduceKind::kAdd;
        edges.push_back({ReshardKind::kAllReduce, axis, 0, 0, freed});
    } else if (place >= 0) {
        AxisSet& set = freed.dims[static_cast<size_t>(place)];
        if (!isHighest(axis, set))
            return;
        set = without(set, axis);
        edges.push_back({ReshardKind::kAllGather, axis, place, 0, freed});
    }
    const ReshardKind kind = isPartial    ? ReshardKind::kReduceScatter
                             : place >= 0 ? ReshardKind::kAllToAll
                                          : ReshardKind::kSlice;
    for (int dim = 0; dim < spec.rank; ++dim) {
        const AxisSet set = freed.dims[static_cast<size_t>(dim)];
        if (dim == place || !isAbove(axis, set))
            continue;
        Edge edge{kind, axis, dim, std::max(place, 0), freed};
        edge.after.dims[static_cast<size_t>(dim)] = with(set, axis);
        edges.push_back(edge);
    }
}

CollectiveKind collectiveOf(ReshardKind kind)
{
    switch (kind) {
    case ReshardKind::kSlice:
        break;
    case ReshardKind::kAllGather:
        return CollectiveKind::kAllGather;
    case ReshardKind::kAllReduce:
        return CollectiveKind::kAllReduce;
    case ReshardKind::kReduceScatter:
        return CollectiveKind::kReduceScatter;
    case ReshardKind::kAllToAll:
        return CollectiveKind::kAllToAll;
    }
    CHECK(false, "a slice is local");
}

/// Cheapest paths from one layout to all others.
struct Tree {
    struct Arrival {
        Seconds time = kForever;
        int steps = 0;
        Layout previous = kNoLayout;
    };
    std::vector<Arrival> arrivals; ///< [layout]
};

struct EndPoints {
    ShardingSpec from, to;
    friend bool operator==(const EndPoints&, const EndPoints&) = default;
};
struct EndPointsHash {
    size_t operator()(const EndPoints& ends) const noexcept
    {
        return ShardingSpecHash{}(ends.from) * 31 + ShardingSpecHash{}(ends.to);
    }
};

/// Everything known about tensors of one shape and element size.
struct Shape {
    std::vector<int64_t> dims;
    Bytes bytes;
    int places = 0;                           ///< rank + 2
    std::vector<uint8_t> divides;             ///< [layout]: can the tensor be laid out so?
    std::vector<std::unique_ptr<Tree>> trees; ///< [layout], made when first asked for
    std::unordered_map<EndPoints, ReshardPath, EndPointsHash> paths;
};

struct ShapeKey {
    std::vector<int64_t> dims;
    int64_t elementBytes = 0;
    friend bool operator==(const ShapeKey&, const ShapeKey&) = default;
};
struct ShapeKeyHash {
    size_t operator()(const ShapeKey& key) const noexcept
    {
        uint64_t hash = static_cast<uint64_t>(key.elementBytes);
        for (const int64_t dim : key.dims)
            hash = (hash ^ static_cast<uint64_t>(dim)) * 0x9E3779B97F4A7C15ull;
        return static_cast<size_t>(hash ^ (hash >> 32));
    }
};

} // namespace

struct Resharder::State {
    Cluster cluster;
    DeviceMesh mesh;
    DeviceKind device;
    std::vector<int> axisSizes;
    AxisSet longAxes = 0; ///< Axes of more than one device; the others never change a layout.
    std::unordered_map<ShapeKey, std::unique_ptr<Shape>, ShapeKeyHash> shapes;
    ShapeKey probe; ///< Scratch for look-ups without allocation.
    std::unordered_map<uint64_t, Seconds> stepTimes;

    Shape& shapeOf(const TensorType& type);
    Layout layoutOf(const Shape& shape, const ShardingSpec& spec) const;
    ShardingSpec specOf(const Shape& shape, Layout layout) const;
    const Tree& treeFrom(Shape& shape, Layout from);
    const Tree::Arrival* arrival(Shape& shape, const ShardingSpec& from, const ShardingSpec& to);
    Bytes fullBytes(const Shape& shape, ReshardKind kind, const ShardingSpec& before,
                    const ShardingSpec& after) const;
    Seconds stepTime(ReshardKind kind, int axis, Bytes bytes);
    Seconds copyTime(const Shape& shape, const Edge& edge, const ShardingSpec& before,
                     Bytes bytes) const;
    bool isOutermost(const Shape& shape, const ShardingSpec& spec, int dim) const;
    ReshardPath makePath(Shape& shape, const ShardingSpec& from, const ShardingSpec& to);
};

Shape& Resharder::State::shapeOf(const TensorType& type)
{
    probe.dims = type.dims;
    probe.elementBytes = dtypeBytes(type.dtype);
    if (const auto found = shapes.find(probe); found != shapes.end())
        return *found->second;
    CHECK(type.rank() <= kMaxRank, "tensors have at most kMaxRank dimensions");
    auto shape = std::make_unique<Shape>();
    shape->dims = type.dims;
    shape->bytes = type.bytes();
    shape->places = type.rank() + 2;
    int layouts = 1;
    for (size_t axis = 0; axis < axisSizes.size(); ++axis)
        layouts *= shape->places;
    for (Layout layout = 0; layout < layouts; ++layout)
        shape->divides.push_back(dividesEvenly(specOf(*shape, layout), type.dims, axisSizes) ? 1
                                                                                             : 0);
    shape->trees.resize(static_cast<size_t>(layouts));
    return *shapes.emplace(probe, std::move(shape)).first->second;
}

Layout Resharder::State::layoutOf(const Shape& shape, const ShardingSpec& spec) const
{
    CHECK(static_cast<size_t>(spec.rank) == shape.dims.size(), "the spec has the tensor's rank");
    Layout layout = 0;
    for (int axis = static_cast<int>(axisSizes.size()) - 1; axis >= 0; --axis) {
        int place = spec.rank; // unused
        if (!hasAxis(longAxes, axis)) {
            // Stays unused whatever the spec says.
        } else if (hasAxis(spec.partial, axis)) {
            place = spec.rank + 1;
        } else {
            for (int dim = 0; dim < spec.rank; ++dim) {
                if (hasAxis(spec.dims[static_cast<size_t>(dim)], axis))
                    place = dim;
            }
        }
        layout = layout * shape.places + place;
    }
    return layout;
}

ShardingSpec Resharder::State::specOf(const Shape& shape, Layout layout) const
{
    ShardingSpec spec = ShardingSpec::replicated(static_cast<int>(shape.dims.size()));
    for (int axis = 0; axis < static_cast<int>(axisSizes.size()); ++axis) {
        const int place = layout % shape.places;
        layout /= shape.places;
        if (place < spec.rank)
            spec.dims[static_cast<size_t>(place)] =
                with(spec.dims[static_cast<size_t>(place)], axis);
        else if (place > spec.rank)
            spec.partial = with(spec.partial, axis);
    }
    return spec;
}

/// The full buffer of the collective: what a device holds before, or after an all-gather.
Bytes Resharder::State::fullBytes(const Shape& shape, ReshardKind kind, const ShardingSpec& before,
                                  const ShardingSpec& after) const
{
    if (kind == ReshardKind::kSlice)
        return Bytes(0);
    const ShardingSpec& larger = kind == ReshardKind::kAllGather ? after : before;
    return Bytes(shape.bytes.count / mesh.groupSize(larger.splitAxes()));
}

Seconds Resharder::State::stepTime(ReshardKind kind, int axis, Bytes bytes)
{
    if (kind == ReshardKind::kSlice)
        return Seconds{};
    const uint64_t key = static_cast<uint64_t>(bytes.count) << 5 |
                         static_cast<uint64_t>(kind) << 2 | static_cast<uint64_t>(axis);
    const auto [place, isNew] = stepTimes.try_emplace(key);
    if (isNew)
        place->second = collectiveTime(cluster, mesh, collectiveOf(kind), axis, bytes);
    return place->second;
}

/// Has one device only one row of all dimensions before `dim`?
bool Resharder::State::isOutermost(const Shape& shape, const ShardingSpec& spec, int dim) const
{
    for (size_t d = 0; d < static_cast<size_t>(dim); ++d) {
        if (shape.dims[d] != mesh.groupSize(spec.dims[d]))
            return false;
    }
    return true;
}

Seconds Resharder::State::copyTime(const Shape& shape, const Edge& edge, const ShardingSpec& before,
                                   Bytes bytes) const
{
    if (!device.fusesKernels || edge.kind == ReshardKind::kSlice ||
        edge.kind == ReshardKind::kAllReduce)
        return Seconds{};
    int copies = isOutermost(shape, before, edge.dim) ? 0 : 1;
    if (edge.kind == ReshardKind::kAllToAll && !isOutermost(shape, edge.after, edge.fromDim))
        ++copies;
    // Read and written.
    return (device.kernelLaunch +
            Seconds(2.0 * static_cast<double>(bytes.count) / device.memoryBandwidth)) *
           static_cast<double>(copies);
}

/// Dijkstra over the layouts of one rank; of equally fast paths the one with fewer steps, then with
/// the lower layout number before it, so that plans do not depend on anything but their input.
const Tree& Resharder::State::treeFrom(Shape& shape, Layout from)
{
    std::unique_ptr<Tree>& slot = shape.trees[static_cast<size_t>(from)];
    if (slot)
        return *slot;
    slot = std::make_unique<Tree>();
    std::vector<Tree::Arrival>& arrivals = slot->arrivals;
    arrivals.resize(shape.trees.size());
    arrivals[static_cast<size_t>(from)] = {Seconds{}, 0, kNoLayout};
    using Waiting = std::tuple<double, int, Layout>;
    std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> queue;
    queue.emplace(0.0, 0, from);
    std::vector<Edge> edges;
    while (!queue.empty()) {
        const auto [time, steps, layout] = queue.top();
        queue.pop();
        const Tree::Arrival& here = arrivals[static_cast<size_t>(layout)];
        if (here.time.count != time || here.steps != steps)
            continue; // a better way was found meanwhile
        const ShardingSpec before = specOf(shape, layout);
        edges.clear();
        for (int axis = 0; axis < static_cast<int>(axisSizes.size()); ++axis) {
            if (hasAxis(longAxes, axis))
                appendEdges(before, axis, edges);
        }
        for (const Edge& edge : edges) {
            const Layout next = layoutOf(shape, edge.after);
            if (shape.divides[static_cast<size_t>(next)] == 0)
                continue;
            const Bytes bytes = fullBytes(shape, edge.kind, before, edge.after);
            const Tree::Arrival way{Seconds(time) + stepTime(edge.kind, edge.axis, bytes) +
                                        copyTime(shape, edge, before, bytes),
                                    steps + 1, layout};
            Tree::Arrival& there = arrivals[static_cast<size_t>(next)];
            if (std::tie(way.time, way.steps, way.previous) <
                std::tie(there.time, there.steps, there.previous)) {
                const bool isSooner = way.time < there.time || way.steps < there.steps;
                there = way;
                if (isSooner)
                    queue.emplace(way.time.count, way.steps, next);
            }
        }
    }
    return *slot;
}

const Tree::Arrival* Resharder::State::arrival(Shape& shape, const ShardingSpec& from,
                                               const ShardingSpec& to)
{
    const AxisSet leftPartial = static_cast<AxisSet>(to.partial & longAxes);
    if ((leftPartial & ~from.partial) != 0)
        return nullptr;
    if (leftPartial != 0 && from.partialKind != to.partialKind)
        return nullptr;
    const Layout start = layoutOf(shape, from);
    const Layout end = layoutOf(shape, to);
    if (shape.divides[static_cast<size_t>(start)] == 0 ||
        shape.divides[static_cast<size_t>(end)] == 0)
        return nullptr;
    const Tree::Arrival& found = treeFrom(shape, start).arrivals[static_cast<size_t>(end)];
    return found.time == kForever ? nullptr : &found;
}

ReshardPath Resharder::State::makePath(Shape& shape, const ShardingSpec& from,
                                       const ShardingSpec& to)
{
    const Layout start = layoutOf(shape, from);
    const Tree& tree = treeFrom(shape, start);
    std::vector<Layout> layouts{layoutOf(shape, to)};
    while (layouts.back() != start)
        layouts.push_back(tree.arrivals[static_cast<size_t>(layouts.back())].previous);
    std::reverse(layouts.begin(), layouts.end());

    ReshardPath path;
    for (size_t place = 0; place + 1 < layouts.size(); ++place) {
        ShardingSpec before = specOf(shape, layouts[place]);
        if (before.partial != 0)
            before.partialKind = from.partialKind;
        // The one edge that leads to the next layout.
        std::vector<Edge> edges;
        for (int axis = 0; axis < static_cast<int>(axisSizes.size()); ++axis) {
            if (hasAxis(longAxes, axis))
                appendEdges(before, axis, edges);
        }
        const auto edge = std::find_if(edges.begin(), edges.end(), [&](const Edge& candidate) {
            return layoutOf(shape, candidate.after) == layouts[place + 1];
        });
        CHECK(edge != edges.end(), "neighbours on a path are joined by an edge");
        ReshardStep step{edge->kind, edge->axis, edge->dim, edge->fromDim, before, edge->after,
                         {},         {},         {}};
        step.bytes = fullBytes(shape, step.kind, step.before, step.after);
        step.copies = copyTime(shape, *edge, step.before, step.bytes);
        step.time = stepTime(step.kind, step.axis, step.bytes) + step.copies;
        path.time += step.time;
        path.steps.push_back(step);
    }
    if (!path.steps.empty()) {
        // Axes of one device are left out in between; the ends are what was asked for.
        path.steps.front().before = from;
        path.steps.back().after = to;
    }
    return path;
}

Resharder::Resharder(const Cluster& cluster, const DeviceMesh& mesh)
    : state_(std::make_unique<State>())
{
    CHECK(mesh.axes.size() <= kMaxMeshAxes, "a mesh has at most kMaxMeshAxes axes");
    state_->cluster = cluster;
    state_->mesh = mesh;
    state_->device = cluster.ratesOf(cluster.kindOfHost(mesh.hostOf(0))).device;
    for (size_t axis = 0; axis < mesh.axes.size(); ++axis) {
        state_->axisSizes.push_back(mesh.axes[axis].size);
        if (mesh.axes[axis].size > 1)
            state_->longAxes = with(state_->longAxes, static_cast<int>(axis));
    }
}

Resharder::~Resharder() = default;
Resharder::Resharder(Resharder&&) noexcept = default;
Resharder& Resharder::operator=(Resharder&&) noexcept = default;

const ReshardPath* Resharder::path(const TensorType& type, const ShardingSpec& from,
                                   const ShardingSpec& to)
{
    Shape& shape = state_->shapeOf(type);
    if (state_->arrival(shape, from, to) == nullptr)
        return nullptr;
    const EndPoints key{from, to};
    if (const auto found = shape.paths.find(key); found != shape.paths.end())
        return &found->second;
    return &shape.paths.emplace(key, state_->makePath(shape, from, to)).first->second;
}

Seconds Resharder::time(const TensorType& type, const ShardingSpec& from, const ShardingSpec& to)
{
    if (from == to)
        return Seconds{};
    const Tree::Arrival* found = state_->arrival(state_->shapeOf(type), from, to);
    return found == nullptr ? kForever : found->time;
}

std::string formatStep(const ReshardStep& step, const DeviceMesh& mesh)
{
    const std::string& axis = mesh.axes[static_cast<size_t>(step.axis)].name;
    const std::string cost =
        fmt::format(", {}, {}", formatBytes(step.bytes), formatSeconds(step.time));
    const ReduceKind reduction = step.before.partialKind;
    const std::string by =
        reduction == ReduceKind::kAdd ? "" : fmt::format(" by {}", reduceKindName(reduction));
    switch (step.kind) {
    case ReshardKind::kSlice:
        return fmt::format("slice dimension {} over {}", step.dim, axis);
    case ReshardKind::kAllGather:
        return fmt::format("all-gather dimension {} over {}{}", step.dim, axis, cost);
    case ReshardKind::kAllReduce:
        return fmt::format("all-reduce{} over {}{}", by, axis, cost);
    case ReshardKind::kReduceScatter:
        return fmt::format("reduce-scatter{} into dimension {} over {}{}", by, step.dim, axis,
                           cost);
    case ReshardKind::kAllToAll:
        return fmt::format("all-to-all dimension {} to {} over {}{}", step.fromDim, step.dim, axis,
                           cost);
    }
    return "";
}

} // namespace alpa
