// Loops: unrolled when constants decide how often they run, opaque otherwise.
#include "tests/unit/import/import_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace alpa
{
namespace
{

/// A scan over the rows of %w: x = x * w[i] for i from `first` to `limit`.
std::string scanModule(std::string_view first, std::string_view limit)
{
    return fmt::format(R"mlir(module @m {{
  func.func @main(%w: tensor<2x4xf32> loc("params['w']"), %x: tensor<4xf32> loc("x"), %n: tensor<i32> loc("n")) -> tensor<4xf32> {{
    %i0 = {}
    %r:3 = stablehlo.while(%arg_w = %w, %arg_i = %i0, %arg_x = %x) : tensor<2x4xf32>, tensor<i32>, tensor<4xf32>
    cond {{
      %c = stablehlo.constant dense<{}> : tensor<i32> loc("jit(f)/Net/while/cond")
      %p = stablehlo.compare LT, %arg_i, %c, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    }} do {{
      %z = stablehlo.constant dense<0> : tensor<i32>
      %c = stablehlo.constant dense<1> : tensor<i32>
      %s = stablehlo.dynamic_slice %arg_w, %arg_i, %z, sizes = [1, 4] : (tensor<2x4xf32>, tensor<i32>, tensor<i32>) -> tensor<1x4xf32> loc("jit(f)/Net/while/body/slice")
      %v = stablehlo.reshape %s : (tensor<1x4xf32>) -> tensor<4xf32> loc("jit(f)/Net/while/body/reshape")
      %y = stablehlo.multiply %arg_x, %v : tensor<4xf32> loc("jit(f)/Net/while/body/Layer/mul")
      %j = stablehlo.add %arg_i, %c : tensor<i32>
      stablehlo.return %arg_w, %j, %y : tensor<2x4xf32>, tensor<i32>, tensor<4xf32>
    }} loc("jit(f)/Net/while")
    return %r#2 : tensor<4xf32>
  }}
}}
)mlir",
                       first, limit);
}

TEST(ImportLoops, AKnownNumberOfIterationsIsUnrolled)
{
    const ImportResult result =
        importStablehlo(scanModule("stablehlo.constant dense<0> : tensor<i32>", "2"), "scan");
    ASSERT_TRUE(result.ok());
    std::string text;
    for (const Op& op : result.graph->ops) {
        const bool isCounting =
            op.kind == OpKind::kConstant || result.graph->type(op.results[0]).rank() == 0;
        if (!isCounting)
            text += formatOp(*result.graph, op) + " in " + result.graph->scopePath(op.scope) + "\n";
    }
    EXPECT_EQ(text, "%6:f32[1,4] = slice %0 starts=[0,0] limits=[1,4] strides=[1,1] @2 line=12 in "
                    "Net/iteration_0\n"
                    "%7:f32[4] = reshape %6 @2 line=13 in Net/iteration_0\n"
                    "%8:f32[4] = multiply %1 %7 @3 line=14 in Net/iteration_0/Layer\n"
                    "%13:f32[1,4] = slice %0 starts=[1,0] limits=[2,4] strides=[1,1] @4 line=12 in "
                    "Net/iteration_1\n"
                    "%14:f32[4] = reshape %13 @4 line=13 in Net/iteration_1\n"
                    "%15:f32[4] = multiply %8 %14 @5 line=14 in Net/iteration_1/Layer\n");
    EXPECT_TRUE(result.diagnostics.empty());
}

TEST(ImportLoops, AConditionThatNeverHoldsLeavesTheInitialValues)
{
    EXPECT_EQ(importedOps(scanModule("stablehlo.constant dense<5> : tensor<i32>", "5")),
              "%3:s32[] = constant value=5\n");
}

TEST(ImportLoops, AnUnknownNumberOfIterationsIsOpaque)
{
    const std::string module = scanModule("stablehlo.add %n, %n : tensor<i32>", "2");
    const ImportResult result = importStablehlo(module, "scan");
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result.opaqueCount, 1);
    EXPECT_EQ(result.graph->ops.size(), 2u); // The addition and the loop.
    EXPECT_EQ(importedProblems(module),
              "warning 4:12 'stablehlo.while' is kept as an opaque operation: the number of "
              "its iterations does not follow from constants\n");
}

TEST(ImportLoops, ALoopThatRunsTooLongIsOpaque)
{
    const std::string module = scanModule("stablehlo.constant dense<0> : tensor<i32>", "1000000");
    const ImportResult result = importStablehlo(module, "scan");
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result.graph->ops.size(), 2u);
}

TEST(ImportLoops, LoopsInLoopsThatNeverEndAreStopped)
{
    std::string body = "stablehlo.return %x : tensor<i1>\n";
    for (int level = 0; level < 4; ++level)
        body = fmt::format("%r{0} = stablehlo.while(%v{0} = %x) : tensor<i1>\ncond {{\n%t{0} = "
                           "stablehlo.constant dense<true> "
                           ": tensor<i1>\nstablehlo.return %t{0} : tensor<i1>\n}} do "
                           "{{\n{1}}}\nstablehlo.return %x : "
                           "tensor<i1>\n",
                           level, body);
    body.replace(body.rfind("stablehlo.return"), 16, "return");
    const std::string problems =
        importedProblems("func.func @main(%x: tensor<i1>) -> tensor<i1> {\n" + body + "}\n");
    EXPECT_NE(problems.find("the loops of the file run too often"), std::string::npos) << problems;
}

TEST(ImportLoops, AProblemInTheBodyIsReportedOnce)
{
    std::string module = scanModule("stablehlo.constant dense<0> : tensor<i32>", "2");
    module.replace(module.find("multiply %arg_x, %v"), 19, "multiply %arg_x, %u");
    EXPECT_EQ(importedProblems(module), "error 14:39 value '%u' is not defined before its use\n");
}

} // namespace
} // namespace alpa
