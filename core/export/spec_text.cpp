#include "core/export/spec_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>

namespace alpa
{
namespace
{

std::vector<int> axesOf(const DeviceMesh& mesh, AxisSet set)
{
    std::vector<int> axes;
    for (int axis = 0; axis < static_cast<int>(mesh.axes.size()); ++axis) {
        if (hasAxis(set, axis))
            axes.push_back(axis);
    }
    return axes;
}

std::vector<std::string> namesOf(const DeviceMesh& mesh, AxisSet set)
{
    const std::vector<std::string> all = exportedAxisNames(mesh);
    std::vector<std::string> names;
    for (const int axis : axesOf(mesh, set))
        names.push_back('"' + all[static_cast<size_t>(axis)] + '"');
    return names;
}

} // namespace

std::vector<std::string> exportedAxisNames(const DeviceMesh& mesh)
{
    std::vector<std::string> names;
    for (const MeshAxis& axis : mesh.axes)
        names.push_back(axis.name == "x" ? "dp" : axis.name == "y" ? "tp" : axis.name);
    return names;
}

std::string shardyMesh(const DeviceMesh& mesh)
{
    const std::vector<std::string> names = exportedAxisNames(mesh);
    std::vector<std::string> axes;
    for (size_t axis = 0; axis < names.size(); ++axis)
        axes.push_back(fmt::format("\"{}\"={}", names[axis], mesh.axes[axis].size));
    return fmt::format("sdy.mesh @mesh = <[{}]>", fmt::join(axes, ", "));
}

std::string shardySpec(const DeviceMesh& mesh, const ShardingSpec& spec)
{
    std::vector<std::string> dims;
    for (int dim = 0; dim < spec.rank; ++dim)
        dims.push_back(fmt::format(
            "{{{}}}", fmt::join(namesOf(mesh, spec.dims[static_cast<size_t>(dim)]), ", ")));
    return fmt::format("<@mesh, [{}]>", fmt::join(dims, ", "));
}

std::string gspmdSpec(const DeviceMesh& mesh, const ShardingSpec& spec)
{
    const int split = mesh.groupSize(spec.splitAxes());
    if (split == 1)
        return "{replicated}";
    std::vector<int> tiles;
    std::vector<int> order; // Mesh axes as the tiles enumerate them, major to minor.
    for (int dim = 0; dim < spec.rank; ++dim) {
        const AxisSet set = spec.dims[static_cast<size_t>(dim)];
        tiles.push_back(mesh.groupSize(set));
        for (const int axis : axesOf(mesh, set))
            order.push_back(axis);
    }
    const int copies = mesh.deviceCount() / split;
    if (copies > 1)
        tiles.push_back(copies);
    for (int axis = 0; axis < static_cast<int>(mesh.axes.size()); ++axis) {
        if (!hasAxis(spec.splitAxes(), axis))
            order.push_back(axis);
    }
    std::vector<int> sizes;
    for (const MeshAxis& axis : mesh.axes)
        sizes.push_back(axis.size);
    std::vector<int> inOrder(order.size());
    std::iota(inOrder.begin(), inOrder.end(), 0);
    const std::string devices =
        order == inOrder ? fmt::format("[{}]", mesh.deviceCount())
                         : fmt::format("[{}]T({})", fmt::join(sizes, ","), fmt::join(order, ","));
    return fmt::format("{{devices=[{}]<={}{}}}", fmt::join(tiles, ","), devices,
                       copies > 1 ? " last_tile_dim_replicate" : "");
}

std::string jaxSpec(const DeviceMesh& mesh, const ShardingSpec& spec)
{
    if (spec.splitAxes() == 0)
        return "P()";
    std::vector<std::string> dims;
    for (int dim = 0; dim < spec.rank; ++dim) {
        const std::vector<std::string> names = namesOf(mesh, spec.dims[static_cast<size_t>(dim)]);
        dims.push_back(names.empty()       ? "None"
                       : names.size() == 1 ? names[0]
                                           : fmt::format("({})", fmt::join(names, ", ")));
    }
    return fmt::format("P({})", fmt::join(dims, ", "));
}

std::string dtensorPlacements(const DeviceMesh& mesh, const ShardingSpec& spec)
{
    std::vector<std::string> placements;
    for (int axis = 0; axis < static_cast<int>(mesh.axes.size()); ++axis) {
        std::string placement = hasAxis(spec.partial, axis) ? "Partial()" : "Replicate()";
        for (int dim = 0; dim < spec.rank; ++dim) {
            if (hasAxis(spec.dims[static_cast<size_t>(dim)], axis))
                placement = fmt::format("Shard({})", dim);
        }
        placements.push_back(placement);
    }
    return fmt::format("[{}]", fmt::join(placements, ", "));
}

} // namespace alpa
