// Branches, bits, packed resources and cuDNN's attention.
#include "tests/unit/import/import_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace alpa
{
namespace
{

std::string moduleOf(std::string_view arguments, std::string_view result, std::string_view body)
{
    return fmt::format("module @m {{\n  func.func @main({}) -> {} {{\n{}\n  }}\n}}\n", arguments,
                       result, body);
}

TEST(ImportControl, KnownBranchesAreTaken)
{
    EXPECT_EQ(importedOps(moduleOf("%a: tensor<4xf32>", "tensor<4xf32>",
                                   R"(%c = stablehlo.constant dense<1> : tensor<i32>
                       %0 = "stablehlo.case"(%c) ({
                         %1 = stablehlo.negate %a : tensor<4xf32>
                         stablehlo.return %1 : tensor<4xf32>
                       }, {
                         %2 = stablehlo.abs %a : tensor<4xf32>
                         stablehlo.return %2 : tensor<4xf32>
                       }) : (tensor<i32>) -> tensor<4xf32>
                       return %0 : tensor<4xf32>)")),
              "%1:s32[] = constant value=1\n%2:f32[4] = abs %0\n");
}

TEST(ImportControl, OpenBranchesAreChosenBetween)
{
    EXPECT_EQ(importedOps(moduleOf("%p: tensor<i1>, %a: tensor<4xf32>", "tensor<4xf32>",
                                   R"(%0 = "stablehlo.if"(%p) ({
                         %1 = stablehlo.negate %a : tensor<4xf32>
                         stablehlo.return %1 : tensor<4xf32>
                       }, {
                         stablehlo.return %a : tensor<4xf32>
                       }) : (tensor<i1>) -> tensor<4xf32>
                       return %0 : tensor<4xf32>)")),
              "%2:f32[4] = negate %1\n%3:pred[] = constant value=0\n"
              "%4:pred[] = compare %0 %3 direction=eq\n%5:f32[4] = select %4 %1 %2\n");
}

TEST(ImportControl, OperationsOnBits)
{
    EXPECT_EQ(importedOps(moduleOf("%a: tensor<4xui32>, %b: tensor<4xui32>", "tensor<4xf32>",
                                   R"(%0 = stablehlo.shift_left %a, %b : tensor<4xui32>
                       %1 = stablehlo.shift_right_logical %0, %b : tensor<4xui32>
                       %2 = stablehlo.shift_right_arithmetic %1, %b : tensor<4xui32>
                       %3 = stablehlo.popcnt %2 : tensor<4xui32>
                       %4 = stablehlo.bitcast_convert %3 : (tensor<4xui32>) -> tensor<4xf32>
                       %5 = stablehlo.reduce_precision %4, format = e8m7 : tensor<4xf32>
                       return %5 : tensor<4xf32>)")),
              "%2:u32[4] = shift_left %0 %1\n%3:u32[4] = shift_right_logical %2 %1\n"
              "%4:u32[4] = shift_right_arithmetic %3 %1\n%5:u32[4] = popcnt %4\n"
              "%6:f32[4] = bitcast %5\n%7:bf16[4] = convert %6\n%8:f32[4] = convert %7\n");
}

TEST(ImportControl, ResourcesHaveTheirValues)
{
    const std::string module =
        moduleOf("%a: tensor<2xf32>", "tensor<2xf32>",
                 R"(%c = stablehlo.constant dense_resource<blob_1> : tensor<2xf32>
                    %0 = stablehlo.add %a, %c : tensor<2xf32>
                    return %0 : tensor<2xf32>)") +
        "{-#\n  dialect_resources: {\n    builtin: {\n      blob_1: "
        "\"0x040000000000803F00000040\"\n    }\n  }\n#-}\n";
    EXPECT_EQ(importedOps(module), "%1:f32[2] = constant value=[1,2]\n%2:f32[2] = add %0 %1\n");
}

TEST(ImportControl, ResourcesOfTheWrongSizeAreRefused)
{
    const std::string module =
        moduleOf("%a: tensor<2xf32>", "tensor<2xf32>",
                 R"(%c = stablehlo.constant dense_resource<blob_1> : tensor<2xf32>
                    return %c : tensor<2xf32>)") +
        "{-#\n  dialect_resources: { builtin: { blob_1: \"0x04000000000080\" } }\n#-}\n";
    EXPECT_EQ(
        importedProblems(module),
        "error 3:6 'stablehlo.constant': packed constant: expected 2 values of 4 bytes, got 6 "
        "digits\n");
}

TEST(ImportControl, FusedAttentionIsWrittenOut)
{
    const auto callOf = [](std::string_view config) {
        return moduleOf(
            "%q: tensor<2x4x3x8xf32>", "tensor<2x3x4x8xf32>",
            fmt::format(
                R"(%0:3 = stablehlo.custom_call @__cudnn$fmhaSoftmax(%q, %q, %q) {{backend_config = "{{\22cudnn_fmha_backend_config\22: {{{}}}}}"}} : (tensor<2x4x3x8xf32>, tensor<2x4x3x8xf32>, tensor<2x4x3x8xf32>) -> (tensor<2x3x4x8xf32>, tensor<2x3x4xf32>, tensor<0xui8>)
                       return %0#0 : tensor<2x3x4x8xf32>)",
                config));
    };
    const std::string text =
        importedOps(callOf(R"(\22fmha_scale\22: 0.5, \22mask_type\22: \22CAUSAL\22)"));
    EXPECT_NE(text.find("f32[2,3,4,4] = dot"), std::string::npos) << text;
    EXPECT_NE(text.find("constant value=0.5"), std::string::npos);
    EXPECT_NE(text.find("direction=gt"), std::string::npos);
    EXPECT_EQ(text.find("opaque"), std::string::npos);
    const std::string random = importedProblems(callOf(R"(\22dropout_rate\22: 0.5)"));
    EXPECT_NE(random.find("its dropout draws numbers that the file does not tell"),
              std::string::npos)
        << random;
}

} // namespace
} // namespace alpa
