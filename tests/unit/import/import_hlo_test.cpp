// HLO text: one small module per construct, before and after optimisation.
#include "tests/unit/import/import_text.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

std::string opsOf(std::string_view module)
{
    const ImportResult result = importHlo(module, "test");
    if (!result.ok())
        return formatDiagnostics("t", module, result.diagnostics);
    std::string text;
    for (const GraphInput& input : result.graph->inputs)
        text += std::string(inputRoleName(input.role)) + " " +
                result.graph->value(input.value).name + "\n";
    for (Op op : result.graph->ops) {
        const std::string line = formatOp(*result.graph, op);
        text += line.substr(0, line.find(" line=")) + "\n";
    }
    return text;
}

TEST(ImportHlo, CallsReductionsAndNamesOfParameters)
{
    EXPECT_EQ(
        opsOf(
            R"(HloModule jit_loss, entry_computation_layout={(f32[8,4]{1,0}, f32[2,8]{1,0})->f32[]}

relu.1 {
  Arg_0.1 = f32[2,4]{1,0} parameter(0)
  constant.3 = f32[] constant(0)
  max.2 = f32[2,4]{1,0} broadcast(constant.3), dimensions={}
  ROOT max.3 = f32[2,4]{1,0} maximum(Arg_0.1, max.2)
}

region_0.2 {
  a.3 = f32[] parameter(0)
  b.4 = f32[] parameter(1)
  ROOT c.5 = f32[] maximum(a.3, b.4)
}

ENTRY main.3 {
  batch__x__.1 = f32[2,8]{1,0} parameter(1)
  params__fc____kernel__.1 = f32[8,4]{1,0} parameter(0)
  dot.3 = f32[2,4]{1,0} dot(batch__x__.1, params__fc____kernel__.1), lhs_contracting_dims={1}, rhs_contracting_dims={0}, metadata={op_name="jit(loss)/MLP/fc/dot_general"}
  relu.2 = f32[2,4]{1,0} call(dot.3), to_apply=relu.1
  constant.5 = f32[] constant(-inf)
  ROOT max.7 = f32[] reduce(relu.2, constant.5), dimensions={0,1}, to_apply=region_0.2
}
)"),
        "parameter fc.kernel\nbatch x\n"
        "%2:f32[2,4] = dot %1 %0 lhs_contracting=[1] rhs_contracting=[0] @1\n"
        "%3:f32[] = constant value=0 @0\n"
        "%4:f32[2,4] = broadcast %3 @0\n"
        "%5:f32[2,4] = maximum %2 %4 @0\n"
        "%6:f32[] = constant value=-inf @0\n"
        "%7:f32[] = reduce %5 kind=maximum dims=[0,1] @0\n");
}

TEST(ImportHlo, FusionsAreOpenedAndTuplesTakenApart)
{
    EXPECT_EQ(opsOf(R"(HloModule m, is_scheduled=true

%fused (p0: f32[4], p1: f32[4]) -> (f32[4], f32[4]) {
  %p0 = f32[4]{0} parameter(0)
  %p1 = f32[4]{0} parameter(1)
  %add = f32[4]{0} add(%p0, %p1)
  %mul = f32[4]{0} multiply(f32[4]{0} %p0, f32[4]{0} %p1)
  ROOT %t = (f32[4]{0}, f32[4]{0}) tuple(%add, %mul)
}

ENTRY %main (a: f32[4], b: f32[4]) -> f32[4] {
  %a = f32[4]{0} parameter(0)
  %b = f32[4]{0} parameter(1)
  %f = (f32[4]{0}, /*index=1*/f32[4]{0}) fusion(%a, %b), kind=kLoop, calls=%fused
  %g = f32[4]{0} get-tuple-element(%f), index=1
  ROOT %n = f32[4]{0} negate(%g)
}
)"),
              "parameter a\nparameter b\n"
              "%2:f32[4] = add %0 %1 @0\n%3:f32[4] = multiply %0 %1 @0\n"
              "%4:f32[4] = negate %3 @0\n");
}

TEST(ImportHlo, LoopsAreUnrolled)
{
    const std::string ops = opsOf(R"(HloModule m

body {
  p = (s32[], f32[3,4]{1,0}, f32[4]{0}) parameter(0)
  i = s32[] get-tuple-element(p), index=0
  w = f32[3,4]{1,0} get-tuple-element(p), index=1
  x = f32[4]{0} get-tuple-element(p), index=2
  zero = s32[] constant(0)
  row = f32[1,4]{1,0} dynamic-slice(w, i, zero), dynamic_slice_sizes={1,4}
  flat = f32[4]{0} reshape(row)
  y = f32[4]{0} multiply(x, flat)
  one = s32[] constant(1)
  next = s32[] add(i, one)
  ROOT t = (s32[], f32[3,4]{1,0}, f32[4]{0}) tuple(next, w, y)
}

condition {
  p = (s32[], f32[3,4]{1,0}, f32[4]{0}) parameter(0)
  i = s32[] get-tuple-element(p), index=0
  n = s32[] constant(2)
  ROOT less = pred[] compare(i, n), direction=LT
}

ENTRY main {
  params__w__.1 = f32[3,4]{1,0} parameter(0)
  batch__x__.1 = f32[4]{0} parameter(1)
  zero = s32[] constant(0)
  start = (s32[], f32[3,4]{1,0}, f32[4]{0}) tuple(zero, params__w__.1, batch__x__.1)
  loop = (s32[], f32[3,4]{1,0}, f32[4]{0}) while(start), condition=condition, body=body
  ROOT y = f32[4]{0} get-tuple-element(loop), index=2
}
)");
    size_t products = 0;
    for (size_t at = ops.find("multiply"); at != std::string::npos;
         at = ops.find("multiply", at + 1))
        ++products;
    EXPECT_EQ(products, 2u) << ops;
    EXPECT_NE(ops.find("slice %0 starts=[0,0] limits=[1,4]"), std::string::npos) << ops;
    EXPECT_NE(ops.find("slice %0 starts=[1,0] limits=[2,4]"), std::string::npos) << ops;
}

TEST(ImportHlo, ProblemsHaveTheirPlace)
{
    const ImportResult result =
        importHlo("HloModule m\n\nENTRY main {\n  a = f32[4]{0} parameter(0)\n"
                  "  ROOT b = f32[4]{0} negate(c)\n}\n",
                  "test");
    ASSERT_FALSE(result.ok());
    ASSERT_EQ(result.diagnostics.size(), 1u);
    EXPECT_EQ(result.diagnostics[0].line, 5);
    EXPECT_EQ(result.diagnostics[0].message, "value 'c' is not defined before its use");
}

TEST(ImportHlo, CollectivesOfAPartitionedProgramAreKept)
{
    const ImportResult result =
        importHlo("HloModule m\n\nadd {\n  a = f32[] parameter(0)\n  b = f32[] parameter(1)\n  "
                  "ROOT c = f32[] "
                  "add(a, b)\n}\n\nENTRY main {\n  x = f32[4]{0} parameter(0), "
                  "sharding={devices=[2]<=[2]}\n  ROOT y = f32[4]{0} all-reduce(x), "
                  "replica_groups={{0,1}}, to_apply=add\n}\n",
                  "test");
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result.opaqueCount, 1);
    const auto& attributes = std::get<OpaqueAttributes>(result.graph->ops.at(0).attributes);
    EXPECT_EQ(attributes.name, "hlo.all-reduce");
    EXPECT_NE(attributes.text.find("replica_groups={{0,1}}"), std::string::npos);
}

} // namespace
} // namespace alpa
