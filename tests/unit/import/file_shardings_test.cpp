// Shardings of files, in both languages, as axes of one mesh.
#include "core/import/file_shardings.h"
#include "tests/unit/import/import_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// "2x4 | 8x1" for dimensions split in steps (size 2, stride 4) and (8, 1); "" for none that steps
/// say.
std::string stepsOf(std::string_view text)
{
    const auto tiling = parseGspmdSharding(text);
    if (!tiling)
        return "unread";
    std::string out;
    for (size_t dim = 0; dim < tiling->dims.size(); ++dim) {
        out += dim == 0 ? "" : " | ";
        for (const DeviceStep& step : tiling->dims[dim])
            out += fmt::format("{}x{} ", step.size, step.stride);
    }
    return out;
}

TEST(FileShardings, AreStepsOfDeviceNumbers)
{
    EXPECT_EQ(stepsOf("{replicated}"), "");
    EXPECT_EQ(stepsOf("{devices=[8,1]<=[8]}"), "8x1  | ");
    EXPECT_EQ(stepsOf("{devices=[4,1,2]<=[2,4]T(1,0) last_tile_dim_replicate}"), "4x1  | ");
    EXPECT_EQ(stepsOf("{devices=[1,2,4]<=[8] last_tile_dim_replicate}"), " | 2x4 ");
    EXPECT_EQ(stepsOf("{devices=[2,4]0,2,4,6,1,3,5,7}"), "2x1  | 4x2 ");
    EXPECT_EQ(stepsOf("{devices=[4]0,1,3,2}"), "unread");
    EXPECT_EQ(stepsOf("{devices=[4]0,1,2}"), "unread");
    EXPECT_EQ(stepsOf("{devices=[99999999,9]<=[8]}"), "unread");
    EXPECT_EQ(stepsOf("{maximal device=0}"), "unread");
    EXPECT_EQ(stepsOf("{manual}"), "unread");
}

constexpr std::string_view kShardy = R"(module @m {
  sdy.mesh @mesh = <["data"=2, "model"=4]>
  func.func @main(%x: tensor<8x16xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"data"}, {}]>}, %w: tensor<16x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"model", ?}]>}) -> tensor<8x4xf32> {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x4xf32>) -> tensor<8x4xf32>
    %1 = sdy.sharding_constraint %0 <@mesh, [{"data"}, {"model"}]> : tensor<8x4xf32>
    return %1 : tensor<8x4xf32>
  }
})";

constexpr std::string_view kGspmd = R"(module @m {
  func.func @main(%x: tensor<8x16xf32> {mhlo.sharding = "{devices=[2,1,4]<=[8] last_tile_dim_replicate}"}, %w: tensor<16x4xf32> {mhlo.sharding = "{devices=[1,4,2]<=[2,4]T(1,0) last_tile_dim_replicate}"}) -> tensor<8x4xf32> {
    %0 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x4xf32>) -> tensor<8x4xf32>
    %1 = stablehlo.custom_call @Sharding(%0) {mhlo.sharding = "{devices=[2,4]<=[8]}"} : (tensor<8x4xf32>) -> tensor<8x4xf32>
    return %1 : tensor<8x4xf32>
  }
})";

std::string shardingsOf(std::string_view module)
{
    const ImportResult result = importStablehlo(module, "m");
    if (!result.ok())
        return importedProblems(module);
    const std::string text = formatGraph(*result.graph);
    const Result<Graph> again = parseGraph(text);
    EXPECT_TRUE(again.ok() && formatGraph(*again) == text);
    const size_t begin = text.find("mesh ");
    return begin == std::string::npos ? "" : text.substr(begin);
}

TEST(FileShardings, OfShardyKeepTheirNames)
{
    EXPECT_EQ(shardingsOf(kShardy), "mesh \"data\"=2 \"model\"=4\nsharding %0 \"{data, -}\"\n"
                                    "sharding %1 \"{-, model}\"\nsharding %2 \"{data, model}\"\n");
}

TEST(FileShardings, OfGspmdFindTheMesh)
{
    EXPECT_EQ(shardingsOf(kGspmd), "mesh \"x\"=2 \"y\"=4\nsharding %0 \"{x, -}\"\n"
                                   "sharding %1 \"{-, y}\"\nsharding %2 \"{x, y}\"\n");
}

TEST(FileShardings, ThatFitNoMeshAreCounted)
{
    std::string module(kGspmd);
    const std::string_view whole = "devices=[2,4]<=[8]";
    module.replace(module.find(whole), whole.size(), "devices=[3,2]<=[6]");
    EXPECT_EQ(
        importedProblems(module),
        "warning 4:1 1 shardings in the file are not kept: they are no tiling over one mesh\n");
}

} // namespace
} // namespace alpa
