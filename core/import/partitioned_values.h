// How a value of a partitioned program lies over the axes of its mesh, and what collectives say.
// Internal to whole_program_builder.h.
#pragma once

#include "core/graph/graph.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace alpa
{

/// Axes of Graph::fileMesh as bits.
using FileAxes = uint32_t;

struct PartitionedLayout {
    /// Of one dimension: the axes that split it; nothing while it may be split in any way, as a
    /// constant may.
    std::vector<std::optional<FileAxes>> dims;
    FileAxes partial = 0;
    ReduceKind kind = ReduceKind::kAdd; ///< Of partial results.

    bool isFree() const;
    friend bool operator==(const PartitionedLayout&, const PartitionedLayout&) = default;
};

/// Number of parts that `axes` make.
int64_t partCount(const Graph& graph, FileAxes axes);
/// "{data, -}" as axes; nothing for an empty text or a rank that differs.
std::optional<PartitionedLayout> layoutOf(const Graph& graph, const std::string& sharding,
                                          size_t rank);
std::string formatLayout(const Graph& graph, const PartitionedLayout& layout);

/// The axes along which the groups of a collective's text run: replica_groups={{0,1},{2,3}},
/// [2,4]<=[8] or mesh['a'=2,'b'=4] {'b'}; all axes when no group is written. Nothing if no axes
/// give them.
std::optional<FileAxes> collectiveAxes(const Graph& graph, std::string_view text);
/// The numbers of an attribute such as dimensions={0}.
std::vector<int64_t> collectiveNumbers(std::string_view text, std::string_view attribute);

/// The axes whose coordinates count the numbers: offsets[device] = step * (place of the device
/// along the axes). Nothing if no axes do.
std::optional<FileAxes> axesOfOffsets(const Graph& graph, const std::vector<double>& offsets,
                                      double step);

} // namespace alpa
