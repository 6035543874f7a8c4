// Rules that people give for operations nobody knows, from the file to the factors and the cost.
#include "core/graph/factor_rule.h"
#include "core/graph/op_cost.h"
#include "core/graph/opaque_rule.h"
#include "core/import/user_rules.h"
#include "tests/unit/import/import_text.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

constexpr std::string_view kModule = R"(module @m {
  func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x6xf32>) -> tensor<4x6xf32> {
    %0 = stablehlo.custom_call @my_product(%x, %w) : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
    return %0 : tensor<4x6xf32>
  }
})";

std::string failureOf(const std::string& json)
{
    const auto rules = parseUserRules(json);
    return rules.ok() ? "" : rules.error().message;
}

TEST(UserRules, GiveAnOperationFactorsAndACost)
{
    const auto rules = parseUserRules(
        R"j({"rules": [{"op": "*@my_product", "rule": "([b, k], [k, _]) -> ([b, _]) reduction {k: add}",
                       "flops": "2*b*k*6 + 10"}]})j");
    ASSERT_TRUE(rules.ok()) << rules.error().message;
    ImportResult result = importStablehlo(kModule, "m");
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(applyUserRules(*result.graph, *rules).empty());
    const Op& op = result.graph->ops[0];
    EXPECT_EQ(formatRule(factorRule(*result.graph, op)),
              "([b0, b1], [b1, b2]) -> ([b0, b3]) reduction {b1: add} blocked {b2, b3}");
    EXPECT_EQ(opFlops(*result.graph, op).count, 2 * 4 * 8 * 6 + 10);
    const std::string text = formatGraph(*result.graph);
    const Result<Graph> again = parseGraph(text);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(formatGraph(*again), text);
}

TEST(UserRules, AreRefusedWithTheirPlace)
{
    EXPECT_EQ(failureOf("{\"rules\": [,]}"), "line 1, column 12: not valid JSON\n"
                                             "  {\"rules\": [,]}\n"
                                             "             ^");
    EXPECT_EQ(failureOf("{\"rules\":\n" + std::string(10000, '[') + "]}").substr(0, 45),
              "line 2, column 64: nested more than 64 deep\n ");
    EXPECT_EQ(failureOf("[]"), "expected {\"rules\": [{\"op\": ..., \"rule\": ...}]}");
    EXPECT_EQ(failureOf(R"j({"rules": [{"rule": "([b]) -> ([b])"}]})j"), "rules[0].op: missing");
    EXPECT_EQ(failureOf(R"j({"rules": [{"op": "a", "rule": 3}]})j"),
              "rules[0].rule: got number, expected a text");
    EXPECT_EQ(failureOf(R"j({"rules": [{"op": "a", "rule": "([b]) -> [b])"}]})j"),
              "rules[0].rule: column 10: expected '('");
    EXPECT_EQ(failureOf(R"j({"rules": [{"op": "a", "rule": "([b]) -> ([c])"}]})j"),
              "rules[0].rule: 'b' is in no result: say 'reduction {b: add}' or 'blocked {b}'");
    EXPECT_EQ(failureOf(R"j({"rules": [{"op": "a", "rule": "([b]) -> ([b])", "flops": "2*c"}]})j"),
              "rules[0].flops: column 4: 'c' is no name of the rule");
    EXPECT_EQ(failureOf(R"j({"rules": [{"op": "a", "rule": "([b]) -> ([b])", "time": 1}]})j"),
              "rules[0].time: not known, expected op, rule and flops");
}

TEST(UserRules, MustFitTheirOperation)
{
    ImportResult result = importStablehlo(kModule, "m");
    ASSERT_TRUE(result.ok());
    const auto problems =
        applyUserRules(*result.graph, {{.op = "*my_product",
                                        .rule = "([b, k], [b, h]) -> ([k, h]) reduction {b: add}",
                                        .flops = ""},
                                       {.op = "other", .rule = "([b]) -> ([b])", .flops = ""}});
    ASSERT_EQ(problems.size(), 2u);
    EXPECT_EQ(problems[0].message,
              "the rule for 'stablehlo.custom_call @my_product' does not fit: 'b' "
              "is 4 before, but 8 in operand 1");
    EXPECT_EQ(problems[0].line, 3);
    EXPECT_EQ(problems[1].message, "the rule for 'other' matches no unknown operation");
}

TEST(UserRules, HaveDerivativesThatAreSplitAlike)
{
    const auto rule = parseOpaqueRule("([b, k], [k, h]) -> ([b, h]) reduction {k: add}");
    ASSERT_TRUE(rule.ok());
    EXPECT_EQ(formatOpaqueRule(derivativeRule(*rule, 1, {0})),
              "([b, k], [k, h], [b, h]) -> ([k, h]) reduction {b: add}");
    EXPECT_EQ(formatOpaqueRule(derivativeRule(*rule, 0, {0})),
              "([b, k], [k, h], [b, h]) -> ([b, k]) reduction {h: add}");
}

} // namespace
} // namespace alpa
