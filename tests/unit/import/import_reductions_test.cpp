// Reductions, sorts and windows, whose small computations exporters write in many ways.
#include "tests/unit/import/import_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// An argmax over dimension 1 in the pretty form, its keys combined as `region` says.
std::string argmax(std::string_view init, std::string_view region)
{
    return fmt::format(R"(module @m {{
  func.func @main(%a: tensor<4x8xf32>) -> tensor<4xi32> {{
    %0 = stablehlo.iota dim = 1 : tensor<4x8xi32>
    %cst = stablehlo.constant dense<{}> : tensor<f32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %1:2 = stablehlo.reduce(%a init: %cst), (%0 init: %c) across dimensions = [1] : (tensor<4x8xf32>, tensor<4x8xi32>, tensor<f32>, tensor<i32>) -> (tensor<4xf32>, tensor<4xi32>)
     reducer(%x: tensor<f32>, %y: tensor<f32>) (%i: tensor<i32>, %j: tensor<i32>) {{
{}
    }}
    return %1#1 : tensor<4xi32>
  }}
}}
)",
                       init, region);
}

constexpr std::string_view kOfJax =
    R"(      %2 = stablehlo.compare GT, %x, %y, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %3 = stablehlo.compare NE, %x, %x, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %4 = stablehlo.or %2, %3 : tensor<i1>
      %5 = stablehlo.compare EQ, %x, %y, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %6 = stablehlo.compare LT, %i, %j, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %7 = stablehlo.and %5, %6 : tensor<i1>
      %8 = stablehlo.or %4, %7 : tensor<i1>
      %9 = stablehlo.select %4, %x, %y : tensor<i1>, tensor<f32>
      %10 = stablehlo.select %8, %i, %j : tensor<i1>, tensor<i32>
      stablehlo.return %9, %10 : tensor<f32>, tensor<i32>)";

TEST(ImportReductions, ThePlaceOfTheLargestElementIsTwoReductions)
{
    EXPECT_EQ(importedOps(argmax("0xFF800000", kOfJax)),
              "%1:s32[4,8] = iota dim=1\n"
              "%2:f32[] = constant value=-inf\n"
              "%3:s32[] = constant value=0\n"
              "%4:f32[4] = reduce %0 kind=maximum dims=[1]\n"
              "%5:f32[4,8] = broadcast %4 dims=[0]\n"
              "%6:pred[4,8] = compare %0 %5 direction=eq\n"
              "%7:pred[4,8] = compare %0 %0 direction=ne\n"
              "%8:pred[4,8] = or %6 %7\n"
              "%9:s32[4,8] = constant value=2147483647\n"
              "%10:s32[4,8] = select %8 %1 %9\n"
              "%11:s32[4] = reduce %10 kind=minimum dims=[1]\n");
}

TEST(ImportReductions, AShorterSpellingIsRecognisedByWhatItDoes)
{
    const std::string text = importedOps(argmax(
        "0x7F800000",
        "      %2 = stablehlo.compare LE, %x, %y : (tensor<f32>, tensor<f32>) -> tensor<i1>\n"
        "      %3 = stablehlo.select %2, %x, %y : tensor<i1>, tensor<f32>\n"
        "      %4 = stablehlo.select %2, %i, %j : tensor<i1>, tensor<i32>\n"
        "      stablehlo.return %3, %4 : tensor<f32>, tensor<i32>"));
    EXPECT_NE(text.find("reduce %0 kind=minimum"), std::string::npos) << text;
    EXPECT_EQ(text.find("opaque"), std::string::npos) << text;
}

TEST(ImportReductions, AnotherComputationStaysOpaque)
{
    const std::string text = importedProblems(
        argmax("0xFF800000", "      %2 = stablehlo.add %x, %y : tensor<f32>\n"
                             "      %3 = stablehlo.subtract %i, %j : tensor<i32>\n"
                             "      stablehlo.return %2, %3 : tensor<f32>, tensor<i32>"));
    EXPECT_EQ(text,
              "warning 6:12 'stablehlo.reduce' is kept as an opaque operation: a reduction "
              "of several tensors that is not the place of the largest or smallest element\n");
}

TEST(ImportReductions, TheLargestAreTheFirstOfASort)
{
    EXPECT_EQ(
        importedOps("module @m {\n  func.func @main(%a: tensor<4x6xf32>) -> tensor<4x2xf32> {\n"
                    "    %values, %indices = chlo.top_k(%a, k = 2) : tensor<4x6xf32> -> "
                    "(tensor<4x2xf32>, tensor<4x2xi32>)\n"
                    "    return %values : tensor<4x2xf32>\n  }\n}\n"),
        "%1:s32[4,6] = iota dim=1\n"
        "%2:f32[4,6] %3:s32[4,6] = sort %0 %1 dim=1 descending=1\n"
        "%4:f32[4,2] = slice %2 starts=[0,0] limits=[4,2] strides=[1,1]\n"
        "%5:s32[4,2] = slice %3 starts=[0,0] limits=[4,2] strides=[1,1]\n");
}

TEST(ImportReductions, ACallMustStateWhatItsFunctionReturns)
{
    EXPECT_EQ(importedProblems("module @m {\n"
                               "  func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
                               "    %0 = call @twice(%a) : (tensor<4xf32>) -> tensor<5xf32>\n"
                               "    return %a : tensor<4xf32>\n  }\n"
                               "  func.func private @twice(%a: tensor<4xf32>) -> tensor<4xf32> {\n"
                               "    %0 = stablehlo.add %a, %a : tensor<4xf32>\n"
                               "    return %0 : tensor<4xf32>\n  }\n}\n"),
              "error 3:47 the function returns f32[4], but f32[5] is expected here\n");
}

} // namespace
} // namespace alpa
