// Whole modules: scopes, names, roles, phases and outputs.
#include "tests/unit/import/import_text.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

TEST(ImportModule, ScopesNamesAndCallsOfALoss)
{
    EXPECT_EQ(importedText(R"mlir(#loc1 = loc("params['fc']['kernel']")
#loc2 = loc("batch['x']")
module @jit_loss attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  sdy.mesh @mesh = <["x"=2]>
  func.func public @main(%arg0: tensor<8x4xf32> {mhlo.sharding = "{replicated}"} loc("params['fc']['kernel']"), %arg1: tensor<2x8xf32> loc(#loc2)) -> (tensor<f32> {jax.result_info = "result"}) {
    %0 = stablehlo.dot_general %arg1, %arg0, contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT] : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32> loc(#loc5)
    %1 = call @relu(%0) : (tensor<2x4xf32>) -> tensor<2x4xf32> loc(#loc6)
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32> loc(#loc3)
    %2 = stablehlo.reduce(%1 init: %cst) applies stablehlo.add across dimensions = [0, 1] : (tensor<2x4xf32>, tensor<f32>) -> tensor<f32> loc(#loc7)
    return %2 : tensor<f32> loc(#loc)
  } loc(#loc)
  func.func private @relu(%arg0: tensor<2x4xf32> loc(unknown)) -> tensor<2x4xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32> loc(#loc)
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<2x4xf32> loc(#loc8)
    %1 = stablehlo.maximum %arg0, %0 : tensor<2x4xf32> loc("max")
    return %1 : tensor<2x4xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc = loc(unknown)
#loc3 = loc("jit(loss)"(callsite("main"("zoo.py":12:3 to :9) at "<module>"("zoo.py":1:1))))
#loc4 = loc("zoo.py":19:10 to 20:4)
#loc5 = loc("jit(loss)/MLP/fc/dot_general"(#loc4))
#loc6 = loc("jit(loss)/MLP/jit(relu)"(#loc4))
#loc7 = loc(fused["jit(loss)/reduce_sum"(#loc4), "other"])
#loc8 = loc("broadcast_in_dim")
)mlir"),
              "@0 \"\"\n"
              "@1 \"MLP/fc\"\n"
              "@2 \"MLP\"\n"
              "%0:f32[8,4] \"fc.kernel\" = parameter\n"
              "%1:f32[2,8] \"x\" = batch\n"
              "%2:f32[2,4] = dot %1 %0 lhs_contracting=[1] rhs_contracting=[0] @1 line=6\n"
              "%3:f32[] = constant value=0 @2 line=13\n"
              "%4:f32[2,4] = broadcast %3 @2 line=14\n"
              "%5:f32[2,4] = maximum %2 %4 @2 line=15\n"
              "%6:f32[] = constant value=0 @0 line=8\n"
              "%7:f32[] = reduce %5 kind=add dims=[0,1] @0 line=9\n"
              "output loss %7\n");
}

TEST(ImportModule, PhasesAndOutputsOfATrainingStep)
{
    const std::string_view module = R"mlir(module @jit_step {
  func.func public @main(%p: tensor<4xf32> loc("params['w']"), %m: tensor<4xf32> loc("state[0].mu['w']"), %b: tensor<4xf32> loc("batch['x']")) -> (tensor<4xf32> {jax.result_info = "result[0]['w']"}, tensor<4xf32> {jax.result_info = "result[1][0].mu['w']"}, tensor<f32> {jax.result_info = "result[2]"}) {
    %0 = stablehlo.multiply %p, %b : tensor<4xf32> loc("jit(step)/jvp(Net)/mul")
    %c = stablehlo.constant dense<0.0> : tensor<f32> loc("jit(step)")
    %1 = stablehlo.reduce(%0 init: %c) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32> loc("jit(step)/jvp()/reduce_sum")
    %c1 = stablehlo.constant dense<1.0> : tensor<f32> loc("jit(step)")
    %2 = stablehlo.broadcast_in_dim %c1, dims = [] : (tensor<f32>) -> tensor<4xf32> loc("jit(step)/transpose(jvp())/broadcast_in_dim")
    %3 = stablehlo.multiply %2, %b : tensor<4xf32> loc("jit(step)/transpose(jvp(Net))/mul")
    %4 = stablehlo.add %m, %3 : tensor<4xf32> loc("jit(step)/add")
    %5 = stablehlo.subtract %p, %4 : tensor<4xf32> loc("jit(step)/sub")
    return %5, %4, %1 : tensor<4xf32>, tensor<4xf32>, tensor<f32>
  }
}
)mlir";
    EXPECT_EQ(importedText(module),
              "@0 \"\"\n"
              "@1 \"Net\"\n"
              "%0:f32[4] \"w\" = parameter\n"
              "%1:f32[4] \"0.mu.w\" = state\n"
              "%2:f32[4] \"x\" = batch\n"
              "%3:f32[4] = multiply %0 %2 @1 line=3\n"
              "%4:f32[] = constant value=0 @0 update line=4\n" // No longer read: the reduction
                                                               // begins from its identity.
              "%5:f32[] = reduce %3 kind=add dims=[0] @0 line=5\n"
              "%6:f32[] = constant value=1 @0 backward line=6\n"
              "%7:f32[4] = broadcast %6 @0 backward line=7\n"
              "%8:f32[4] = multiply %7 %2 @1 backward line=8\n"
              "%9:f32[4] = add %1 %8 @0 update line=9\n"
              "%10:f32[4] = subtract %0 %9 @0 update line=10\n"
              "output updated_parameter %10 \"w\" alias=%0\n"
              "output updated_state %9 \"0.mu.w\" alias=%1\n"
              "output loss %5\n");
}

TEST(ImportModule, GenericFormIsTheSame)
{
    EXPECT_EQ(importedText(R"mlir("builtin.module"() <{sym_name = "m"}> ({
  "func.func"() <{function_type = (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>, sym_name = "main"}> ({
  ^bb0(%arg0: tensor<2x8xf32>, %arg1: tensor<8x4xf32>):
    %0 = "stablehlo.dot_general"(%arg0, %arg1) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [1], rhs_contracting_dimensions = [0]>}> : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
    %1 = "func.call"(%0) <{callee = @twice}> : (tensor<2x4xf32>) -> tensor<2x4xf32>
    "func.return"(%1) : (tensor<2x4xf32>) -> ()
  }) : () -> ()
  "func.func"() <{function_type = (tensor<2x4xf32>) -> tensor<2x4xf32>, sym_name = "twice", sym_visibility = "private"}> ({
  ^bb0(%arg0: tensor<2x4xf32>):
    %0 = "stablehlo.add"(%arg0, %arg0) : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    "func.return"(%0) : (tensor<2x4xf32>) -> ()
  }) : () -> ()
}) : () -> ()
)mlir"),
              "@0 \"\"\n"
              "%0:f32[2,8] \"arg0\" = batch\n"
              "%1:f32[8,4] \"arg1\" = parameter\n"
              "%2:f32[2,4] = dot %0 %1 lhs_contracting=[1] rhs_contracting=[0] @0 line=4\n"
              "%3:f32[2,4] = add %2 %2 @0 line=10\n"
              "output other %3\n");
}

TEST(ImportModule, WithoutAModuleTheFirstPublicFunctionIsTheModel)
{
    EXPECT_EQ(importedText("func.func private @helper(%x: tensor<i32>) -> tensor<i32> {\n  return "
                           "%x : tensor<i32>\n}\n"
                           "func.func @model(%x: tensor<i32>) -> tensor<i32> {\n  %0 = call "
                           "@helper(%x) : (tensor<i32>) -> "
                           "tensor<i32>\n  return %0 : tensor<i32>\n}\n"),
              "@0 \"\"\n%0:s32[] \"x\" = batch\noutput other %0\n");
}

} // namespace
} // namespace alpa
