// Shardings that a file writes at its values, in the two languages of JAX:
//
//   Shardy  #sdy.sharding<@mesh, [{"data"}, {}]>, with sdy.mesh @mesh = <["data"=2, "model"=4]>
//   GSPMD   {devices=[2,1,4]<=[8] last_tile_dim_replicate}, {devices=[4,2]0,1,2,3,4,5,6,7},
//   {replicated}
//
// GSPMD knows no axes: they are found as the finest common division of the device numbers that all
// annotations use.
#pragma once

#include "core/graph/graph.h"
#include "core/import/mlir_syntax.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// An annotation as it stands in the file.
struct ShardingText {
    ValueId value;
    std::string_view text;
    int line = 0;
};

/// `size` parts at distance `stride` in the numbers of the devices: what one tensor dimension, or
/// one mesh axis, is split over. Mesh [2, 4]: the first axis is {2, 4}, the second {4, 1}.
struct DeviceStep {
    int64_t size = 1;
    int64_t stride = 1;
    friend bool operator==(const DeviceStep&, const DeviceStep&) = default;
};

/// One annotation: the steps of every dimension, the outermost first. No dimensions: replicated.
struct DeviceTiling {
    int64_t devices = 0; ///< 0 if the text does not say.
    std::vector<std::vector<DeviceStep>> dims;
};

/// Nothing for texts that name no tiling (manual, maximal, tuples) or none that steps can say.
std::optional<DeviceTiling> parseGspmdSharding(std::string_view text);
/// The same of Shardy's; `meshes` as in MlirModule.
std::optional<DeviceTiling>
parseSdySharding(std::string_view text,
                 const std::unordered_map<std::string_view, std::string_view>& meshes);

/// Writes `texts` into the values and the mesh of `graph`. Returns how many could not be said, with
/// the line of the first. The first annotation of a value stays.
struct UnreadShardings {
    int count = 0;
    int firstLine = 0;
};
UnreadShardings
applyShardings(Graph& graph, const std::vector<ShardingText>& texts,
               const std::unordered_map<std::string_view, std::string_view>& meshes);

} // namespace alpa
