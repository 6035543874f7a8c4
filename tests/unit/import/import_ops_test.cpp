// One tiny module per kind of operation, in the spellings in which exporters print it.
#include "tests/unit/import/import_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// The ops of func @main(arguments) -> result { body }, the last line of which must return.
std::string opsOf(std::string_view arguments, std::string_view result, std::string_view body)
{
    return importedOps(fmt::format("module @m {{\n  func.func @main({}) -> {} {{\n{}\n  }}\n}}\n",
                                   arguments, result, body));
}

TEST(ImportOps, ElementwiseInBothForms)
{
    EXPECT_EQ(opsOf("%a: tensor<4xf32>, %b: tensor<4xf32>", "tensor<4xf32>",
                    R"(%0 = stablehlo.add %a, %b : tensor<4xf32>
                       %1 = "stablehlo.multiply"(%0, %b) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
                       %2 = stablehlo.exponential %1 {result_accuracy = #stablehlo.result_accuracy<mode = #stablehlo.result_accuracy_mode<DEFAULT>>} : tensor<4xf32>
                       %3 = stablehlo.convert %2 : (tensor<4xf32>) -> tensor<4xbf16>
                       %4 = stablehlo.convert %3 : (tensor<4xbf16>) -> tensor<4xf32>
                       return %4 : tensor<4xf32>)"),
              "%2:f32[4] = add %0 %1\n%3:f32[4] = multiply %2 %1\n%4:f32[4] = exp %3\n"
              "%5:bf16[4] = convert %4\n%6:f32[4] = convert %5\n");
}

TEST(ImportOps, CompareSelectAndClamp)
{
    EXPECT_EQ(
        opsOf(
            "%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<f32>", "tensor<4xf32>",
            R"(%0 = stablehlo.compare LT, %a, %b, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
                       %1 = "stablehlo.compare"(%a, %b) <{compare_type = #stablehlo<comparison_type FLOAT>, comparison_direction = #stablehlo<comparison_direction GE>}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
                       %2 = stablehlo.and %0, %1 : tensor<4xi1>
                       %3 = stablehlo.select %2, %a, %b : tensor<4xi1>, tensor<4xf32>
                       %4 = stablehlo.clamp %c, %3, %c : (tensor<f32>, tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
                       return %4 : tensor<4xf32>)"),
        "%3:pred[4] = compare %0 %1 direction=lt\n%4:pred[4] = compare %0 %1 direction=ge\n"
        "%5:pred[4] = and %3 %4\n%6:f32[4] = select %5 %0 %1\n%7:f32[4] = clamp %2 %6 %2\n");
}

TEST(ImportOps, ConstantsAndIota)
{
    EXPECT_EQ(opsOf("%a: tensor<2xf32>", "tensor<2xf32>",
                    R"(%cst = stablehlo.constant dense<[1.0, 0xFF800000]> : tensor<2xf32>
                       %c = "stablehlo.constant"() <{value = dense<3> : tensor<i32>}> : () -> tensor<i32>
                       %0 = stablehlo.iota dim = 1 : tensor<2x3xi32>
                       %1 = stablehlo.add %a, %cst : tensor<2xf32>
                       return %1 : tensor<2xf32>)"),
              "%1:f32[2] = constant value=[1,-inf]\n%2:s32[] = constant value=3\n"
              "%3:s32[2,3] = iota dim=1\n%4:f32[2] = add %0 %1\n");
}

TEST(ImportOps, ShapeOperations)
{
    EXPECT_EQ(
        opsOf("%a: tensor<4x6xf32>, %i: tensor<i32>, %z: tensor<f32>", "tensor<2x3xf32>",
              R"(%0 = stablehlo.transpose %a, dims = [1, 0] : (tensor<4x6xf32>) -> tensor<6x4xf32>
                       %1 = stablehlo.reshape %0 : (tensor<6x4xf32>) -> tensor<24xf32>
                       %2 = stablehlo.broadcast_in_dim %1, dims = [1] : (tensor<24xf32>) -> tensor<2x24xf32>
                       %3 = stablehlo.slice %2 [0:2, 0:24:4] : (tensor<2x24xf32>) -> tensor<2x6xf32>
                       %4 = stablehlo.concatenate %3, %3, dim = 1 : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x12xf32>
                       %5 = stablehlo.pad %4, %z, low = [0, 1], high = [0, -1], interior = [0, 0] : (tensor<2x12xf32>, tensor<f32>) -> tensor<2x12xf32>
                       %6 = stablehlo.dynamic_slice %5, %i, %i, sizes = [2, 3] : (tensor<2x12xf32>, tensor<i32>, tensor<i32>) -> tensor<2x3xf32>
                       %7 = stablehlo.dynamic_update_slice %5, %6, %i, %i : (tensor<2x12xf32>, tensor<2x3xf32>, tensor<i32>, tensor<i32>) -> tensor<2x12xf32>
                       %8 = stablehlo.reverse %6, dims = [1] : tensor<2x3xf32>
                       return %8 : tensor<2x3xf32>)"),
        "%3:f32[6,4] = transpose %0 dims=[1,0]\n%4:f32[24] = reshape %3\n%5:f32[2,24] = broadcast "
        "%4 dims=[1]\n"
        "%6:f32[2,6] = slice %5 starts=[0,0] limits=[2,24] strides=[1,4]\n%7:f32[2,12] = "
        "concatenate %6 %6 dim=1\n"
        "%8:f32[2,12] = pad %7 %2 low=[0,1] high=[0,-1] interior=[0,0]\n"
        "%9:f32[2,3] = dynamic_slice %8 %1 %1 sizes=[2,3]\n%10:f32[2,12] = dynamic_update_slice %8 "
        "%9 %1 %1\n"
        "%11:f32[2,3] = reverse %9 dims=[1]\n");
}

TEST(ImportOps, GenericSpellingsOfShapes)
{
    EXPECT_EQ(
        opsOf(
            "%a: tensor<4x6xf32>", "tensor<6x2xf32>",
            R"(%0 = "stablehlo.transpose"(%a) <{permutation = array<i64: 1, 0>}> : (tensor<4x6xf32>) -> tensor<6x4xf32>
                       %1 = "stablehlo.slice"(%0) {limit_indices = dense<[6, 4]> : tensor<2xi64>, start_indices = dense<0> : tensor<2xi64>, strides = dense<[1, 2]> : tensor<2xi64>} : (tensor<6x4xf32>) -> tensor<6x2xf32>
                       %2 = "stablehlo.broadcast_in_dim"(%1) <{broadcast_dimensions = array<i64: 0, 1>}> : (tensor<6x2xf32>) -> tensor<6x2xf32>
                       %3 = "mhlo.concatenate"(%2, %2) <{dimension = 0 : i64}> : (tensor<6x2xf32>, tensor<6x2xf32>) -> tensor<12x2xf32>
                       return %2 : tensor<6x2xf32>)"),
        "%1:f32[6,4] = transpose %0 dims=[1,0]\n%2:f32[6,2] = slice %1 starts=[0,0] limits=[6,4] "
        "strides=[1,2]\n"
        "%3:f32[6,2] = broadcast %2 dims=[0,1]\n%4:f32[12,2] = concatenate %3 %3 dim=0\n");
}

TEST(ImportOps, DotInThreeForms)
{
    const std::string expected = "%2:f32[2,4,8] = dot %0 %1 lhs_batch=[0] rhs_batch=[0] "
                                 "lhs_contracting=[2] rhs_contracting=[1]\n";
    EXPECT_EQ(
        opsOf(
            "%a: tensor<2x4x6xf32>, %b: tensor<2x6x8xf32>", "tensor<2x4x8xf32>",
            R"(%0 = stablehlo.dot_general %a, %b, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [DEFAULT, DEFAULT] : (tensor<2x4x6xf32>, tensor<2x6x8xf32>) -> tensor<2x4x8xf32>
                       return %0 : tensor<2x4x8xf32>)"),
        expected);
    EXPECT_EQ(
        opsOf(
            "%a: tensor<2x4x6xf32>, %b: tensor<2x6x8xf32>", "tensor<2x4x8xf32>",
            R"(%0 = "stablehlo.dot_general"(%a, %b) <{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions = [0], rhs_batching_dimensions = [0], lhs_contracting_dimensions = [2], rhs_contracting_dimensions = [1]>, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]}> : (tensor<2x4x6xf32>, tensor<2x6x8xf32>) -> tensor<2x4x8xf32>
                       return %0 : tensor<2x4x8xf32>)"),
        expected);
    EXPECT_EQ(
        opsOf(
            "%a: tensor<4x6xf32>, %b: tensor<6x8xf32>", "tensor<4x8xf32>",
            R"(%0 = stablehlo.dot %a, %b, precision = [DEFAULT, DEFAULT] : (tensor<4x6xf32>, tensor<6x8xf32>) -> tensor<4x8xf32>
                       return %0 : tensor<4x8xf32>)"),
        "%2:f32[4,8] = dot %0 %1 lhs_contracting=[1] rhs_contracting=[0]\n");
}

TEST(ImportOps, ReductionsInThreeForms)
{
    const std::string expected =
        "%1:f32[] = constant value=0\n%2:f32[4] = reduce %0 kind=add dims=[1]\n";
    const std::string_view constant = "%c = stablehlo.constant dense<0.0> : tensor<f32>\n";
    const auto reduced = [&](std::string_view reduce) {
        return opsOf("%a: tensor<4x6xf32>", "tensor<4xf32>",
                     fmt::format("{}{}\nreturn %0 : tensor<4xf32>", constant, reduce));
    };
    EXPECT_EQ(
        reduced(
            "%0 = stablehlo.reduce(%a init: %c) applies stablehlo.add across dimensions = [1] : "
            "(tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>"),
        expected);
    EXPECT_EQ(
        reduced(
            "%0 = stablehlo.reduce(%a init: %c) across dimensions = [1] : (tensor<4x6xf32>, "
            "tensor<f32>) -> "
            "tensor<4xf32>\n reducer(%x: tensor<f32>, %y: tensor<f32>) {\n"
            "  %s = stablehlo.add %x, %y : tensor<f32>\n stablehlo.return %s : tensor<f32>\n }"),
        expected);
    EXPECT_EQ(reduced("%0 = \"stablehlo.reduce\"(%a, %c) <{dimensions = array<i64: 1>}> "
                      "({\n^bb0(%x: tensor<f32>, "
                      "%y: tensor<f32>):\n  %s = stablehlo.add %y, %x : tensor<f32>\n  "
                      "stablehlo.return %s : tensor<f32>\n})"
                      " : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>"),
              expected);
}

TEST(ImportOps, ReductionFromAnotherInitIsCombinedAfterwards)
{
    EXPECT_EQ(
        opsOf(
            "%a: tensor<4x6xf32>, %c: tensor<f32>", "tensor<4xf32>",
            R"(%0 = stablehlo.reduce(%a init: %c) applies stablehlo.maximum across dimensions = [1] : (tensor<4x6xf32>, tensor<f32>) -> tensor<4xf32>
                       return %0 : tensor<4xf32>)"),
        "%2:f32[4] = reduce %0 kind=maximum dims=[1]\n%3:f32[4] = broadcast %1\n%4:f32[4] = "
        "maximum %3 %2\n");
    // The least number is not the identity of maximum: that is minus infinity.
    EXPECT_EQ(opsOf("%a: tensor<6xf32>", "tensor<f32>",
                    R"(%c = stablehlo.constant dense<-3.40282347E+38> : tensor<f32>
                       %0 = stablehlo.reduce(%a init: %c) applies stablehlo.maximum across dimensions = [0] : (tensor<6xf32>, tensor<f32>) -> tensor<f32>
                       return %0 : tensor<f32>)"),
              "%1:f32[] = constant value=-3.4028234663852886e+38\n%2:f32[] = reduce %0 "
              "kind=maximum dims=[0]\n"
              "%3:f32[] = maximum %1 %2\n");
    EXPECT_EQ(
        opsOf("%a: tensor<6xi32>", "tensor<i32>",
              R"(%c = stablehlo.constant dense<-2147483648> : tensor<i32>
                       %0 = stablehlo.reduce(%a init: %c) applies stablehlo.maximum across dimensions = [0] : (tensor<6xi32>, tensor<i32>) -> tensor<i32>
                       return %0 : tensor<i32>)"),
        "%1:s32[] = constant value=-2147483648\n%2:s32[] = reduce %0 kind=maximum dims=[0]\n");
}

TEST(ImportOps, ConvolutionInBothForms)
{
    const std::string pretty = opsOf(
        "%a: tensor<2x16x16x3xf32>, %w: tensor<3x3x3x5xf32>", "tensor<2x8x8x5xf32>",
        R"(%0 = stablehlo.convolution(%a, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 0], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<2x16x16x3xf32>, tensor<3x3x3x5xf32>) -> tensor<2x8x8x5xf32>
                       return %0 : tensor<2x8x8x5xf32>)");
    const std::string generic = opsOf(
        "%a: tensor<2x16x16x3xf32>, %w: tensor<3x3x3x5xf32>", "tensor<2x8x8x5xf32>",
        R"(%0 = "stablehlo.convolution"(%a, %w) <{batch_group_count = 1 : i64, dimension_numbers = #stablehlo.conv<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>, feature_group_count = 1 : i64, lhs_dilation = array<i64: 1, 1>, padding = dense<[[1, 0], [1, 1]]> : tensor<2x2xi64>, rhs_dilation = array<i64: 1, 1>, window_reversal = array<i1: false, false>, window_strides = array<i64: 2, 2>}> : (tensor<2x16x16x3xf32>, tensor<3x3x3x5xf32>) -> tensor<2x8x8x5xf32>
                       return %0 : tensor<2x8x8x5xf32>)");
    EXPECT_EQ(pretty, generic);
    EXPECT_NE(pretty.find("convolution %0 %1 strides=[2,2] padding_low=[1,1] padding_high=[0,1]"),
              std::string::npos)
        << pretty;
}

TEST(ImportOps, GatherScatterAndWindows)
{
    EXPECT_EQ(
        opsOf(
            "%t: tensor<16x8xf32>, %i: tensor<4x1xi32>, %u: tensor<4x8xf32>", "tensor<16x8xf32>",
            R"(%0 = "stablehlo.gather"(%t, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 1, 8>}> : (tensor<16x8xf32>, tensor<4x1xi32>) -> tensor<4x8xf32>
                       %1 = "stablehlo.scatter"(%t, %i, %u) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}> ({
                       ^bb0(%x: tensor<f32> loc("scatter-add:"), %y: tensor<f32>):
                         %s = stablehlo.add %x, %y : tensor<f32>
                         stablehlo.return %s : tensor<f32>
                       }) : (tensor<16x8xf32>, tensor<4x1xi32>, tensor<4x8xf32>) -> tensor<16x8xf32>
                       %2 = "stablehlo.scatter"(%1, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
                       ^bb0(%x: tensor<f32>, %y: tensor<f32>):
                         stablehlo.return %y : tensor<f32>
                       }) : (tensor<16x8xf32>, tensor<4x1xi32>, tensor<4x8xf32>) -> tensor<16x8xf32>
                       return %2 : tensor<16x8xf32>)"),
        "%3:f32[4,8] = gather %0 %1 offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] "
        "index_vector_dim=1 slice_sizes=[1,8]\n"
        "%4:f32[16,8] = scatter %0 %1 %2 update_window_dims=[1] inserted_window_dims=[0] "
        "scatter_dims_to_operand_dims=[0] index_vector_dim=1 kind=add\n"
        "%5:f32[16,8] = scatter %4 %1 %2 update_window_dims=[1] inserted_window_dims=[0] "
        "scatter_dims_to_operand_dims=[0] index_vector_dim=1 kind=add replace=1\n");
}

TEST(ImportOps, PoolingAndItsGradient)
{
    const std::string text = opsOf("%a: tensor<1x8xf32>, %g: tensor<1x4xf32>", "tensor<1x8xf32>",
                                   R"(%lo = stablehlo.constant dense<0xFF800000> : tensor<f32>
                       %0 = "stablehlo.reduce_window"(%a, %lo) <{base_dilations = array<i64: 1, 1>, padding = dense<[[0, 0], [0, 1]]> : tensor<2x2xi64>, window_dilations = array<i64: 1, 1>, window_dimensions = array<i64: 1, 3>, window_strides = array<i64: 1, 2>}> ({
                       ^bb0(%x: tensor<f32>, %y: tensor<f32>):
                         %s = stablehlo.maximum %x, %y : tensor<f32>
                         stablehlo.return %s : tensor<f32>
                       }) : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x4xf32>
                       %z = stablehlo.constant dense<0.0> : tensor<f32>
                       %1 = "stablehlo.select_and_scatter"(%a, %g, %z) <{padding = dense<[[0, 0], [0, 1]]> : tensor<2x2xi64>, window_dimensions = array<i64: 1, 3>, window_strides = array<i64: 1, 2>}> ({
                       ^bb0(%x: tensor<f32>, %y: tensor<f32>):
                         %s = stablehlo.compare GE, %x, %y, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
                         stablehlo.return %s : tensor<i1>
                       }, {
                       ^bb0(%x: tensor<f32>, %y: tensor<f32>):
                         %s = stablehlo.add %x, %y : tensor<f32>
                         stablehlo.return %s : tensor<f32>
                       }) : (tensor<1x8xf32>, tensor<1x4xf32>, tensor<f32>) -> tensor<1x8xf32>
                       return %1 : tensor<1x8xf32>)");
    EXPECT_NE(text.find("reduce_window %0 kind=maximum window=[1,3] strides=[1,2] "
                        "padding_low=[0,0] padding_high=[0,1]"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("select_and_scatter %0 %1 kind=maximum window=[1,3]"), std::string::npos)
        << text;
}

TEST(ImportOps, Sorts)
{
    EXPECT_EQ(opsOf("%a: tensor<8xf32>, %i: tensor<8xi32>", "tensor<8xi32>",
                    R"(%0:2 = "stablehlo.sort"(%a, %i) <{dimension = 0 : i64, is_stable = true}> ({
                       ^bb0(%x: tensor<f32>, %y: tensor<f32>, %p: tensor<i32>, %q: tensor<i32>):
                         %s = stablehlo.compare GT, %x, %y, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
                         stablehlo.return %s : tensor<i1>
                       }) : (tensor<8xf32>, tensor<8xi32>) -> (tensor<8xf32>, tensor<8xi32>)
                       return %0#1 : tensor<8xi32>)"),
              "%2:f32[8] %3:s32[8] = sort %0 %1 dim=0 descending=1\n");
}

TEST(ImportOps, ExpandsAndPasses)
{
    EXPECT_EQ(opsOf("%a: tensor<4xf32>", "tensor<4xf32>",
                    R"(%0 = chlo.square %a : tensor<4xf32> -> tensor<4xf32>
                       %1 = chlo.erf %0 : tensor<4xf32> -> tensor<4xf32>
                       %2 = stablehlo.optimization_barrier %1 : tensor<4xf32>
                       %3 = sdy.sharding_constraint %2 <@mesh, [{"x"}]> : tensor<4xf32>
                       %4 = stablehlo.custom_call @Sharding(%3) {backend_config = "", mhlo.sharding = "{replicated}"} : (tensor<4xf32>) -> tensor<4xf32>
                       %5 = chlo.erfc %4 : tensor<4xf32> -> tensor<4xf32>
                       return %5 : tensor<4xf32>)"),
              "%1:f32[4] = multiply %0 %0\n%2:f32[4] = erf %1\n%3:f32[4] = erf %2\n%4:f32[4] = "
              "constant value=1\n"
              "%5:f32[4] = subtract %4 %3\n");
}

TEST(ImportOps, UnknownOnesStayOpaqueAndAreCounted)
{
    const std::string_view module = R"(module @m {
  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
    %0 = stablehlo.count_leading_zeros %a : tensor<4xf32>
    %1 = stablehlo.custom_call @my_kernel(%0) {api_version = 2 : i32} : (tensor<4xf32>) -> tensor<4xf32>
    %2:2 = "other.thing"(%1) ({
      %9 = "other.inner"() : () -> tensor<4xf32>
      "other.yield"(%9) : (tensor<4xf32>) -> ()
    }) {note = "}"} : (tensor<4xf32>) -> (tensor<4xf32>, tensor<2xi32>)
    return %2#0 : tensor<4xf32>
  }
})";
    const ImportResult result = importStablehlo(module, "m");
    ASSERT_TRUE(result.ok()) << importedProblems(module);
    EXPECT_EQ(result.opaqueCount, 3);
    const auto& opaque = std::get<OpaqueAttributes>(result.graph->ops[1].attributes);
    EXPECT_EQ(opaque.name, "stablehlo.custom_call @my_kernel");
    EXPECT_EQ(opaque.text, "%1 = stablehlo.custom_call @my_kernel(%0) {api_version = 2 : i32} : "
                           "(tensor<4xf32>) -> tensor<4xf32>");
    EXPECT_EQ(
        importedProblems(module),
        "warning 3:10 'stablehlo.count_leading_zeros' is kept as an opaque operation: this "
        "operation is not "
        "known\n"
        "warning 4:10 'stablehlo.custom_call @my_kernel' is kept as an opaque operation: what a "
        "custom call computes "
        "is not in the file\n"
        "warning 5:12 'other.thing' is kept as an opaque operation: this operation is not known\n");
}

TEST(ImportOps, CompositesAreTheirDecomposition)
{
    EXPECT_EQ(importedOps(R"(module {
  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {
    %0 = stablehlo.composite "my.twice" %a {composite_attributes = {n = 2 : i64}, decomposition = @twice} : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func private @twice(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = stablehlo.add %x, %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
})"),
              "%1:f32[4] = add %0 %0\n");
}

} // namespace
} // namespace alpa
